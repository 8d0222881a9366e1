#include "feedwatch/net/http_client.hpp"

#include <fmt/core.h>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::net {
namespace {

using testing::NetTest;
using Outcome = std::expected<HttpResponse, std::string>;

/// Answers every connection with the same bytes, whatever is asked, and then closes or not.
class RawServer : IoHandler {
 public:
  RawServer(Reactor& reactor, std::string answer, bool close)
      : answer_(std::move(answer)),
        close_(close),
        listener_(std::move(*listen_on(*make_endpoint("127.0.0.1", 0)))),
        watch_(reactor.watch(listener_.get(), *this)) {
    watch_->want(true, false);
  }
  std::uint16_t port() const { return endpoint_port(local_endpoint(listener_.get())); }

 private:
  void on_io(bool, bool) override {
    Endpoint from;
    Fd fd = accept_one(listener_.get(), from);
    if (!fd) return;
    ::send(fd.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (close_) ::shutdown(fd.get(), SHUT_WR);
    open_.push_back(std::move(fd));
  }

  std::string answer_;
  bool close_;
  Fd listener_;
  std::unique_ptr<IoWatch> watch_;
  std::vector<Fd> open_;
};

class HttpClientTest : public NetTest {
 protected:
  Outcome fetch(HttpRequest request) {
    std::optional<Outcome> outcome;
    client.fetch(std::move(request), [&](Outcome r) { outcome = std::move(r); });
    EXPECT_FALSE(outcome);  // never inside fetch()
    if (!until([&] { return outcome.has_value(); })) return std::unexpected("test gave up");
    return std::move(*outcome);
  }

  Outcome fetch_raw(const std::string& answer, bool close, HttpRequest request = {}) {
    const RawServer server(reactor, answer, close);
    request.url = fmt::format("http://127.0.0.1:{}/", server.port());
    return fetch(std::move(request));
  }

  static void expect_error(const Outcome& outcome, const char* words) {
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().find(words), std::string::npos) << outcome.error();
  }

  HttpClient client{reactor, resolver};
};

TEST_F(HttpClientTest, SendsTheRequestAndReturnsTheAnswer) {
  Request seen;
  HttpHandlers handlers;
  handlers.on_request = [&](Request request, Responder respond) {
    seen = std::move(request);
    respond({.status = 429, .headers = {{"Retry-After", "3"}, {"X-Upper", "Value"}}, .body = "no"});
  };
  const auto server = serve(std::move(handlers));
  const auto answer = fetch({.method = "POST",
                             .url = fmt::format("http://127.0.0.1:{}/a?b=c", server->local_port()),
                             .headers = {{"X-Key", "k"}},
                             .body = "payload"});
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, "no");
  const auto header = [&](const std::string& name) -> std::string {
    for (const auto& [n, v] : answer->headers) {
      if (n == name) return v;
    }
    return "absent";
  };
  EXPECT_EQ(header("retry-after"), "3");
  EXPECT_EQ(header("x-upper"), "Value");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.body, "payload");
  EXPECT_EQ(seen.header("x-key"), "k");
  EXPECT_EQ(seen.header("host"), fmt::format("127.0.0.1:{}", server->local_port()));
}

TEST_F(HttpClientTest, ReadsEveryFormOfBody) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(fetch_raw(ok + "Content-Length: 3\r\n\r\nabc", false)->body, "abc");
  EXPECT_EQ(fetch_raw(ok + "\r\nuntil the end", true)->body, "until the end");
  EXPECT_EQ(fetch_raw(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n",
                      false)
                ->body,
            "abcde");
  EXPECT_EQ(fetch_raw("HTTP/1.1 204 No Content\r\n\r\n", false)->status, 204);
  EXPECT_EQ(fetch_raw(ok + "Content-Length: 9\r\n\r\n", false, {.method = "HEAD"})->status, 200);
}

TEST_F(HttpClientTest, InterimAnswersAreSkippedAndRedirectsAreNot) {
  EXPECT_EQ(fetch_raw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /x\r\n"
                      "Content-Length: 0\r\n\r\n",
                      false)
                ->status,
            302);
}

TEST_F(HttpClientTest, BrokenAnswersAreErrors) {
  expect_error(fetch_raw("", true), "connection closed without an answer");
  expect_error(fetch_raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true),
               "before the message was complete");
  expect_error(fetch_raw("SSH-2.0-OpenSSH\r\n", false), "malformed");
}

TEST_F(HttpClientTest, BodiesAreLimitedAtTheExactByte) {
  const auto answer = [](int n) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", n, std::string(64, 'x'));
  };
  EXPECT_TRUE(fetch_raw(answer(64), false, {.max_body = 64}));
  expect_error(fetch_raw(answer(65), false, {.max_body = 64}), "body is too large");
  expect_error(fetch_raw("HTTP/1.1 200 OK\r\n\r\n" + std::string(65, 'x'), true, {.max_body = 64}),
               "body is too large");
}

