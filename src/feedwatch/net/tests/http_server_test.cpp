#include "feedwatch/net/http_server.hpp"

#include <fmt/core.h>

#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net {
namespace {

using testing::NetTest;
using testing::RawPeer;

class HttpServerTest : public NetTest {
 protected:
  void start(HttpServerOptions options = {}) {
    HttpHandlers handlers;
    handlers.on_request = [this](Request request, Responder respond) {
      requests.push_back(request);
      if (handle) return handle(std::move(request), std::move(respond));
      respond({.status = 200,
               .headers = {{"Content-Type", "text/plain"}},
               .body = request.method + " " + request.target + " " + request.body});
    };
    if (upgrade) handlers.on_upgrade = upgrade;
    server = serve(std::move(handlers), std::move(options));
  }

  /// Says `bytes` and waits until `ending` has been heard.
  std::string talk(RawPeer& peer, const std::string& bytes, const std::string& ending) {
    peer.say(bytes);
    EXPECT_TRUE(until([&] { return peer.heard().ends_with(ending) || peer.ended(); }));
    return peer.heard();
  }

  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::unique_ptr<HttpServer> server;
  std::vector<Request> requests;
  std::function<void(Request, Responder)> handle;
  std::function<UpgradeDecision(const Request&)> upgrade;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawPeer peer(server->local_port());
  const std::string first = talk(peer, "GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a?x=1 ");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_TRUE(has(first, "Content-Length: 11\r\n"));
  EXPECT_TRUE(has(first, "Connection: keep-alive\r\n"));
  EXPECT_TRUE(has(first, "\r\nDate: "));
  talk(peer, "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", "PUT /b body");
  EXPECT_FALSE(peer.ended());
  EXPECT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].header("host"), "h");
  EXPECT_TRUE(requests[0].peer.starts_with("127.0.0.1:"));
  EXPECT_EQ(server->stats().accepted, 1U);
  EXPECT_EQ(server->stats().requests, 2U);
}

