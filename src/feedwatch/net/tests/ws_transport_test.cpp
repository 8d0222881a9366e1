#include "feedwatch/net/ws_transport.hpp"

#include <fmt/core.h>

#include <thread>

#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net {
namespace {

using testing::NetTest;
using testing::Recorder;

constexpr ConnId conn{7};

class WsTransportTest : public NetTest {
 protected:
  /// A server that accepts every upgrade and remembers the last connection.
  void serve_websocket(HttpServerOptions options = {}) {
    HttpHandlers handlers;
    handlers.on_upgrade = [this](const Request& request) -> UpgradeDecision {
      asked = request;
      return AcceptUpgrade{[this](std::shared_ptr<WsConnection> socket) {
        peer = std::move(socket);
        peer->on_text = [this](std::string_view text) { peer_heard.emplace_back(text); };
        peer->on_ping = [this](std::string_view text) { peer_pinged.emplace_back(text); };
        peer->on_pong = [this](std::string_view text) { peer_ponged.emplace_back(text); };
        peer->on_close = [this](std::optional<std::uint16_t> code, const std::string& why) {
          peer_closed = {code, why};
        };
      }};
    };
    server = serve(std::move(handlers), std::move(options));
  }

  void serve_decision(std::function<UpgradeDecision()> decide) {
    HttpHandlers handlers;
    handlers.on_upgrade = [decide](const Request&) { return decide(); };
    server = serve(std::move(handlers));
  }

  std::string url(const std::string& path = "/") const {
    return fmt::format("ws://127.0.0.1:{}{}", server->local_port(), path);
  }

  void connect() {
    serve_websocket();
    transport.dial(conn, {.url = url()});
    ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  }

  bool closed(Duration limit = 20s) {
    return until([&] { return sink.closed.has_value(); }, limit);
  }

