#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::coinbase {
namespace {

const Client venue;

std::string ticker_of(std::string_view fields) {
  return R"({"type":"ticker","sequence":27883501,"product_id":"SKL-GBP",)" + std::string(fields) +
         R"("side":"buy","time":"2021-04-17T16:43:37.270697Z","trade_id":82008,"last_size":"335"})";
}

TEST(CoinbaseDecode, ATickerIsALastPriceAndAQuote) {
  test::Reading reading(venue,
                        ticker_of(R"("price":"0.5762","best_bid":"0.5742","best_ask":"0.5771",)"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 2U);
  const WireTick& last = reading.out.ticks[0];
  const WireTick& quote = reading.out.ticks[1];
  EXPECT_EQ(last.kind, Kind::last);
  EXPECT_EQ(last.price_text, "0.5762");
  EXPECT_EQ(quote.kind, Kind::quote);
  EXPECT_EQ(quote.price_text, "0.5742");
  EXPECT_EQ(quote.ask_text, "0.5771");
  for (const WireTick& tick : reading.out.ticks) {
    EXPECT_EQ(tick.symbol, "SKL-GBP");
    EXPECT_EQ(tick.seq, 82008U) << "the trade's number, which heartbeats and REST have as well";
    EXPECT_EQ(tick.ts_event, parse_time("2021-04-17T16:43:37.270697Z").value());
  }
}

TEST(CoinbaseDecode, WhatTheVenueHasNotIsNoTick) {
  test::Reading one_sided(venue,
                          ticker_of(R"("price":"0.5762","best_bid":"0","best_ask":"0.5771",)"));
  ASSERT_EQ(one_sided.out.ticks.size(), 1U);
  EXPECT_EQ(one_sided.out.ticks[0].kind, Kind::last);
  test::Reading untraded(venue, ticker_of(R"("price":"","best_bid":"1","best_ask":"2",)"));
  ASSERT_EQ(untraded.out.ticks.size(), 1U);
  EXPECT_EQ(untraded.out.ticks[0].kind, Kind::quote);
}

TEST(CoinbaseDecode, AHeartbeatBeatsForItsProduct) {
  test::Reading reading(venue, R"({"type":"heartbeat","sequence":90,"last_trade_id":20,)"
                               R"("product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"})");
  ASSERT_EQ(reading.type, MessageType::data);
  EXPECT_TRUE(reading.out.ticks.empty());
  ASSERT_EQ(reading.out.beats.size(), 1U);
  EXPECT_EQ(reading.out.beats[0].channel, heartbeat);
  EXPECT_EQ(reading.out.beats[0].symbol, "BTC-USD");
  EXPECT_EQ(reading.out.beats[0].trade_id, 20U);
}

TEST(CoinbaseDecode, TradeNumberZeroMeansThatNobodySays) {
  test::Reading reading(venue, R"({"type":"heartbeat","sequence":90,"last_trade_id":0,)"
                               R"("product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"})");
  ASSERT_EQ(reading.out.beats.size(), 1U);
  EXPECT_FALSE(reading.out.beats[0].trade_id.has_value());
}

TEST(CoinbaseDecode, SubscriptionsListEverything) {
  test::Reading reading(
      venue, R"({"type":"subscriptions","channels":[{"name":"ticker","product_ids":["ETH-USD",)"
             R"("BTC-USD"],"account_ids":null},{"name":"level2","product_ids":["X"]},)"
             R"({"name":"heartbeat","product_ids":["BTC-USD"]}]})");
  ASSERT_EQ(reading.type, MessageType::ack);
  EXPECT_TRUE(reading.out.ack->ok);
  EXPECT_TRUE(reading.out.ack->complete);
  EXPECT_FALSE(reading.out.ack->request_id.has_value());
  EXPECT_EQ(reading.out.ack->topics,
            (std::vector<Topic>{{ticker, "ETH-USD"}, {ticker, "BTC-USD"}, {heartbeat, "BTC-USD"}}));
  test::Reading none(venue, R"({"type":"subscriptions","channels":[]})");
  ASSERT_EQ(none.type, MessageType::ack);
  EXPECT_TRUE(none.out.ack->complete);
  EXPECT_TRUE(none.out.ack->topics.empty());
}

TEST(CoinbaseDecode, ARefusalConcernsTheWholeRequest) {
  test::Reading reading(venue, R"({"type":"error","message":"Failed to subscribe",)"
                               R"("reason":"GIBBERISH-USD is not a valid product"})");
  ASSERT_EQ(reading.type, MessageType::ack);
  EXPECT_FALSE(reading.out.ack->ok);
  EXPECT_TRUE(reading.out.ack->topics.empty());
  EXPECT_EQ(reading.out.ack->message, "Failed to subscribe: GIBBERISH-USD is not a valid product");
}

TEST(CoinbaseDecode, OtherTypesAreIgnored) {
  for (const std::string_view type : {"last_match", "match", "l2update", "snapshot", "status"}) {
    EXPECT_EQ(test::Reading(venue, R"({"type":")" + std::string(type) + R"(","price":7})").type,
              MessageType::ignored)
        << type;
  }
}

TEST(CoinbaseDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  const test::ErrorCase cases[] = {
      {ticker_of(R"("price":"1.2.3",)"), bad_price, "price", "SKL-GBP"},
      {ticker_of(R"("price":"1","best_bid":"x","best_ask":"1",)"), bad_price, "best_bid",
       "SKL-GBP"},
      {ticker_of(R"("price":"1","best_ask":"1","best_ask":"2",)"), bad_value, "best_ask",
       "SKL-GBP"},
      {R"({"type":"ticker","price":"1"})", missing_field, "product_id", ""},
      {R"({"type":"ticker","product_id":"X","price":"1","time":"now"})", bad_value, "time", ""},
      {R"({"type":"ticker","product_id":"X","price":"1","trade_id":"a"})", bad_value, "trade_id",
       ""},
      {R"({"type":"heartbeat","last_trade_id":1})", missing_field, "product_id", ""},
      {R"({"type":"heartbeat","product_id":"X","last_trade_id":-1})", bad_value, "last_trade_id",
       ""},
      {R"({"type":"subscriptions"})", missing_field, "channels", ""},
      {R"({"type":"subscriptions","channels":{}})", bad_value, "channels", ""},
      {R"({"type":"subscriptions","channels":["ticker"]})", not_json, "", ""},
      {R"({"type":"update"})", unknown_message, "type", ""},
      {R"({"type":7})", bad_value, "type", ""},
      {R"({"product_id":"X"})", unknown_message, "", ""},
      {R"({"type":"ticker")", not_json, "", ""},
  };
  test::check_errors(venue, cases);
}

}  // namespace
}  // namespace feedwatch::venues::coinbase
