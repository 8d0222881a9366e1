#include "feedwatch/sinks/webhook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/tests/fakes.hpp"

namespace feedwatch::sinks {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Status = SinkResult::Status;

WebhookOptions options() {
  return {
      .name = "hook", .endpoint = {.url = "https://h/secret"}, .signing_key = {}, .speaker = {}};
}

SinkResult attempt(std::expected<HttpResponse, std::string> response) {
  FakeHttp http;
  WebhookSink sink(options(), http);
  return answered(sink, http, std::move(response));
}

TEST(Webhook, Posts) {
  FakeHttp http;
  WebhookOptions made = options();
  made.endpoint = {.url = "https://h/x", .ca_file = "/ca.pem", .timeout = 3s};
  made.endpoint.headers = {{"Authorization", "Bearer t"}};
  WebhookSink sink(made, http);
  EXPECT_EQ(sink.name(), "hook");
  sink.deliver(message_of({btc()}), [](const SinkResult&) {});
  ASSERT_EQ(http.requests.size(), 1U);
  const HttpRequest& request = http.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://h/x");
  EXPECT_EQ(request.body, webhook_body(message_of({btc()}), "hook", {}));
  EXPECT_EQ(request.ca_file, "/ca.pem");
  EXPECT_EQ(request.timeout, 3s);
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Content-Type", "application/json"), Pair("User-Agent", "feedwatch"),
                          Pair("Idempotency-Key", "a1/firing/critical"),
                          Pair("Authorization", "Bearer t")));
}

/// Byte for byte: facts/monitoring.md §1.3 (b).
TEST(Webhook, BodyOfOne) {
  const std::string labels =
      R"({"alertname":"price_staleness","instance":"mon-1","severity":"critical","symbol":"BTCUSDT","venue":"binance-usdm"})";
  const std::string notes =
      R"({"metadata":"{\"age_seconds\":312.4}","summary":"binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s"})";
  EXPECT_EQ(
      webhook_body(message_of({btc()}), "ops", {"mon-1", "http://127.0.0.1:8420/"}),
      R"({"version":"4","groupKey":"{}:{venue=\"binance-usdm\"}","truncatedAlerts":0,)"
      R"("status":"firing","receiver":"ops","notification_reason":"first notification",)"
      R"("groupLabels":{"venue":"binance-usdm"},"commonLabels":)" +
          labels + R"(,"commonAnnotations":)" + notes +
          R"(,"routeLabels":{},"externalURL":"http://127.0.0.1:8420/","alerts":[{"status":"firing",)"
          R"("labels":)" +
          labels + R"(,"annotations":)" + notes +
          R"(,"startsAt":"2026-11-22T07:40:00.123Z","endsAt":"0001-01-01T00:00:00Z",)"
          R"("generatorURL":"http://127.0.0.1:8420/v1/alerts/a1",)"
          R"("fingerprint":"9f3c2b1a00112233"}]})");
}

TEST(Webhook, BodyOfSeveral) {
  Notice eth = btc();
  eth.labels[0].second = "ETHUSDT";
  Notification message = message_of({btc(), ended(eth)});
  message.firing += 7;
  const std::string body = webhook_body(message, "ops", {});
  using testing::HasSubstr;
  EXPECT_THAT(body, HasSubstr(R"("truncatedAlerts":7,"status":"firing")"));
  EXPECT_THAT(body, HasSubstr(R"("commonLabels":{"alertname":"price_staleness",)"
                              R"("severity":"critical","venue":"binance-usdm"})"));
  EXPECT_THAT(body, HasSubstr(R"("endsAt":"2026-11-22T07:41:30.123Z")"));
  EXPECT_THAT(webhook_body(message_of({ended(btc())}), "ops", {}),
              HasSubstr(R"("status":"resolved","receiver":"ops",)"
                        R"("notification_reason":"all alerts resolved")"));
}

/// HMAC-SHA256 as `openssl dgst -sha256 -hmac` makes it.
TEST(Webhook, Signature) {
  EXPECT_EQ(signature("key", "1", "The quick brown fox"),
            "sha256=1ef269d2a2a1f8d397e0e25c3e3013fb5687509234565e6e49ea45a138768457");
  FakeHttp http;
  WebhookOptions made = options();
  made.signing_key = "key";
  WebhookSink sink(made, http);
  sink.deliver(message_of({btc()}), [](const SinkResult&) {});
  const HttpRequest& request = http.requests.at(0);
  EXPECT_THAT(request.headers, testing::Contains(Pair("X-Feedwatch-Timestamp", "1795333205")));
  EXPECT_THAT(request.headers,
              testing::Contains(
                  Pair("X-Feedwatch-Signature", signature("key", "1795333205", request.body))));
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
  auto sink = std::make_unique<WebhookSink>(options(), http);
  bool delivered = false;
  sink->deliver(message_of({btc()}),
                [&](const SinkResult& r) { delivered = r.status == Status::delivered; });
  EXPECT_FALSE(delivered) << "never inside deliver()";
  sink.reset();
  http.answer(HttpResponse{.status = 200});
  EXPECT_TRUE(delivered);
}

}  // namespace
}  // namespace feedwatch::sinks