  std::unique_ptr<HttpServer> server;
  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
  Request asked;
  std::shared_ptr<WsConnection> peer;
  std::vector<std::string> peer_heard, peer_pinged, peer_ponged;
  std::optional<std::pair<std::optional<std::uint16_t>, std::string>> peer_closed;
};

TEST_F(WsTransportTest, GoesThroughItsPhasesAndCarriesTextBothWays) {
  serve_websocket();
  transport.dial(conn, {.url = url("/ws?streams=a@b")});
  EXPECT_TRUE(sink.phases.empty());  // never from inside a call
  ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  EXPECT_EQ(sink.phases, (std::vector{DialPhase::resolving, DialPhase::connecting,
                                      DialPhase::upgrading, DialPhase::open}));
  EXPECT_EQ(asked.target, "/ws?streams=a@b");
  EXPECT_EQ(asked.header("host"), fmt::format("127.0.0.1:{}", server->local_port()));
  const MonoTime before = clock.now();
  peer->send_text("hello");
  transport.send_text(conn, "hi");
  ASSERT_TRUE(until([&] { return !sink.got.empty() && !peer_heard.empty(); }));
  EXPECT_EQ(sink.got[0].payload, "hello");
  EXPECT_EQ(sink.got[0].type, FrameType::text);
  EXPECT_GE(sink.got[0].stamp.mono_recv, before);
  EXPECT_EQ(sink.got[0].stamp.ts_recv, reactor.anchor().at(sink.got[0].stamp.mono_recv));
  EXPECT_EQ(peer_heard[0], "hi");
}

TEST_F(WsTransportTest, AllFramesOfOneReadComeTogetherControlFramesInOrder) {
  connect();
  std::string bytes;
  append_frame(bytes, WsOpcode::text, "one");
  append_frame(bytes, WsOpcode::ping, "p");
  append_frame(bytes, WsOpcode::text, "tw", {}, false);
  append_frame(bytes, WsOpcode::pong, "q");
  append_frame(bytes, WsOpcode::continuation, "o");
  ASSERT_TRUE(peer->send_raw(bytes));
  ASSERT_TRUE(until([&] { return sink.got.size() == 4 || sink.closed; }));
  EXPECT_EQ(sink.reads, std::vector<std::size_t>{4});
  const auto expect = [&](std::size_t i, FrameType type, const char* text) {
    EXPECT_EQ(sink.got[i].type, type);
    EXPECT_EQ(sink.got[i].payload, text);
  };
  expect(0, FrameType::text, "one");
  expect(1, FrameType::ping, "p");
  expect(2, FrameType::pong, "q");
  expect(3, FrameType::text, "two");
}

TEST_F(WsTransportTest, PingsAreAnsweredByTheOwnerAlone) {
  connect();
  peer->send_ping("payload");
  ASSERT_TRUE(until([&] { return !sink.got.empty(); }));
  turn_for(100ms);
  EXPECT_TRUE(peer_ponged.empty());
  transport.send_pong(conn, sink.got[0].payload);
  ASSERT_TRUE(until([&] { return !peer_ponged.empty(); }));
  EXPECT_EQ(peer_ponged[0], "payload");
}

TEST_F(WsTransportTest, OurPingsAreAnsweredUnlessTheServerIsToldNotTo) {
  connect();
  transport.send_ping(conn, "a");
  ASSERT_TRUE(until([&] { return !sink.got.empty(); }));
  EXPECT_EQ(sink.got[0].type, FrameType::pong);
  EXPECT_EQ(sink.got[0].payload, "a");
  peer->auto_pong(false);
  transport.send_ping(conn, "b");
  ASSERT_TRUE(until([&] { return peer_pinged.size() == 2; }));
  turn_for(50ms);
  EXPECT_EQ(sink.got.size(), 1U);
}

TEST_F(WsTransportTest, MessagesOfFiveMegabytesPassBothWays) {
  HttpServerOptions options;
  options.max_message = 8U << 20U;
  serve_websocket(options);
  WsTransport wide(reactor, resolver, sink, {.max_write_queue = 8U << 20U});
  wide.dial(conn, {.url = url()});
  ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  std::string large(5U << 20U, 'x');
  large[4'000'000] = 'y';
  ASSERT_TRUE(peer->send_text(large));
  ASSERT_TRUE(peer->send_text("after"));
  ASSERT_TRUE(until([&] { return sink.got.size() == 2; }));
  EXPECT_EQ(sink.got[0].payload, large);
  EXPECT_EQ(sink.got[1].payload, "after");
  wide.send_text(conn, large);
  ASSERT_TRUE(until([&] { return !peer_heard.empty(); }));
  EXPECT_EQ(peer_heard[0], large);
}

TEST_F(WsTransportTest, ARefusedUpgradeTellsStatusAndRetryAfter) {
  Response answer;
  serve_decision([&] { return UpgradeDecision(answer); });
  struct Case {
    int status;
    std::string retry_after;
    std::optional<Duration> expected;
  };
  const std::string in_two_minutes = "Sun, 06 Nov 1994 08:51:37 GMT";
  const Case cases[] = {{403, "", std::nullopt},
                        {418, "120", 120s},
                        {429, "7", 7s},
                        {451, "soon", std::nullopt},
                        {503, "-1", std::nullopt}};
  std::uint32_t next = 100;
  for (const Case& c : cases) {
    sink = Recorder{};
    answer = {.status = c.status, .headers = {}, .body = "no"};
    if (!c.retry_after.empty()) answer.headers.emplace_back("Retry-After", c.retry_after);
    transport.dial(ConnId{next++}, {.url = url()});
    ASSERT_TRUE(closed());
    EXPECT_EQ(sink.closed->http_status, c.status);
    EXPECT_EQ(sink.closed->retry_after, c.expected) << c.status;
    EXPECT_EQ(sink.closed->phase, DialPhase::upgrading);
    EXPECT_FALSE(sink.closed->by_us);
    EXPECT_NE(sink.closed->detail.find(std::to_string(c.status)), std::string::npos);
  }
}

TEST_F(WsTransportTest, ANeverAnsweredUpgradeLastsUntilAborted) {
  serve_decision([] { return UpgradeDecision(NeverAnswer{}); });
  transport.dial(conn, {.url = url()});
  ASSERT_TRUE(
      until([&] { return !sink.phases.empty() && sink.phases.back() == DialPhase::upgrading; }));
  turn_for(200ms);
  EXPECT_FALSE(sink.closed);
  transport.abort(conn);
  EXPECT_FALSE(sink.closed);  // never from inside a call
  ASSERT_TRUE(closed());
  EXPECT_TRUE(sink.closed->by_us);
  EXPECT_EQ(sink.closed->phase, DialPhase::upgrading);
  EXPECT_EQ(transport.connections(), 0U);
  ASSERT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(WsTransportTest, AResetUpgradeAndAResetConnectionAreReported) {
  serve_decision([] { return UpgradeDecision(ResetConnection{}); });
  transport.dial(conn, {.url = url()});
  ASSERT_TRUE(closed());
  EXPECT_EQ(sink.closed->phase, DialPhase::upgrading);
  EXPECT_NE(sink.closed->detail.find("reset"), std::string::npos) << sink.closed->detail;

  sink = Recorder{};
  serve_websocket();
  transport.dial(ConnId{8}, {.url = url()});
  ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  peer->send_text("last words");
  peer->reset();
  ASSERT_TRUE(closed());
  EXPECT_EQ(sink.closed->phase, DialPhase::open);
  EXPECT_FALSE(sink.closed->close_code);
  EXPECT_FALSE(sink.closed->by_us);
  ASSERT_TRUE(until([&] { return peer_closed.has_value(); }));
}

TEST_F(WsTransportTest, NobodyListeningAndNoSuchName) {
  serve_websocket();
  const std::string gone = url();
  server.reset();
  transport.dial(conn, {.url = gone});
  ASSERT_TRUE(closed());
  EXPECT_EQ(sink.closed->phase, DialPhase::connecting);
  EXPECT_NE(sink.closed->detail.find("connection refused"), std::string::npos)
      << sink.closed->detail;
  EXPECT_NE(sink.closed->detail.find("127.0.0.1"), std::string::npos);

  sink = Recorder{};
  transport.dial(ConnId{9}, {.url = "https://example.com/"});
  ASSERT_TRUE(closed());
  EXPECT_NE(sink.closed->detail.find("not ws or wss"), std::string::npos);
}

TEST_F(WsTransportTest, ANameThatDoesNotExistFailsInResolving) {
  struct Nowhere : Resolver {
    void resolve(const std::string&, std::weak_ptr<const void>, Done done) override {
      done({}, "name not known");
    }
  } nowhere;
  WsTransport lost(reactor, nowhere, sink);
  lost.dial(conn, {.url = "ws://example.invalid/"});
  ASSERT_TRUE(closed());
  EXPECT_EQ(sink.closed->phase, DialPhase::resolving);
  EXPECT_EQ(sink.closed->detail, "looking up 'example.invalid': name not known");
}

TEST_F(WsTransportTest, ADeadAddressYieldsToTheNext) {
  struct Two : Resolver {
    void resolve(const std::string&, std::weak_ptr<const void>, Done done) override {
      done({"127.0.0.2", "127.0.0.1"}, "");  // the server listens on the second alone
    }
  } two;
  serve_websocket();
  WsTransport both(reactor, two, sink);
  both.dial(conn, {.url = fmt::format("ws://venue.test:{}/", server->local_port())});
  ASSERT_TRUE(until([&] { return sink.open() || sink.closed; }));
  EXPECT_TRUE(sink.open());
}

TEST_F(WsTransportTest, TheSystemResolverKnowsLocalhost) {
  serve_websocket();
  transport.dial(conn, {.url = fmt::format("ws://localhost:{}/", server->local_port())});
  ASSERT_TRUE(until([&] { return sink.open() || sink.closed; }));
  EXPECT_TRUE(sink.open()) << sink.closed->detail;
}

TEST_F(WsTransportTest, CloseIsAHandshake) {
  connect();
  transport.close(conn, 1000);
  EXPECT_FALSE(sink.closed);
  peer->send_text("too late");
  ASSERT_TRUE(closed());
  EXPECT_TRUE(sink.closed->by_us);
  EXPECT_EQ(sink.closed->close_code, 1000);
  EXPECT_TRUE(sink.got.empty());
  ASSERT_TRUE(until([&] { return peer_closed.has_value(); }));
  EXPECT_EQ(peer_closed->first, 1000);
  ASSERT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(WsTransportTest, AnUnansweredCloseEndsAfterASecond) {
  connect();
  peer->pause(true);
  const MonoTime asked_at = clock.now();
  transport.close(conn, 1000);
  ASSERT_TRUE(closed());
  EXPECT_TRUE(sink.closed->by_us);
  EXPECT_FALSE(sink.closed->close_code);
  EXPECT_GE(clock.now() - asked_at, 1s);
}

TEST_F(WsTransportTest, AnAbortWhileClosingEndsAtOnceAndTellsOnce) {
  connect();
  peer->pause(true);
  transport.close(conn, 1000);
  transport.abort(conn);
  ASSERT_TRUE(closed());
  turn_for(100ms);
  EXPECT_EQ(sink.closed_count, 1);
}

TEST_F(WsTransportTest, ThePeersCloseIsAnsweredAndReported) {
  connect();
  peer->close(1008, "too many requests");
  ASSERT_TRUE(closed());
  EXPECT_EQ(sink.closed->close_code, 1008);
  EXPECT_FALSE(sink.closed->by_us);
  EXPECT_NE(sink.closed->detail.find("too many requests"), std::string::npos);
  ASSERT_TRUE(until([&] { return peer_closed.has_value(); }));
  EXPECT_EQ(peer_closed->first, 1008);
}

TEST_F(WsTransportTest, AHalfOpenPeerIsSimplySilent) {
  connect();
  peer->pause(true);
  peer->send_text("stuck");
  transport.send_ping(conn, "are you there");
  turn_for(300ms);
  EXPECT_TRUE(sink.got.empty());
  EXPECT_FALSE(sink.closed);
  EXPECT_GT(peer->queued_bytes(), 0U);
  peer->pause(false);
  ASSERT_TRUE(until([&] { return sink.got.size() == 2; }));
  EXPECT_EQ(sink.got[0].payload, "stuck");
  EXPECT_EQ(sink.got[1].type, FrameType::pong);
}

TEST_F(WsTransportTest, EventsEndWithOnClosedEvenFromInsideARead) {
  connect();
  sink.during_read = [&](ConnId id) { transport.abort(id); };
  for (int i = 0; i < 50; ++i) peer->send_text("x");
  ASSERT_TRUE(closed());
  turn_for(100ms);
  EXPECT_EQ(sink.reads.size(), 1U);
  EXPECT_EQ(sink.events_at_close, sink.got.size());
  EXPECT_EQ(sink.closed_count, 1);
}

TEST_F(WsTransportTest, BrokenFramesEndTheConnectionWithTheirCode) {
  struct Case {
    std::string bytes;
    int code;
    const char* words;
  };
  std::string bad_text;
  append_frame(bad_text, WsOpcode::text, "\xc3\x28");
  const Case cases[] = {
      {{"\xc1\x00", 2}, 1002, "reserved bits"},
      {{"\x83\x00", 2}, 1002, "opcode"},
      {{"\x81\x80\x01\x02\x03\x04", 6}, 1002, "masked"},
      {{"\x89\x7e\x00\x7e", 4}, 1002, "125"},
      {bad_text, 1007, "UTF-8"},
      {{"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10}, 1009, "longer than"},
  };
  std::uint32_t next = 200;
  serve_websocket();
  for (const Case& c : cases) {
    sink = Recorder{};
    peer.reset();
    peer_closed.reset();
    transport.dial(ConnId{next++}, {.url = url()});
    ASSERT_TRUE(until([&] { return sink.open() && peer; }));
    peer->send_text("good");
    peer->send_raw(c.bytes);
    ASSERT_TRUE(closed()) << c.words;
    ASSERT_EQ(sink.got.size(), 1U);  // what came before the break counts
    EXPECT_NE(sink.closed->detail.find(c.words), std::string::npos) << sink.closed->detail;
    EXPECT_NE(sink.closed->detail.find(std::to_string(c.code)), std::string::npos);
    EXPECT_FALSE(sink.closed->by_us);
    ASSERT_TRUE(until([&] { return peer_closed.has_value(); }));
    EXPECT_EQ(peer_closed->first, c.code);
  }
}

TEST_F(WsTransportTest, APeerThatDoesNotReadIsDroppedAtTheBound) {
  connect();
  peer->pause(true);
  const std::string block(1U << 20U, 'x');
  for (int i = 0; i < 64 && !sink.closed; ++i) {
    transport.send_text(conn, block);
    reactor.turn();
  }
  ASSERT_TRUE(closed());
  EXPECT_FALSE(sink.closed->by_us);
  EXPECT_NE(sink.closed->detail.find("write queue is full"), std::string::npos);
}

TEST_F(WsTransportTest, TheServersWriteQueueIsBoundedAndSaysSo) {
  HttpServerOptions options;
  options.max_write_queue = 1'000'000;
  serve_websocket(options);
  transport.dial(conn, {.url = url()});
  ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  peer->pause(true);
  const std::string block(300'000, 'x');
  EXPECT_TRUE(peer->send_text(block));
  EXPECT_TRUE(peer->send_text(block));
  EXPECT_TRUE(peer->send_text(block));
  const std::size_t queued = peer->queued_bytes();
  EXPECT_FALSE(peer->send_text(block));
  EXPECT_EQ(peer->queued_bytes(), queued);
  bool drained = false;
  peer->on_drained = [&] { drained = true; };
  peer->pause(false);
  ASSERT_TRUE(until([&] { return sink.got.size() == 3 && drained; }));
  EXPECT_EQ(peer->queued_bytes(), 0U);
}

TEST_F(WsTransportTest, UnknownAndEndedConnectionsAreIgnored) {
  transport.send_text(ConnId{99}, "x");
  transport.close(ConnId{99}, 1000);
  transport.abort(ConnId{99});
  turn_for(20ms);
  EXPECT_FALSE(sink.closed);
}

TEST_F(WsTransportTest, DestructionDropsSocketsAndTellsNobody) {
  serve_websocket();
  auto own = std::make_unique<WsTransport>(reactor, resolver, sink);
  own->dial(conn, {.url = url()});
  ASSERT_TRUE(until([&] { return sink.open() && peer; }));
  own->dial(ConnId{8}, {.url = url()});
  own.reset();
  ASSERT_TRUE(until([&] { return server->connections() == 0; }));
  EXPECT_FALSE(sink.closed);
}

TEST_F(WsTransportTest, FramesThatWaitedThroughAStallCarryThePollBeforeIt) {
  connect();
  MonoTime before_stall{};
  MonoTime stalled_at{};
  ASSERT_TRUE(reactor.post([&] {
    before_stall = reactor.poll_clock().current();
    stalled_at = clock.now();
    peer->send_text("waiting");
    std::this_thread::sleep_for(400ms);
    peer->send_text("waited too");
  }));
  ASSERT_TRUE(until([&] { return sink.got.size() == 2; }));
  for (const auto& frame : sink.got) {
    EXPECT_TRUE(frame.stamp.stalled);
    EXPECT_EQ(frame.stamp.mono_recv, before_stall);
    EXPECT_EQ(frame.stamp.ts_recv, reactor.anchor().at(before_stall));
  }
  EXPECT_LE(before_stall, stalled_at);
  EXPECT_GE(reactor.stalls().count, 1U);
  // The socket was found empty since: the next frame is fresh again.
  turn_for(20ms);
  std::uint64_t stalls = 0;
  do {  // a machine that stalls us again would spoil the question
    stalls = reactor.stalls().count;
    sink.got.clear();
    peer->send_text("fresh");
    ASSERT_TRUE(until([&] { return sink.got.size() == 1; }));
  } while (reactor.stalls().count != stalls);
  EXPECT_FALSE(sink.got[0].stamp.stalled);
  EXPECT_GE(sink.got[0].stamp.mono_recv, stalled_at + 400ms);
}

}  // namespace
}  // namespace feedwatch::net
