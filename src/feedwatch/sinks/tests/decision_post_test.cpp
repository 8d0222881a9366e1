#include "feedwatch/sinks/decision_post.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/tests/fakes.hpp"
#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;
using Status = SinkResult::Status;

PositionDecisionRow decision() {
  return {.id = "bybit-linear/BTCUSDT/p1/1764244800000000000/2@187bd6e0a1b2c3d4",
          .venue = "bybit-linear",
          .symbol = "BTCUSDT",
          .position = "p1",
          .opened_at = wall_from_ns(1'764'244'800'000'000'000),
          .number = 2,
          .rule = "trailing",
          .type = "stop_moved",
          .price = "103",
          .stop = "102.485",
          .peak = "103",
          .target = {},
          .phase = {},
          .receive_age_seconds = 0.25,
          .event_age_seconds = {},
          .source = "live",
          .reason = "price 103",
          .created_at = wall_from_ns(1'764'244'860'000'000'000)};
}

TEST(DecisionWebhook, PostsWhatTheApiShows) {
  FakeHttp http;
  DecisionWebhook webhook({.name = "bot",
                           .endpoint = {.url = "https://h/x",
                                        .ca_file = "/ca.pem",
                                        .timeout = 3s,
                                        .headers = {{"Authorization", "Bearer t"}}},
                           .signing_key = {}},
                          http);
  EXPECT_EQ(webhook.name(), "bot");
  webhook.deliver(decision(), wall_from_ns(0), [](const SinkResult&) {});
  ASSERT_EQ(http.requests.size(), 1U);
  const HttpRequest& request = http.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://h/x");
  EXPECT_EQ(request.ca_file, "/ca.pem");
  EXPECT_EQ(request.timeout, 3s);
  EXPECT_THAT(
      request.headers,
      ElementsAre(Pair("Content-Type", "application/json"), Pair("User-Agent", "feedwatch"),
                  Pair("Idempotency-Key", decision().id), Pair("Authorization", "Bearer t")));
  EXPECT_EQ(
      request.body,
      R"({"key":"bybit-linear/BTCUSDT/p1/1764244800000000000/2@187bd6e0a1b2c3d4",)"
      R"("venue":"bybit-linear","symbol":"BTCUSDT","position":"p1","number":2,"rule":"trailing",)"
      R"("type":"stop_moved","price":"103","stop":"102.485","peak":"103","target":null,"phase":"",)"
      R"("receive_age_seconds":0.25,"event_age_seconds":null,"source":"live",)"
      R"("reason":"price 103","decided_at":"2025-11-27T12:01:00.000Z"})");
}

TEST(DecisionWebhook, SignsWithAKey) {
  FakeHttp http;
  DecisionWebhook webhook({.name = "bot", .endpoint = {.url = "https://h/x"}, .signing_key = "key"},
                          http);
  webhook.deliver(decision(), wall_from_ns(1'764'244'861'999'000'000), [](const SinkResult&) {});
  const HttpRequest& request = http.requests.at(0);
  EXPECT_THAT(request.headers, Contains(Pair("X-Feedwatch-Timestamp", "1764244861")));
  EXPECT_THAT(request.headers, Contains(Pair("X-Feedwatch-Signature",
                                             signature("key", "1764244861", request.body))));
}

SinkResult answered_with(int status) {
  return judge_decision_answer({.status = status, .headers = {{"retry-after", "7"}}, .body = ""});
}

TEST(DecisionWebhook, OnlyWhatIsAboutTheDecisionEndsIt) {
  for (const int status : {200, 201, 204, 299}) {
    EXPECT_EQ(answered_with(status).status, Status::delivered) << status;
  }
  for (const int status : {400, 409, 413, 422}) {
    EXPECT_EQ(answered_with(status).status, Status::failed) << status;
    EXPECT_FALSE(answered_with(status).retry_after) << status;
  }
  for (const int status : {408, 425, 500, 502, 503, 599}) {
    EXPECT_EQ(answered_with(status).status, Status::retry) << status;
    EXPECT_EQ(answered_with(status).retry_after, 7s) << status;
  }
  for (const int status : {301, 302, 308, 401, 403, 404, 405, 410, 415, 421, 429, 600}) {
    EXPECT_EQ(answered_with(status).status, Status::gone) << status;
    EXPECT_EQ(answered_with(status).retry_after, 7s) << status;
  }
  EXPECT_EQ(answered_with(401).detail, "HTTP 401");
}

TEST(DecisionWebhook, NoAnswerIsTriedAgainAndNoSecretIsTold) {
  FakeHttp http;
  DecisionWebhook webhook({.name = "bot",
                           .endpoint = {.url = "https://h/secret", .secrets = {"tok3n"}},
                           .signing_key = {}},
                          http);
  SinkResult told;
  webhook.deliver(decision(), wall_from_ns(0),
                  [&](SinkResult result) { told = std::move(result); });
  http.answer(std::unexpected("https://h/secret: tok3n: timed out"));
  EXPECT_EQ(told.status, Status::retry);
  EXPECT_EQ(told.detail, "<url>: <secret>: timed out");
}

}  // namespace
}  // namespace feedwatch::sinks
