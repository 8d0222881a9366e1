// Decisions out: a bot that fails at first, and a monitor that is killed meanwhile.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "decision_receiver.hpp"
#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* write_token = "write-token-of-the-test";
constexpr const char* phase = "phase_change";  ///< what is decided about a position of put()
constexpr const char* target = "target_reached";

class DecisionsOut : public testing::Test {
 protected:
  std::string configuration(const std::string& further = {}) const {
    return scratch_.write(
        "feedwatch.toml",
        fmt::format(R"([[venue]]
name = "bybit-linear"
url = "{}"
rest_url = "{}"
streams = ["BTCUSDT/mark"]
[store]
url = "sqlite://{}"
state_dir = "{}"
[api]
listen = "127.0.0.1:0"
token_file = "{}"
[aged]
enabled = true
[[decision_webhook]]
name = "bot"
url = "{}"
token_file = "{}"
signing_key_file = "{}"
{})",
                    exchange_.ws_url(), exchange_.rest_url(), scratch_.file("feedwatch.db"),
                    scratch_.path().string(), scratch_.write("token", write_token), bot_.url(),
                    scratch_.write("bot-token", "bearer-of-the-bot"),
                    scratch_.write("bot-key", "key-of-the-bot"), further));
  }

  /// Old enough to be aged, and long past its target: it begins its phase and reaches the target.
  static void put(Monitored& monitor, const std::string& id) {
    const Answer answer = http("PUT", monitor.url() + "/v1/positions/" + id,
                               R"({"venue":"bybit-linear","symbol":"BTCUSDT","side":"long",)"
                               R"("entry_price":"1","quantity":"1",)"
                               R"("opened_at":")" +
                                   five_hours_ago() + R"("})",
                               write_token);
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  static std::string five_hours_ago() {
    const std::time_t at = std::time(nullptr) - 5 * 3600;
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  static bool has_alert(Monitored& monitor, const std::string& name) {
    const nlohmann::json alerts = monitor.open_alerts();
    return std::ranges::any_of(alerts, [&](const auto& alert) { return alert["name"] == name; });
  }

  Scratch scratch_;
  Simulated exchange_{{"--venue", "bybit-linear", "--symbols", "BTCUSDT"}};
  /// Takes all but what is about p1.
  DecisionReceiver bot_{
      [](const nlohmann::json& decision) { return decision["position"] == "p1" ? 500 : 204; }};
};

TEST_F(DecisionsOut, WhatFailsHoldsUpNothingElseIsToldAfterAKillAndArrivesInOrder) {
  {
    Monitored monitor(configuration());
    ASSERT_TRUE(monitor.ready());
    put(monitor, "p1");
    put(monitor, "p2");
    ASSERT_TRUE(wait_for([&] { return bot_.answered(204, "p2").size() == 2; }));
    EXPECT_THAT(bot_.answered(204, "p2"), ElementsAre(phase, target));
    ASSERT_TRUE(wait_for([&] { return has_alert(monitor, "decision_undelivered"); }));
    EXPECT_THAT(get(monitor.url() + "/metrics").body,
                HasSubstr("feedwatch_decision_queue_length{webhook=\"bot\"} 2\n"));
    EXPECT_THAT(bot_.answered(204, "p1"), IsEmpty());
    for (const std::string& told : bot_.answered(500, "p1")) EXPECT_EQ(told, phase);
    monitor.process().signal(SIGKILL);
    EXPECT_EQ(monitor.process().wait(), 128 + SIGKILL);
  }
  bot_.answer([](const nlohmann::json&) { return 200; });
  Monitored monitor(configuration());
  ASSERT_TRUE(wait_for([&] { return bot_.answered(200, "p1").size() == 2; }))
      << monitor.process().err();
  EXPECT_THAT(bot_.answered(200, "p1"), ElementsAre(phase, target));

  const std::vector<DecisionReceiver::Told> told = bot_.told();
  std::set<std::string> keys;
  for (const auto& one : told) {
    keys.insert(one.key);
    EXPECT_EQ(one.key, one.decision["key"].get<std::string>());
    EXPECT_EQ(one.authorization, "Bearer bearer-of-the-bot");
    EXPECT_THAT(one.signature, StartsWith("sha256="));
    EXPECT_TRUE(one.decision["price"].is_null() || one.decision["price"].is_string());
  }
  EXPECT_EQ(keys.size(), 4U) << "the same decision has the same key, after a kill too";
  const nlohmann::json shown = get(monitor.url() + "/v1/decisions").json()["decisions"];
  ASSERT_EQ(shown.size(), 4U);
  for (const auto& one : told) {
    EXPECT_NE(std::ranges::find(shown, one.decision), shown.end()) << one.decision;
  }
  EXPECT_TRUE(wait_for([&] {
    return get(monitor.url() + "/metrics")
               .body.find("feedwatch_decision_queue_length{webhook=\"bot\"} 0\n") !=
           std::string::npos;
  }));
}

TEST_F(DecisionsOut, WhatIsRefusedForGoodIsSaidAndIsNotSentAgain) {
  bot_.answer([](const nlohmann::json& decision) { return decision["type"] == phase ? 422 : 204; });
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready());
  put(monitor, "p1");
  ASSERT_TRUE(wait_for([&] { return bot_.answered(204, "p1").size() == 1; }));
  EXPECT_THAT(bot_.answered(422, "p1"), ElementsAre(phase));
  EXPECT_TRUE(wait_for([&] { return has_alert(monitor, "decision_refused"); }));
  EXPECT_THAT(monitor.process().err(), HasSubstr("refused for good by bot: HTTP 422"));
}

TEST_F(DecisionsOut, AnotherWebhookTakesARestart) {
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready());
  configuration("[[decision_webhook]]\nname = \"second\"\nurl = \"http://127.0.0.1:1/\"\n");
  const Answer answer = http("POST", monitor.url() + "/v1/admin/reload", {}, write_token);
  EXPECT_EQ(answer.status, 422) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("decision_webhook second: cannot change"));
}

}  // namespace
}  // namespace feedwatch::integration
