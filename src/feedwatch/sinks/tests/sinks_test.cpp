#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "feedwatch/sinks/log.hpp"
#include "feedwatch/sinks/retry_after.hpp"
#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Status = SinkResult::Status;

class FakeHttp final : public HttpFetch {
 public:
  void fetch(HttpRequest request, Done done) override {
    requests.push_back(std::move(request));
    waiting.push_back(std::move(done));
  }
  void answer(std::expected<HttpResponse, std::string> response) {
    Done done = std::move(waiting.front());
    waiting.pop_front();
    done(std::move(response));
  }
  std::vector<HttpRequest> requests;
  std::deque<Done> waiting;
};

const Notification note{.id = "n-1", .payload = R"({"a":1})", .summary = "s", .status = "firing"};

SinkResult attempt(std::expected<HttpResponse, std::string> response) {
  FakeHttp http;
  WebhookSink sink({.name = "hook", .url = "https://h/secret"}, http);
  std::vector<SinkResult> results;
  sink.deliver(note, [&](SinkResult result) { results.push_back(std::move(result)); });
  EXPECT_TRUE(results.empty()) << "never inside deliver()";
  http.answer(std::move(response));
  EXPECT_EQ(results.size(), 1U);
  return results.at(0);
}

TEST(Webhook, SendsThePayloadAsGiven) {
  FakeHttp http;
  WebhookSink sink({.name = "hook", .url = "https://h/x", .ca_file = "/ca.pem", .timeout = 3s},
                   http);
  EXPECT_EQ(sink.name(), "hook");
  sink.deliver(note, [](const SinkResult&) {});
  ASSERT_EQ(http.requests.size(), 1U);
  const HttpRequest& request = http.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://h/x");
  EXPECT_EQ(request.body, R"({"a":1})");
  EXPECT_EQ(request.ca_file, "/ca.pem");
  EXPECT_EQ(request.timeout, 3s);
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Content-Type", "application/json"), Pair("User-Agent", "feedwatch"),
                          Pair("Idempotency-Key", "n-1")));
}

TEST(Webhook, StatusDecides) {
  for (const int status : {200, 201, 204, 299}) {
    EXPECT_EQ(attempt(HttpResponse{.status = status}).status, Status::delivered) << status;
  }
  for (const int status : {408, 429, 500, 502, 503, 599}) {
    EXPECT_EQ(attempt(HttpResponse{.status = status}).status, Status::retry) << status;
  }
  for (const int status : {301, 302, 400, 401, 403, 404, 407, 409, 410, 422, 428, 430, 600}) {
    EXPECT_EQ(attempt(HttpResponse{.status = status}).status, Status::failed) << status;
  }
}

TEST(Webhook, NoAnswerIsRetried) {
  const SinkResult result = attempt(std::unexpected("timed out"));
  EXPECT_EQ(result.status, Status::retry);
  EXPECT_EQ(result.detail, "timed out");
  EXPECT_FALSE(result.retry_after);
}

TEST(Webhook, DetailHoldsNothingOfTheUrlBeyondTheHost) {
  EXPECT_EQ(attempt(HttpResponse{.status = 404, .body = "Cannot POST /secret"}).detail, "HTTP 404");
  EXPECT_EQ(attempt(HttpResponse{.status = 503, .body = "%2Fsecret is away"}).detail, "HTTP 503");
  EXPECT_EQ(attempt(HttpResponse{.status = 410}).detail, "HTTP 410");
  EXPECT_EQ(attempt(std::unexpected("POST https://h/secret: refused")).detail,
            "POST <url>: refused");
  EXPECT_EQ(attempt(std::unexpected("h: POST /secret: refused")).detail, "h: POST <url>: refused");
}

TEST(Webhook, RetryAfterIsPassedOn) {
  const SinkResult result =
      attempt(HttpResponse{.status = 429, .headers = {{"retry-after", "17"}}});
  EXPECT_EQ(result.status, Status::retry);
  EXPECT_EQ(result.retry_after, 17s);
}

TEST(Webhook, MayGoAwayDuringAnAttempt) {
  FakeHttp http;
  auto sink = std::make_unique<WebhookSink>(WebhookOptions{.name = "h", .url = "u"}, http);
  bool delivered = false;
  sink->deliver(note, [&](const SinkResult& r) { delivered = r.status == Status::delivered; });
  sink.reset();
  http.answer(HttpResponse{.status = 200});
  EXPECT_TRUE(delivered);
}

TEST(RetryAfter, SecondsAndDates) {
  const std::string date = "Sun, 22 Nov 2026 10:55:21 GMT";
  EXPECT_EQ(retry_after({{"retry-after", "0"}}), 0s);
  EXPECT_EQ(retry_after({{"retry-after", "3600"}}), 1h);
  EXPECT_EQ(retry_after({{"retry-after", "3601"}}), 1h);
  EXPECT_EQ(retry_after({{"retry-after", "99999999999999999999"}}), 1h);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Sun, 22 Nov 2026 10:57:21 GMT"}}), 2min);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Sun, 22 Nov 2026 10:00:00 GMT"}}), 0s);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Mon, 23 Nov 2026 10:00:00 GMT"}}), 1h);
  for (const char* bad : {"", "-1", "1.5", "soon", "0x10", "Sun, 22 Nov 2026 10:57:21 UTC",
                          "Sun, 32 Nov 2026 10:57:21 GMT", "Sun, 22 Foo 2026 10:57:21 GMT"}) {
    EXPECT_FALSE(retry_after({{"date", date}, {"retry-after", bad}})) << bad;
  }
  EXPECT_FALSE(retry_after({{"retry-after", "Sun, 22 Nov 2026 10:57:21 GMT"}})) << "no Date";
  EXPECT_FALSE(retry_after({{"date", date}}));
}

TEST(RetryAfter, HttpDateIsExact) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), wall_from_ms(784'111'777'000));
}

class QueueMailbox final : public Mailbox {
 public:
  bool post(Task task) override {
    if (full) return false;
    tasks.push_back(std::move(task));
    return true;
  }
  void run() {
    for (Task& task : std::exchange(tasks, {})) task();
  }
  bool full = false;
  std::vector<Task> tasks;
};

TEST(Log, OneLineThenDeliveredThroughTheMailbox) {
  QueueMailbox mailbox;
  std::vector<std::string> lines;
  LogSink sink("log", [&](std::string_view line) { lines.emplace_back(line); }, mailbox);
  int delivered = 0;
  Notification hostile = note;
  hostile.summary = "[FIRING critical] BTC\nUSDT \x1b[2J";
  sink.deliver(hostile, [&](const SinkResult& r) { delivered += r.status == Status::delivered; });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], R"(alert firing id="n-1" "[FIRING critical] BTC\nUSDT \u001b[2J")");
  EXPECT_EQ(delivered, 0);
  mailbox.run();
  EXPECT_EQ(delivered, 1);
}

TEST(Log, FullMailboxPostponesTheAnswer) {
  QueueMailbox mailbox;
  LogSink sink("log", [](std::string_view) {}, mailbox);
  std::string order;
  mailbox.full = true;
  sink.deliver(note, [&](const SinkResult&) { order += 'a'; });
  EXPECT_EQ(sink.postponed(), 1U);
  mailbox.full = false;
  sink.deliver(note, [&](const SinkResult&) { order += 'b'; });
  mailbox.run();
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace feedwatch::sinks