TEST_F(HttpServerTest, ConnectionCloseAndOldVersionsEndIt) {
  start();
  RawPeer one(server->local_port());
  talk(one, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET / ");
  RawPeer two(server->local_port());
  talk(two, "GET / HTTP/1.0\r\n\r\n", "GET / ");
  ASSERT_TRUE(until([&] { return one.ended() && two.ended(); }));
  EXPECT_FALSE(one.reset() || two.reset());
  EXPECT_TRUE(has(one.heard(), "Connection: close\r\n"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawPeer peer(server->local_port());
  std::string many;
  for (int i = 0; i < 200; ++i) many += fmt::format("GET /{:03} HTTP/1.1\r\nHost: h\r\n\r\n", i);
  talk(peer, many, "GET /199 ");
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = peer.heard().find(fmt::format("GET /{:03} ", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  start();
  RawPeer peer(server->local_port());
  const std::string heard = talk(peer, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n");
  EXPECT_TRUE(has(heard, "Content-Length: 8\r\n")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n"));
  EXPECT_TRUE(has(talk(peer, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /b "), "GET /b "));
}

TEST_F(HttpServerTest, BytesMayComeOneByOne) {
  start();
  RawPeer peer(server->local_port());
  for (const char c :
       std::string("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\n0\r\n\r\n")) {
    peer.say({&c, 1});
    reactor.turn();
  }
  ASSERT_TRUE(until([&] { return peer.heard().ends_with("POST /x abc"); }));
}

TEST_F(HttpServerTest, AnswersMayComeLater) {
  std::optional<Responder> kept;
  handle = [&](Request, Responder respond) { kept = std::move(respond); };
  start();
  RawPeer peer(server->local_port());
  peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(until([&] { return kept.has_value(); }));
  turn_for(30ms);
  EXPECT_TRUE(peer.heard().empty());
  (*kept)({.status = 202, .headers = {}, .body = "late"});
  (*kept)({.status = 500, .headers = {}, .body = "twice"});
  ASSERT_TRUE(until([&] { return peer.heard().ends_with("late"); }));
  EXPECT_TRUE(has(peer.heard(), "202 Accepted"));
}

TEST_F(HttpServerTest, ADroppedResponderAnswers500AndALateOneNobody) {
  std::optional<Responder> kept;
  handle = [&](Request request, Responder respond) {
    if (request.target == "/keep") kept = std::move(respond);
  };
  start();
  RawPeer peer(server->local_port());
  const std::string heard = talk(peer, "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n", R"(unanswered"})");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 500 "));
  peer.say("GET /keep HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(until([&] { return kept.has_value(); }));
  server.reset();
  (*kept)({.status = 200, .headers = {}, .body = "to nobody"});
}

TEST_F(HttpServerTest, HandlersCannotSplitTheAnswer) {
  handle = [](Request, Responder respond) {
    respond({.status = 200, .headers = {{"X", "a\r\nSet-Cookie: b"}}, .body = ""});
  };
  start();
  RawPeer peer(server->local_port());
  const std::string heard = talk(peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", R"(HTTP"})");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 500 ")) << heard;
  EXPECT_FALSE(has(heard, "Set-Cookie"));
}

TEST_F(HttpServerTest, MalformedAndOversizedRequestsAreRefusedAndCounted) {
  HttpServerOptions options;
  options.max_headers = 2'000;
  options.max_body = 100;
  start(options);
  const auto refused = [&](const std::string& bytes, const char* status) {
    RawPeer peer(server->local_port());
    peer.say(bytes);
    ASSERT_TRUE(until([&] { return peer.ended(); }));
    EXPECT_FALSE(peer.reset()) << status;
    EXPECT_TRUE(peer.heard().starts_with(std::string("HTTP/1.1 ") + status)) << peer.heard();
    EXPECT_NE(peer.heard().find("application/problem+json"), std::string::npos);
    EXPECT_NE(peer.heard().find(R"("status":)" + std::string(status)), std::string::npos);
  };
  refused("nonsense\r\n\r\n", "400");
  refused("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400");
  refused("GET / HTTP/1.1\r\nX: " + std::string(3'000, 'x') + "\r\n\r\n", "431");
  refused("GET / HTTP/1.1\r\nX: " + std::string(3'000, 'x'), "431");
  refused("PUT / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", "413");
  refused("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'),
          "413");
  EXPECT_EQ(server->stats().bad_requests, 6U);
  EXPECT_TRUE(requests.empty());
  RawPeer fits(server->local_port());
  talk(fits, "PUT / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'), "x");
  EXPECT_TRUE(fits.heard().starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ExpectContinueIsAnswered) {
  start();
  RawPeer peer(server->local_port());
  talk(peer, "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
       "100 Continue\r\n\r\n");
  talk(peer, "abc", "PUT / abc");
}

TEST_F(HttpServerTest, SlowRequestsEndWith408AndSilentOnesWithoutAWord) {
  HttpServerOptions options;
  options.request_limit = 200ms;
  start(options);
  RawPeer slow(server->local_port());
  RawPeer silent(server->local_port());
  const MonoTime begin = clock.now();
  // A byte now and then does not prolong the time.
  MonoTime next = begin;
  ASSERT_TRUE(until([&] {
    if (clock.now() >= next && !slow.ended()) slow.say("G"), next = clock.now() + 20ms;
    return slow.ended() && silent.ended();
  }));
  EXPECT_TRUE(slow.heard().starts_with("HTTP/1.1 408")) << slow.heard();
  EXPECT_TRUE(silent.heard().empty());
  EXPECT_GE(clock.now() - begin, 200ms);
  EXPECT_EQ(server->stats().bad_requests, 2U);
}

TEST_F(HttpServerTest, IdleKeepAliveConnectionsAreClosed) {
  HttpServerOptions options;
  options.idle_limit = 100ms;
  start(options);
  RawPeer peer(server->local_port());
  talk(peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / ");
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(server->stats().bad_requests, 0U);
}

TEST_F(HttpServerTest, AReaderThatStopsIsDropped) {
  HttpServerOptions options;
  options.write_limit = 200ms;
  handle = [](Request, Responder respond) {
    respond({.status = 200, .headers = {}, .body = std::string(64U << 20U, 'x')});
  };
  start(options);
  RawPeer peer(server->local_port());
  peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(until([&] { return server->connections() == 1; }));
  ASSERT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(HttpServerTest, ConnectionsBeyondTheBoundAreClosedAndCounted) {
  HttpServerOptions options;
  options.max_connections = 2;
  start(options);
  RawPeer one(server->local_port());
  RawPeer two(server->local_port());
  ASSERT_TRUE(until([&] { return server->connections() == 2; }));
  RawPeer three(server->local_port());
  ASSERT_TRUE(until([&] { return three.ended(); }));
  EXPECT_EQ(server->stats().refused_connections, 1U);
  EXPECT_FALSE(one.ended());
}

TEST_F(HttpServerTest, ATakenPortIsExplained) {
  start();
  HttpServerOptions options;
  options.port = server->local_port();
  const auto second = HttpServer::listen(reactor, options, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text(),
            fmt::format("listen on 127.0.0.1:{}: address already in use (stop the program that "
                        "listens there or choose another port)",
                        options.port));
  const auto nowhere = HttpServer::listen(reactor, {.address = "localhost"}, {});
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().why.find("not a numeric address"), std::string::npos);
  const auto foreign = HttpServer::listen(reactor, {.address = "192.0.2.1"}, {});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().fix.find("does not have that address"), std::string::npos);
}

TEST_F(HttpServerTest, StopsAcceptingAndKeepsWhatStands) {
  start();
  RawPeer peer(server->local_port());
  ASSERT_TRUE(until([&] { return server->connections() == 1; }));
  const std::uint16_t port = server->local_port();
  server->stop_accepting();
  RawPeer late(port);
  ASSERT_TRUE(until([&] { return late.ended(); }));
  talk(peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / ");
}

TEST_F(HttpServerTest, UpgradesAreCheckedBeforeAnybodyIsAsked) {
  int asked = 0;
  upgrade = [&](const Request&) -> UpgradeDecision {
    ++asked;
    return Response{.status = 403, .headers = {}, .body = "no"};
  };
  start();
  const std::string head =
      "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: "
      "keep-alive, Upgrade\r\n";
  RawPeer no_key(server->local_port());
  talk(no_key, head + "Sec-WebSocket-Version: 13\r\n\r\n", R"(upgrade"})");
  EXPECT_TRUE(no_key.heard().starts_with("HTTP/1.1 400"));
  RawPeer old(server->local_port());
  talk(old,
       head + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
       R"(here"})");
  EXPECT_TRUE(old.heard().starts_with("HTTP/1.1 426"));
  EXPECT_EQ(asked, 0);
  RawPeer fine(server->local_port());
  talk(fine,
       head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
       "no");
  EXPECT_TRUE(fine.heard().starts_with("HTTP/1.1 403"));
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpServerTest, FramesSentWithTheUpgradeArriveAndBadOnesEndIt) {
  std::shared_ptr<WsConnection> socket;
  std::string heard;
  std::optional<std::string> closed;
  upgrade = [&](const Request&) -> UpgradeDecision {
    return AcceptUpgrade{[&](std::shared_ptr<WsConnection> opened) {
      socket = std::move(opened);
      socket->on_text = [&](std::string_view text) { heard += text; };
      socket->on_close = [&](auto, const std::string& why) { closed = why; };
    }};
  };
  start();
  RawPeer peer(server->local_port());
  std::string bytes =
      "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  append_frame(bytes, WsOpcode::text, "early", random_mask());
  append_frame(bytes, WsOpcode::text, "unmasked");
  peer.say(bytes);
  ASSERT_TRUE(until([&] { return closed.has_value(); }));
  EXPECT_EQ(heard, "early");
  EXPECT_NE(closed->find("unmasked frame"), std::string::npos);
  EXPECT_FALSE(socket->open());
  EXPECT_FALSE(socket->send_text("x"));
  EXPECT_EQ(socket->on_text, nullptr);  // let go of what it held
  ASSERT_TRUE(until([&] { return has(peer.heard(), {"\x88", 1}); }));
  EXPECT_TRUE(has(peer.heard(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

TEST_F(HttpServerTest, ClientsMayBeTurnedAwayBeforeTheySpeak) {
  HttpHandlers handlers;
  handlers.on_connect = [](const std::string&) { return false; };
  server = serve(std::move(handlers));
  RawPeer peer(server->local_port());
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_TRUE(peer.reset());
}

}  // namespace
}  // namespace feedwatch::net
