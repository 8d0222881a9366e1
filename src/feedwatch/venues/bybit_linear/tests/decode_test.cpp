#include <gtest/gtest.h>

#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues {
namespace {

const Venue& venue() {
  return *find_venue("bybit-linear");
}

constexpr Fields nothing{};
constexpr Fields priced{.price = true, .ask = false};

std::string ticker(std::string_view type, std::string_view fields) {
  return R"({"topic":"tickers.SOLUSDT","type":")" + std::string(type) +
         R"(","data":{"symbol":"SOLUSDT")" + std::string(fields) +
         R"(},"cs":272903625919,"ts":1786310819679})";
}

std::string book(std::string_view bids, std::string_view asks, std::string_view update_id) {
  return R"({"topic":"orderbook.1.KCSUSDT","ts":1749833488160,"type":"snapshot","data":{)"
         R"("s":"KCSUSDT","b":)" +
         std::string(bids) + R"(,"a":)" + std::string(asks) + R"(,"u":)" + std::string(update_id) +
         R"(,"seq":105958381058},"cts":1749833488154})";
}

TEST(BybitDecode, ADeltaCarriesWhatItNamesAndConfirmsTheRest) {
  test::Reading reading(venue(), ticker("delta", R"(,"indexPrice":"77.341","bid1Price":"77.3")"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 3U);
  const auto& ticks = reading.out.ticks;
  EXPECT_EQ(ticks[0].kind, Kind::last);
  EXPECT_EQ(ticks[0].fields, nothing);
  EXPECT_TRUE(ticks[0].price_text.empty());
  EXPECT_EQ(ticks[1].kind, Kind::mark);
  EXPECT_EQ(ticks[1].fields, nothing);
  EXPECT_EQ(ticks[2].kind, Kind::index);
  EXPECT_EQ(ticks[2].fields, priced);
  EXPECT_EQ(ticks[2].price_text, "77.341");
  for (const WireTick& tick : ticks) {
    EXPECT_EQ(tick.symbol, "SOLUSDT");
    EXPECT_EQ(tick.seq, 272903625919U);
    EXPECT_EQ(tick.ts_event, wall_from_ms(1786310819679));
    EXPECT_FALSE(tick.snapshot);
  }
}

TEST(BybitDecode, ASnapshotProvesOnlyWhatItCarries) {
  test::Reading reading(
      venue(), ticker("snapshot", R"(,"lastPrice":"77.26","markPrice":"77.27","indexPrice":"")"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 2U) << "an empty index is no index, not an unchanged one";
  EXPECT_TRUE(reading.out.ticks[0].snapshot);
  EXPECT_EQ(reading.out.ticks[1].kind, Kind::mark);
}

TEST(BybitDecode, TypeAndTimeMayComeBeforeData) {
  test::Reading reading(venue(),
                        R"({"topic":"tickers.X","ts":1786310821965,"type":"snapshot","cs":178,)"
                        R"("data":{"symbol":"X","lastPrice":"1923.28"}})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].price_text, "1923.28");
}

TEST(BybitDecode, OrderbookLevelOneIsAQuote) {
  test::Reading reading(venue(), book(R"([["11.248","1"]])", R"([["11.256","1"]])", "462756"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  const WireTick& quote = reading.out.ticks[0];
  EXPECT_EQ(quote.kind, Kind::quote);
  EXPECT_EQ(quote.symbol, "KCSUSDT");
  EXPECT_EQ(quote.price_text, "11.248");
  EXPECT_EQ(quote.ask_text, "11.256");
  EXPECT_EQ(quote.seq, 462756U);
  EXPECT_FALSE(quote.restart);
  EXPECT_FALSE(quote.snapshot) << "order is kept by u; a snapshot would reset it";
}

TEST(BybitDecode, UpdateIdOneMeansTheServiceRestarted) {
  test::Reading reading(venue(), book(R"([["1","1"]])", R"([["2","1"]])", "1"));
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_TRUE(reading.out.ticks[0].restart);
}

TEST(BybitDecode, AnEmptySideIsNoQuoteAndNoError) {
  test::Reading reading(venue(), book("[]", R"([["2","1"]])", "7"));
  ASSERT_EQ(reading.type, MessageType::data);
  EXPECT_TRUE(reading.out.ticks.empty());
}

TEST(BybitDecode, Answers) {
  test::Reading ack(venue(), R"({"success":true,"ret_msg":"subscribe","conn_id":"c",)"
                             R"("req_id":"12","op":"subscribe"})");
  ASSERT_EQ(ack.type, MessageType::ack);
  EXPECT_TRUE(ack.out.ack->ok);
  EXPECT_EQ(ack.out.ack->request_id, 12U);
  EXPECT_TRUE(ack.out.ack->message.empty());

  test::Reading refused(venue(), R"({"success":false,"ret_msg":"Invalid topic: tickers.NO",)"
                                 R"("conn_id":"c","req_id":"","op":"subscribe"})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_FALSE(refused.out.ack->request_id.has_value());
  EXPECT_EQ(refused.out.ack->message, "Invalid topic: tickers.NO");

  test::Reading again(venue(), R"({"success":false,"ret_msg":"error:already subscribed,topic:)"
                               R"(tickers.A","conn_id":"c","req_id":"7","op":"subscribe"})");
  ASSERT_EQ(again.type, MessageType::ack);
  EXPECT_TRUE(again.out.ack->ok) << "what is subscribed still is no bad topic";
}

TEST(BybitDecode, BothFormsOfPong) {
  for (const std::string_view text :
       {R"({"success":true,"ret_msg":"pong","conn_id":"c","req_id":"","op":"ping"})",
        R"({"req_id":"","op":"pong","args":["1675418560633"],"conn_id":"c"})"}) {
    EXPECT_EQ(test::Reading(venue(), text).type, MessageType::pong) << text;
  }
}

TEST(BybitDecode, OtherChannelsAreIgnored) {
  const auto type_of = [](std::string_view text) { return test::Reading(venue(), text).type; };
  EXPECT_EQ(type_of(R"({"topic":"orderbook.200.X","type":"delta","data":{"b":7,"u":"x"}})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"topic":"kline.1.X","data":[{"open":"1"}],"ts":1,"type":"snapshot"})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"topic":"publicTrade.X","type":"snapshot","ts":1,"data":[{"p":"x"}]})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"success":true,"ret_msg":"","op":"auth","conn_id":"c"})"),
            MessageType::ignored);
}

TEST(BybitDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  struct Case {
    std::string text;
    DecodeErrorCode code;
    std::string_view field;
    std::string_view symbol;
  };
  const std::string one = R"([["1","1"]])";
  const Case cases[] = {
      {ticker("delta", R"(,"markPrice":"1.2.3")"), bad_price, "markPrice", "SOLUSDT"},
      {ticker("delta", R"(,"markPrice":{"a":1})"), bad_price, "markPrice", "SOLUSDT"},
      {ticker("delta", R"(,"lastPrice":"1","lastPrice":"2")"), bad_value, "lastPrice", "SOLUSDT"},
      {ticker("update", ""), bad_value, "type", "SOLUSDT"},
      {R"({"topic":"tickers.X","data":{"symbol":"X"}})", missing_field, "type", "X"},
      {R"({"topic":"tickers.X","type":"delta","data":{}})", missing_field, "symbol", ""},
      {R"({"topic":"tickers.X","type":"delta","data":[]})", bad_value, "data", ""},
      {R"({"topic":"tickers.X","type":"delta"})", missing_field, "data", ""},
      {R"({"topic":"tickers.X","type":"delta","ts":"x","data":{"symbol":"X"}})", bad_value, "ts",
       "X"},
      {R"({"topic":"tickers.X","type":"delta","cs":1.5,"data":{"symbol":"X"}})", bad_value, "cs",
       "X"},
      {R"({"topic":7,"type":"delta"})", bad_value, "topic", ""},
      {book("{}", one, "1"), bad_value, "b", "KCSUSDT"},
      {book(one, R"([["x","1"]])", "1"), bad_price, "a", "KCSUSDT"},
      {book(one, one, R"("one")"), bad_value, "u", "KCSUSDT"},
      {R"({"topic":"orderbook.1.X","data":{"s":"X","b":[]}})", missing_field, "a", "X"},
      {R"({"type":"delta"})", unknown_message, "", ""},
      {"17", unknown_message, "", ""},
      {R"({"op":"pong")", not_json, "", ""},
      {R"({"op":"pong"},)", not_json, "", ""},
  };
  for (const Case& c : cases) {
    test::Reading reading(venue(), c.text);
    ASSERT_FALSE(reading.type.has_value()) << c.text;
    EXPECT_EQ(to_text(reading.type.error().code), to_text(c.code)) << c.text;
    EXPECT_EQ(reading.type.error().field, c.field) << c.text;
    EXPECT_EQ(reading.type.error().symbol, c.symbol) << c.text;
    EXPECT_TRUE(reading.out.ticks.empty()) << c.text;
  }
}

}  // namespace
}  // namespace feedwatch::venues
