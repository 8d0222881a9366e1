#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::kraken {
namespace {

const Client venue;

std::string push(std::string_view channel, std::string_view data) {
  return R"({"channel":")" + std::string(channel) + R"(","type":"update","data":[)" +
         std::string(data) + "]}";
}

TEST(KrakenDecode, TheTickerIsAQuoteInTheFramesOwnCharacters) {
  test::Reading reading(
      venue, push("ticker", R"({"symbol":"ETH/USDT","bid":0.10025,"bid_qty":740.0,"ask":0.10030,)"
                            R"("ask_qty":740.0,"last":0.10035,"volume":997038.98,"vwap":0.10148,)"
                            R"("change_pct":-0.17,"timestamp":"2023-09-25T09:04:31.742599Z"})"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  const WireTick& quote = reading.out.ticks[0];
  EXPECT_EQ(quote.kind, Kind::quote);
  EXPECT_EQ(quote.symbol, "ETH/USDT");
  EXPECT_EQ(quote.price_text, "0.10025");
  EXPECT_EQ(quote.ask_text, "0.10030") << "a number's trailing zero is kept";
  EXPECT_EQ(quote.ts_event, parse_time("2023-09-25T09:04:31.742599Z").value());
  EXPECT_FALSE(quote.seq.has_value());
}

TEST(KrakenDecode, AnOlderTickerHasNoTimeAndAnEmptySideNoQuote) {
  test::Reading older(venue, push("ticker", R"({"symbol":"A/B","bid":1,"ask":2e-5,"last":1})"));
  ASSERT_EQ(older.out.ticks.size(), 1U);
  EXPECT_FALSE(older.out.ticks[0].ts_event.has_value());
  EXPECT_EQ(older.out.ticks[0].prices.ask, test::decimal("0.00002"));
  for (const std::string_view side : {"null", "0", "0.0"}) {
    test::Reading empty(
        venue, push("ticker", R"({"symbol":"A/B","ask":2,"bid":)" + std::string(side) + "}"));
    EXPECT_EQ(empty.type, MessageType::data) << side;
    EXPECT_TRUE(empty.out.ticks.empty()) << side;
  }
}

std::string trade_of(std::string_view symbol, std::string_view price, std::string_view id) {
  return R"({"symbol":")" + std::string(symbol) + R"(","side":"sell","price":)" +
         std::string(price) + R"(,"qty":40.0,"ord_type":"market","trade_id":)" + std::string(id) +
         R"(,"timestamp":"2023-09-25T07:49:37.708706Z"})";
}

TEST(KrakenDecode, ATradeIsALastPriceWithItsNumber) {
  test::Reading reading(venue, push("trade", trade_of("MATIC/USD", "0.5117", "4665906")));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  const WireTick& last = reading.out.ticks[0];
  EXPECT_EQ(last.kind, Kind::last);
  EXPECT_EQ(last.symbol, "MATIC/USD");
  EXPECT_EQ(last.price_text, "0.5117");
  EXPECT_EQ(last.seq, 4665906U);
  EXPECT_EQ(last.ts_event, parse_time("2023-09-25T07:49:37.708706Z").value());
}

TEST(KrakenDecode, OfManyTradesTheNewestCounts) {
  for (const std::string& data : {trade_of("A/B", "1", "7") + "," + trade_of("A/B", "2", "8") +
                                      "," + trade_of("A/B", "3", "9"),
                                  trade_of("A/B", "3", "9") + "," + trade_of("A/B", "2", "8")}) {
    test::Reading reading(venue, push("trade", data));
    ASSERT_EQ(reading.out.ticks.size(), 1U) << data;
    EXPECT_EQ(reading.out.ticks[0].price_text, "3") << data;
    EXPECT_EQ(reading.out.ticks[0].seq, 9U) << data;
  }
  test::Reading two(venue,
                    push("trade", trade_of("A\\/B", "1", "7") + "," + trade_of("C\\/D", "2", "3")));
  ASSERT_EQ(two.out.ticks.size(), 2U);
  EXPECT_EQ(two.out.ticks[0].symbol, "A/B") << "unescaping the second leaves the first alone";
  EXPECT_EQ(two.out.ticks[1].symbol, "C/D");
}

TEST(KrakenDecode, DataMayComeBeforeItsChannel) {
  test::Reading reading(venue, R"({"data":[{"symbol":"A/B","bid":1,"ask":2}],"type":"snapshot",)"
                               R"("channel":"ticker"})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
}

TEST(KrakenDecode, EverySymbolIsAcknowledgedByItself) {
  test::Reading ack(venue,
                    R"({"method":"subscribe","result":{"channel":"ticker","symbol":"BTC/USD",)"
                    R"("snapshot":true},"success":true,"time_in":"2023-09-25T09:04:31.742599Z",)"
                    R"("time_out":"2023-09-25T09:04:31.742648Z","req_id":1})");
  ASSERT_EQ(ack.type, MessageType::ack);
  EXPECT_TRUE(ack.out.ack->ok);
  EXPECT_EQ(ack.out.ack->request_id, 1U);
  EXPECT_EQ(ack.out.ack->topics, (std::vector<Topic>{{ticker, "BTC/USD"}}));
}

TEST(KrakenDecode, Refusals) {
  test::Reading refused(venue, R"({"error":"Currency pair not supported FAKECOIN/USD",)"
                               R"("method":"subscribe","success":false,"symbol":"FAKECOIN/USD",)"
                               R"("req_id":3})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_EQ(refused.out.ack->request_id, 3U);
  EXPECT_EQ(refused.out.ack->message, "Currency pair not supported FAKECOIN/USD");
  EXPECT_EQ(refused.out.ack->topics,
            (std::vector<Topic>{{ticker, "FAKECOIN/USD"}, {trade, "FAKECOIN/USD"}}))
      << "which channel, the request knows";
  test::Reading rate(venue, R"({"error":"Exceeded msg rate","method":"subscribe",)"
                            R"("success":false,"req_id":4})");
  ASSERT_EQ(rate.type, MessageType::ack);
  EXPECT_TRUE(rate.out.ack->topics.empty());
  EXPECT_TRUE(rate.out.ack->too_often) << "no word about the symbols";
  test::Reading again(venue, R"({"error":"Already subscribed","method":"subscribe",)"
                             R"("success":false,"symbol":"A/B","req_id":4})");
  EXPECT_TRUE(again.out.ack->ok) << "what is subscribed still is no bad topic";
}

TEST(KrakenDecode, StatusHeartbeatAndPong) {
  for (const auto& [system, trading] : {std::pair{"online", true},
                                        {"maintenance", false},
                                        {"cancel_only", false},
                                        {"post_only", false}}) {
    test::Reading status(venue,
                         push("status", R"({"version":"2.0.10","system":")" + std::string(system) +
                                            R"(","api_version":"v2","connection_id":11})"));
    ASSERT_EQ(status.type, MessageType::status);
    EXPECT_EQ(status.out.status->trading, trading) << system;
    EXPECT_EQ(status.out.status->detail, system);
  }
  EXPECT_EQ(test::Reading(venue, R"({"channel":"heartbeat"})").type, MessageType::ignored);
  EXPECT_EQ(test::Reading(venue, R"({"method":"pong","req_id":101,"time_in":"x"})").type,
            MessageType::pong);
  EXPECT_EQ(test::Reading(venue, push("book", R"({"symbol":7})")).type, MessageType::ignored);
}

TEST(KrakenDecode, TheOlderApiIsNotTakenForThisOne) {
  EXPECT_TRUE(test::Reading(venue, R"({"event":"heartbeat"})")
                  .failed_with(DecodeErrorCode::unknown_message, "event"));
  EXPECT_TRUE(test::Reading(venue, R"([993,[["354.1","0.8","1618678142.5","s","l",""]],"trade",)"
                                   R"("XMR/USD"])")
                  .failed_with(DecodeErrorCode::unknown_message, ""));
}

TEST(KrakenDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  const test::ErrorCase cases[] = {
      {push("ticker", R"({"symbol":"X","bid":1.2.3,"ask":1})"), bad_price, "bid", "X"},
      {push("ticker", R"({"symbol":"X","bid":1})"), missing_field, "ask", "X"},
      {push("ticker", R"({"symbol":"X","bid":1,"ask":1,"ask":2})"), bad_value, "ask", "X"},
      {push("ticker", R"({"symbol":"X","bid":1,"ask":1,"timestamp":"soon"})"), bad_value,
       "timestamp", "X"},
      {push("ticker", R"({"bid":1,"ask":1})"), missing_field, "symbol", ""},
      {push("ticker", R"({"symbol":"X","bid":1,"ask":1},{"symbol":"Y","bid":"x","ask":1})"),
       bad_price, "bid", "Y"},
      {push("trade", trade_of("X", "1", "-7")), bad_value, "trade_id", "X"},
      {push("trade", R"({"symbol":"X","trade_id":7})"), missing_field, "price", "X"},
      {push("status", R"({"version":"2"})"), missing_field, "system", ""},
      {R"({"channel":"ticker","type":"update"})", missing_field, "data", ""},
      {R"({"channel":"ticker","data":{"symbol":"X"}})", bad_value, "data", ""},
      {R"({"channel":"ticker","data":[7]})", not_json, "", ""},
      {R"({"channel":7,"data":[]})", bad_value, "channel", ""},
      {R"({"channel":"balances","data":[]})", unknown_message, "channel", ""},
      {R"({"method":"subscribe","req_id":1})", missing_field, "success", ""},
      {R"({"type":"update"})", unknown_message, "", ""},
      {R"({"channel":"heartbeat")", not_json, "", ""},
  };
  test::check_errors(venue, cases);
}

}  // namespace
}  // namespace feedwatch::venues::kraken
