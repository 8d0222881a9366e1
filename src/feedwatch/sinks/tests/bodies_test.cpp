#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/alertmanager.hpp"
#include "feedwatch/sinks/pagerduty.hpp"
#include "feedwatch/sinks/slack.hpp"
#include "feedwatch/sinks/telegram.hpp"
#include "feedwatch/sinks/tests/fakes.hpp"

/// What leaves, byte for byte, in the shapes of facts/monitoring.md §1.3.
namespace feedwatch::sinks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Speaker speaker{"mon-1", "http://127.0.0.1:9464"};

TEST(AlertmanagerBody, Firing) {
  EXPECT_EQ(alertmanager_body(message_of({btc()}), speaker),
            R"([{"labels":{"alertname":"price_staleness","instance":"mon-1","severity":"critical",)"
            R"("symbol":"BTCUSDT","venue":"binance-usdm"},"annotations":{)"
            R"("metadata":"{\"age_seconds\":312.4}",)"
            R"("summary":"binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s"},)"
            R"("startsAt":"2026-11-22T07:40:00.123Z","endsAt":"2026-11-22T07:44:05.123Z",)"
            R"("generatorURL":"http://127.0.0.1:9464/v1/alerts/a1"}])");
}

TEST(AlertmanagerBody, ResolvedHasItsEnd) {
  EXPECT_THAT(alertmanager_body(message_of({ended(btc())}), {}),
              HasSubstr(R"("endsAt":"2026-11-22T07:41:30.123Z","generatorURL":"")"));
}

TEST(AlertmanagerBody, RiseEndsWhatItWasBefore) {
  Notice risen = btc();
  risen.news = "raised";
  const std::string body = alertmanager_body(message_of({risen}), {});
  EXPECT_THAT(body, HasSubstr(R"("severity":"critical")"));
  EXPECT_THAT(body.substr(body.find(R"("severity":"warning")")),
              HasSubstr(R"("endsAt":"2026-11-22T07:40:05.123Z")"));
}

TEST(AlertmanagerBody, TakesEveryLabel) {
  Notice odd = btc();
  odd.labels = {{"1 ä", "x"}, {"_ __", "y"}, {"empty", ""}};
  EXPECT_THAT(alertmanager_body(message_of({odd}), {}),
              HasSubstr(R"({"labels":{"____":"x","alertname":"price_staleness",)"
                        R"("severity":"critical"},)"));
  odd.resolved_at = odd.started_at - 1s;
  EXPECT_THAT(alertmanager_body(message_of({odd}), {}),
              HasSubstr(R"("endsAt":"2026-11-22T07:40:00.123Z")"))
      << "never before its start";
}

TEST(AlertmanagerBody, Address) {
  EXPECT_EQ(alertmanager_url("http://am:9093"), "http://am:9093/api/v2/alerts");
  EXPECT_EQ(alertmanager_url("http://am/prefix/"), "http://am/prefix/api/v2/alerts");
  EXPECT_EQ(alertmanager_url("http://am/api/v2/alerts"), "http://am/api/v2/alerts");
}

TEST(SlackBody, OneAndSeveral) {
  EXPECT_EQ(slack_body(message_of({btc()})),
            R"({"text":"[FIRING critical] binance-usdm/BTCUSDT/mark is stale: age 312.4s, )"
            R"(limit 300s"})");
  Notification message = message_of({btc(), ended(btc())});
  message.firing += 5;
  EXPECT_EQ(slack_body(message),
            R"({"text":"[FIRING 6, RESOLVED 1] venue=binance-usdm\n)"
            R"([FIRING critical] binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s\n)"
            R"([RESOLVED] binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s\n)"
            R"(… and 5 more"})");
}

TEST(SlackBody, PagesNobody) {
  Notice hostile = btc();
  hostile.message = "<!channel> & <@U1>\n[RESOLVED] all";
  EXPECT_EQ(slack_body(message_of({hostile})),
            R"({"text":"[FIRING critical] &lt;!channel&gt; &amp; &lt;@U1&gt; [RESOLVED] all"})");
}

