#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::coinbase_advanced {
namespace {

const Client venue;

std::string push(std::string_view channel, std::string_view events) {
  return R"({"channel":")" + std::string(channel) +
         R"(","timestamp":"2026-08-09T21:06:04.548565984Z","sequence_num":689,"events":)" +
         std::string(events) + "}";
}
std::string tickers(std::string_view list) {
  return push("ticker", R"([{"type":"update","tickers":[)" + std::string(list) + "]}]");
}

TEST(AdvancedDecode, ATickerIsALastPriceAndAQuote) {
  test::Reading reading(
      venue, tickers(R"({"type":"ticker","product_id":"ETH-USD","price":"1919.5",)"
                     R"("volume_24_h":"19975.95","best_bid":"1919.36","best_ask":"1919.49",)"
                     R"("best_bid_quantity":"1.1531"})"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 2U);
  EXPECT_EQ(reading.out.ticks[0].kind, Kind::last);
  EXPECT_EQ(reading.out.ticks[0].price_text, "1919.5");
  EXPECT_EQ(reading.out.ticks[1].kind, Kind::quote);
  EXPECT_EQ(reading.out.ticks[1].price_text, "1919.36");
  EXPECT_EQ(reading.out.ticks[1].ask_text, "1919.49");
  for (const WireTick& tick : reading.out.ticks) {
    EXPECT_EQ(tick.symbol, "ETH-USD");
    EXPECT_FALSE(tick.seq.has_value()) << "sequence_num counts the connection's messages";
    EXPECT_EQ(tick.ts_event, parse_time("2026-08-09T21:06:04.548565984Z").value());
    EXPECT_EQ(to_ns(*tick.ts_event) % 1000, 984) << "nanoseconds are kept";
  }
}

TEST(AdvancedDecode, SeveralProductsInOneMessage) {
  test::Reading reading(venue, tickers(R"({"product_id":"A\u002dB","price":"1"},)"
                                       R"({"product_id":"C\u002dD","price":"2","best_bid":"3",)"
                                       R"("best_ask":"4"})"));
  ASSERT_EQ(reading.out.ticks.size(), 3U);
  EXPECT_EQ(reading.out.ticks[0].symbol, "A-B") << "without best prices, as in older recordings";
  EXPECT_EQ(reading.out.ticks[1].symbol, "C-D");
  EXPECT_EQ(reading.out.ticks[2].kind, Kind::quote);
}

TEST(AdvancedDecode, EventsMayComeBeforeTheirChannel) {
  test::Reading reading(venue, R"({"events":[{"tickers":[{"product_id":"A","price":"1"}]}],)"
                               R"("channel":"ticker"})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_FALSE(reading.out.ticks[0].ts_event.has_value());
}

TEST(AdvancedDecode, AHeartbeatBeatsForTheLine) {
  for (const std::string_view counter : {"41691", R"("41691")"}) {
    test::Reading reading(
        venue, push("heartbeats", R"([{"current_time":"2026-08-09 21:05:48.854840045 +0000 UTC )"
                                  R"(m=+41691.260485341","heartbeat_counter":)" +
                                      std::string(counter) + "}]"));
    ASSERT_EQ(reading.type, MessageType::data) << "a number in 2026, a string in 2023";
    ASSERT_EQ(reading.out.beats.size(), 1U);
    EXPECT_EQ(reading.out.beats[0].channel, heartbeats);
    EXPECT_TRUE(reading.out.beats[0].symbol.empty());
    EXPECT_FALSE(reading.out.beats[0].trade_id.has_value());
  }
}

TEST(AdvancedDecode, SubscriptionsListEverything) {
  test::Reading reading(
      venue, push("subscriptions",
                  R"([{"subscriptions":{"candles":["ETH-USD"],"heartbeats":["heartbeats"],)"
                  R"("level2":["BTC-USD"],"ticker":["BTC-USD","ETH-USD"]}}])"));
  ASSERT_EQ(reading.type, MessageType::ack);
  EXPECT_TRUE(reading.out.ack->ok);
  EXPECT_TRUE(reading.out.ack->complete);
  EXPECT_EQ(reading.out.ack->topics,
            (std::vector<Topic>{{heartbeats, ""}, {ticker, "BTC-USD"}, {ticker, "ETH-USD"}}));
}

TEST(AdvancedDecode, ARefusal) {
  test::Reading reading(venue, R"({"type":"error","message":"too many \"requests\""})");
  ASSERT_EQ(reading.type, MessageType::ack);
  EXPECT_FALSE(reading.out.ack->ok);
  EXPECT_EQ(reading.out.ack->message, R"(too many "requests")");
}

TEST(AdvancedDecode, OtherChannelsAreIgnoredHoweverLarge) {
  EXPECT_GE(venue.sheet().max_message, 5'079'379U) << "a snapshot of level2, measured";
  std::string updates = R"({"side":"bid","price_level":"65083.66","new_quantity":"0.2"})";
  std::string list = updates;
  while (list.size() < 5'100'000) list += "," + updates;
  EXPECT_EQ(test::Reading(venue, push("l2_data", R"([{"updates":[)" + list + "]}]")).type,
            MessageType::ignored);
}

TEST(AdvancedDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  const test::ErrorCase cases[] = {
      {tickers(R"({"product_id":"X","price":"1.2.3"})"), bad_price, "price", "X"},
      {tickers(R"({"product_id":"X","price":"1"},{"product_id":"Y","best_bid":"a"})"), bad_price,
       "best_bid", "Y"},
      {tickers(R"({"product_id":"X","price":"1","price":"2"})"), bad_value, "price", "X"},
      {tickers(R"({"price":"1"})"), missing_field, "product_id", ""},
      {R"({"channel":"ticker","timestamp":"now","events":[{"tickers":[{"product_id":"X",)"
       R"("price":"1"}]}]})",
       bad_value, "timestamp", "X"},
      {R"({"channel":"ticker"})", missing_field, "events", ""},
      {R"({"channel":"ticker","events":{}})", bad_value, "events", ""},
      {R"({"channel":"ticker","events":[7]})", not_json, "", ""},
      {R"({"channel":7,"events":[]})", bad_value, "channel", ""},
      {R"({"channel":"trades","events":[]})", unknown_message, "channel", ""},
      {R"({"type":"subscriptions","channels":[]})", unknown_message, "", ""},
      {R"({"channel":"ticker")", not_json, "", ""},
  };
  test::check_errors(venue, cases);
}

}  // namespace
}  // namespace feedwatch::venues::coinbase_advanced