TEST_F(HttpClientTest, EndlessHeadersAreRefused) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3'000; ++i) endless += fmt::format("X-{}: {}\r\n", i, std::string(40, 'h'));
  expect_error(fetch_raw(endless, false), "headers are too large");
}

TEST_F(HttpClientTest, TheTimeoutCoversTheWholeExchange) {
  const MonoTime begin = clock.now();
  expect_error(
      fetch_raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false, {.timeout = 2s}),
      "no complete answer within 2 s (still waiting for the answer)");
  EXPECT_GE(clock.now() - begin, 2s);
  struct Silent : Resolver {
    void resolve(const std::string&, std::weak_ptr<const void>, Done) override {}
  } silent;
  HttpClient lost(reactor, silent);
  std::optional<Outcome> outcome;
  lost.fetch({.url = "http://h.test/", .timeout = 50ms},
             [&](Outcome r) { outcome = std::move(r); });
  ASSERT_TRUE(until([&] { return outcome.has_value(); }));
  expect_error(*outcome, "still looking up the name");
  EXPECT_EQ(lost.in_flight(), 0U);
}

TEST_F(HttpClientTest, BadRequestsFailWithoutASocket) {
  expect_error(fetch({.url = "nonsense"}), "URL 'nonsense'");
  expect_error(fetch({.url = "ws://127.0.0.1/"}), "not http or https");
  expect_error(fetch({.url = "http://127.0.0.1:1/", .headers = {{"X", "a\r\nY: b"}}}),
               "header 'X'");
  expect_error(fetch({.method = "GET /x", .url = "http://127.0.0.1:1/"}), "method");
}

TEST_F(HttpClientTest, RefusedConnectionsAreNamed) {
  std::uint16_t port = 0;
  {
    const RawServer gone(reactor, "", true);
    port = gone.port();
  }
  expect_error(fetch({.url = fmt::format("http://127.0.0.1:{}/", port)}), "connection refused");
}

TEST_F(HttpClientTest, TooManyAtOnceAreRefusedAndCounted) {
  HttpClient narrow(reactor, resolver, {.max_in_flight = 1});
  const RawServer mute(reactor, "", false);
  const std::string url = fmt::format("http://127.0.0.1:{}/", mute.port());
  std::optional<Outcome> first, second;
  narrow.fetch({.url = url, .timeout = 100ms}, [&](Outcome r) { first = std::move(r); });
  narrow.fetch({.url = url, .timeout = 100ms}, [&](Outcome r) { second = std::move(r); });
  ASSERT_TRUE(until([&] { return first && second; }));
  expect_error(*second, "too many requests");
  EXPECT_EQ(narrow.refused(), 1U);
}

TEST_F(HttpClientTest, DestructionCancelsSilently) {
  const RawServer mute(reactor, "", false);
  auto own = std::make_unique<HttpClient>(reactor, resolver);
  const std::string url = fmt::format("http://127.0.0.1:{}/", mute.port());
  own->fetch({.url = url, .timeout = 50ms}, [](Outcome) { FAIL(); });
  own->fetch({.url = "nonsense"}, [](Outcome) { FAIL(); });
  own.reset();
  turn_for(150ms);
}

TEST_F(HttpClientTest, AClientMayBeDestroyedByItsOwnAnswer) {
  const RawServer server(reactor, "HTTP/1.1 204 No Content\r\n\r\n", false);
  auto own = std::make_unique<HttpClient>(reactor, resolver);
  bool done = false;
  own->fetch({.url = fmt::format("http://127.0.0.1:{}/", server.port())}, [&](Outcome) {
    own.reset();
    done = true;
  });
  ASSERT_TRUE(until([&] { return done; }));
}

TEST(HttpText, DatesAndRetryAfter) {
  const auto at = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(at);
  EXPECT_EQ(at->time_since_epoch(), 784'111'777s);
  EXPECT_EQ(http_date(*at), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* bad : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1284 08:49:37 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
                          "Sat, 01 Jan 2201 00:00:00 GMT"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
  EXPECT_EQ(parse_retry_after("0", *at), Duration{0});
  EXPECT_EQ(parse_retry_after("120", *at), 120s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", *at), 120s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", *at), Duration{0});
  EXPECT_EQ(parse_retry_after("99999999999999999999", *at), std::chrono::days{7});
  for (const char* bad : {"", "-1", "+5", "1.5", "soon", "5 "}) {
    EXPECT_FALSE(parse_retry_after(bad, *at)) << bad;
  }
}

}  // namespace
}  // namespace feedwatch::net