TEST(SlackBody, IsBounded) {
  Notice wide = btc();
  wide.message = std::string(2'000, '&');
  std::vector<Notice> many(50, wide);
  const std::string body = slack_body(message_of(many));
  EXPECT_LE(body.size(), 3'100U);
  EXPECT_THAT(body, HasSubstr("… and 49 more"));
}

const TelegramOptions chat{.name = "t", .endpoint = {}, .chat = "-100123", .thread = 7};

TEST(TelegramBody, AsFactsSay) {
  EXPECT_EQ(telegram_body(message_of({btc()}), chat),
            R"({"chat_id":-100123,"text":"[FIRING critical] binance-usdm/BTCUSDT/mark is stale: )"
            R"(age 312.4s, limit 300s","disable_notification":false,)"
            R"("link_preview_options":{"is_disabled":true},"message_thread_id":7})");
  TelegramOptions channel = chat;
  channel.chat = "@ops";
  channel.thread = 0;
  EXPECT_THAT(telegram_body(message_of({ended(btc())}), channel),
              testing::AllOf(HasSubstr(R"({"chat_id":"@ops",)"),
                             HasSubstr(R"("disable_notification":true)"),
                             Not(HasSubstr("message_thread_id")), Not(HasSubstr("parse_mode"))));
}

TEST(TelegramBody, IsBoundedInUnitsOfUtf16) {
  Notice wide = btc();
  for (int i = 0; i < 600; ++i) wide.message += "\xF0\x9F\x98\x80";
  for (const std::size_t count : {1U, 20U}) {
    const std::string body = telegram_body(message_of(std::vector<Notice>(count, wide)), chat);
    const std::size_t from = body.find("\"text\":\"") + 8;
    const std::string text = body.substr(from, body.find("\",\"disable") - from);
    EXPECT_LE(utf16_length(text), 4'096U + 20U) << "two bytes of each line feed's escape";
  }
}

TEST(TelegramBody, AddressAndWaits) {
  EXPECT_EQ(telegram_url("https://api.telegram.org/", "1:a"),
            "https://api.telegram.org/bot1:a/sendMessage");
  EXPECT_EQ(
      telegram_retry_after(R"({"ok":false,"error_code":429,"description":"Too Many Requests: )"
                           R"(retry after 17","parameters":{"retry_after":17}})"),
      17s);
  EXPECT_EQ(telegram_retry_after(R"({"retry_after":99999999999999999999})"), 1h);
  EXPECT_FALSE(telegram_retry_after(R"({"retry_after":"soon"})"));
  EXPECT_FALSE(telegram_retry_after("{}"));
}

PagerdutyOptions pager() {
  return {.name = "p",
          .endpoint = {},
          .routing_key = "0123456789abcdef0123456789abcdef",
          .speaker = speaker};
}

TEST(PagerdutyBody, TriggerAndResolve) {
  EXPECT_EQ(pagerduty_body(btc(), pager()),
            R"({"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger",)"
            R"("dedup_key":"price_staleness{symbol=\"BTCUSDT\",venue=\"binance-usdm\"}",)"
            R"("client":"feedwatch","client_url":"http://127.0.0.1:9464",)"
            R"("payload":{"summary":"binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s",)"
            R"("source":"mon-1","severity":"critical","timestamp":"2026-11-22T07:40:00.123+0000",)"
            R"("component":"BTCUSDT","group":"binance-usdm","class":"price_staleness",)"
            R"("custom_details":{"labels":{"symbol":"BTCUSDT","venue":"binance-usdm"},)"
            R"("metadata":{"age_seconds":312.4}}},)"
            R"("links":[{"href":"http://127.0.0.1:9464/v1/alerts/a1","text":"alert"}]})");
  EXPECT_EQ(pagerduty_body(ended(btc()), pager()),
            R"({"routing_key":"0123456789abcdef0123456789abcdef","event_action":"resolve",)"
            R"("dedup_key":"price_staleness{symbol=\"BTCUSDT\",venue=\"binance-usdm\"}"})");
}

TEST(PagerdutyBody, KeepsToItsLimits) {
  Notice huge = btc();
  huge.identity = std::string(300, 'x');
  huge.message = std::string(2'000, 'm');
  huge.metadata = R"({"a":")" + std::string(600'000, 'y') + R"("})";
  EXPECT_EQ(dedup_key(huge).size(), 255U);
  EXPECT_TRUE(dedup_key(huge).ends_with("x#9f3c2b1a00112233"));
  const std::string body = pagerduty_body(huge, pager());
  EXPECT_LE(body.size(), 512'000U);
  EXPECT_THAT(body, HasSubstr(R"("custom_details":{"error":"left out: too large"})"));
  EXPECT_THAT(body, HasSubstr("\"summary\":\"" + std::string(1'023, 'm') + "…\""));
}

}  // namespace
}  // namespace feedwatch::sinks
