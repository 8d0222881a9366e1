#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/make_sink.hpp"
#include "feedwatch/sinks/tests/fakes.hpp"

/// What each kind makes of what its receiver answers, and what it never says.
namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;
using Type = SinkSettings::Type;
using ::testing::HasSubstr;
using ::testing::Not;

class Answers : public testing::Test {
 protected:
  static SinkSettings settings(Type type) {
    SinkSettings made;
    made.type = type;
    made.name = "s";
    made.url = "https://h.example/canary-path";
    made.token = "canary-token";
    made.signing_key = "canary-key";
    made.chat = "1";
    return made;
  }
  std::unique_ptr<Sink> make(Type type) { return make_sink(settings(type), parts); }
  SinkResult answer(Type type, std::expected<HttpResponse, std::string> response) {
    const auto sink = make(type);
    return answered(*sink, http, std::move(response));
  }
  Status status(Type type, int code) { return answer(type, HttpResponse{.status = code}).status; }

  FakeHttp http;
  QueueMailbox mailbox;
  SinkParts parts{
      .http = http, .mailbox = mailbox, .write = [](std::string_view) {}, .speaker = {}};
};

constexpr std::array over_http{Type::webhook, Type::alertmanager, Type::slack, Type::telegram,
                               Type::pagerduty};

TEST_F(Answers, OfAllKinds) {
  for (const Type type : over_http) {
    const int kind = static_cast<int>(type);
    EXPECT_EQ(status(type, 200), Status::delivered) << kind;
    EXPECT_EQ(status(type, 202), Status::delivered) << kind;
    EXPECT_EQ(status(type, 500), Status::retry) << kind;
    EXPECT_EQ(status(type, 503), Status::retry) << kind;
    EXPECT_EQ(status(type, 400), Status::failed) << kind;
    const SinkResult limited =
        answer(type, HttpResponse{.status = 429, .headers = {{"retry-after", "30"}}});
    EXPECT_EQ(limited.status, Status::retry) << kind;
    EXPECT_EQ(limited.retry_after, 30s) << kind;
    EXPECT_EQ(answer(type, std::unexpected("closed early")).status, Status::retry) << kind;
  }
}

TEST_F(Answers, WhatIsGone) {
  for (const int code : {403, 404, 410}) EXPECT_EQ(status(Type::slack, code), Status::gone);
  for (const int code : {401, 403, 404}) EXPECT_EQ(status(Type::telegram, code), Status::gone);
  for (const int code : {401, 403, 404, 410}) {
    EXPECT_EQ(status(Type::webhook, code), Status::failed);
    EXPECT_EQ(status(Type::pagerduty, code), Status::failed);
  }
}

TEST_F(Answers, TheirWordsWhereTheyAreKnown) {
  EXPECT_EQ(answer(Type::slack, HttpResponse{.status = 410, .body = "channel_is_archived"}).detail,
            "HTTP 410 channel_is_archived");
  EXPECT_EQ(answer(Type::slack, HttpResponse{.status = 404, .body = "/canary-path"}).detail,
            "HTTP 404");
  EXPECT_EQ(answer(Type::telegram,
                   HttpResponse{.status = 429, .body = R"({"parameters":{"retry_after":17}})"})
                .retry_after,
            17s);
  EXPECT_EQ(answer(Type::pagerduty, HttpResponse{.status = 429}).retry_after, 1min);
}

TEST_F(Answers, NoSecretIsInAResult) {
  for (const Type type : over_http) {
    for (const char* error : {"https://h.example/canary-path refused", "POST /canary-path",
                              "/botcanary-token/sendMessage",
                              "https://h.example/canary-path/botcanary-token/sendMessage: no",
                              "https://h.example/canary-path/api/v2/alerts: no"}) {
      const bool telegram = type == Type::telegram;
      const bool about_telegram = std::string_view(error).find("bot") != std::string_view::npos;
      const bool about_manager = std::string_view(error).find("api/v2") != std::string_view::npos;
      if (telegram != about_telegram || (type == Type::alertmanager) != about_manager) continue;
      EXPECT_THAT(answer(type, std::unexpected(error)).detail, Not(HasSubstr("canary"))) << error;
    }
    const HttpResponse echo{.status = 500, .body = "canary-path canary-token canary-key"};
    EXPECT_THAT(answer(type, echo).detail, Not(HasSubstr("canary")));
  }
}

TEST_F(Answers, EachPostsToItsAddress) {
  for (const Type type : over_http)
    make(type)->deliver(message_of({btc()}), [](const SinkResult&) {});
  std::vector<std::string> urls;
  for (const HttpRequest& request : http.requests) urls.push_back(request.url);
  EXPECT_THAT(urls,
              testing::ElementsAre("https://h.example/canary-path",
                                   "https://h.example/canary-path/api/v2/alerts",
                                   "https://h.example/canary-path",
                                   "https://h.example/canary-path/botcanary-token/sendMessage",
                                   "https://h.example/canary-path"));
  const auto bearer = testing::Contains(testing::Pair("Authorization", "Bearer canary-token"));
  EXPECT_THAT(http.requests[0].headers, bearer);
  EXPECT_THAT(http.requests[1].headers, bearer);
  EXPECT_THAT(http.requests[2].headers, Not(bearer));
}

TEST_F(Answers, ConfiguredLimitsAndFilter) {
  SinkSettings settings = Answers::settings(Type::pagerduty);
  EXPECT_EQ(make_sink(settings, parts)->limits().per_second, 1.8);
  settings.per_second = 0.5;
  settings.burst = 2;
  settings.filter = {.critical_only = true, .match = {{"venue", "binance-*"}}};
  const auto sink = make_sink(settings, parts);
  EXPECT_EQ(sink->limits().per_second, 0.5);
  EXPECT_EQ(sink->limits().burst, 2U);
  EXPECT_EQ(sink->limits().notices, 1U);
  EXPECT_TRUE(sink->takes(btc()));
  Notice other = btc();
  other.severity = "warning";
  EXPECT_FALSE(sink->takes(other));
  other = btc();
  other.labels = {{"venue", "okx"}};
  EXPECT_FALSE(sink->takes(other));
}

struct PatternCase {
  const char* pattern;
  const char* venue;
  bool passes;
};
void PrintTo(const PatternCase& each, std::ostream* out) {
  *out << each.pattern << " " << each.venue;
}
class Pattern : public testing::TestWithParam<PatternCase> {};
TEST_P(Pattern, Matches) {
  Notice notice = btc();
  notice.labels = {{"venue", GetParam().venue}};
  EXPECT_EQ(passes({.match = {{"venue", GetParam().pattern}}}, notice), GetParam().passes);
}
INSTANTIATE_TEST_SUITE_P(
    Filter, Pattern,
    testing::Values(PatternCase{"okx", "okx", true}, PatternCase{"okx", "okx2", false},
                    PatternCase{"*", "okx", true}, PatternCase{"*", "", true},
                    PatternCase{"", "okx", false}, PatternCase{"b*-usdm", "binance-usdm", true},
                    PatternCase{"b*-usdm", "binance-usdm-x", false},
                    PatternCase{"*a*b*", "xxaxxbxx", true}, PatternCase{"*a*b*", "ba", false},
                    PatternCase{"a**", "a", true}));

}  // namespace
}  // namespace feedwatch::sinks
