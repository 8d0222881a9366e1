#include <gtest/gtest.h>

#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues {
namespace {

const Venue& venue() {
  return *find_venue("binance-usdm");
}

constexpr std::string_view mark_frame =
    R"({"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1700000001000,)"
    R"("s":"BTCUSDT","p":"28147.27373413","P":"28142.1","i":"28159.75642857","r":"0.00002754",)"
    R"("T":1700006400000}})";
constexpr std::string_view book_event =
    R"({"e":"bookTicker","u":600859984343,"s":"SUSHIUSDT","b":"7.6160","B":"8","a":"7.6180",)"
    R"("A":"4","T":1626992757352,"E":1626992757354})";

TEST(BinanceDecode, MarkPriceGivesMarkAndIndex) {
  test::Reading reading(venue(), mark_frame);
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 2U);
  const WireTick& mark = reading.out.ticks[0];
  EXPECT_EQ(mark.symbol, "BTCUSDT");
  EXPECT_EQ(mark.kind, Kind::mark);
  EXPECT_EQ(mark.price_text, "28147.27373413");
  EXPECT_EQ(mark.prices.price, test::decimal("28147.27373413"));
  EXPECT_EQ(mark.fields, (Fields{.price = true, .ask = false}));
  EXPECT_FALSE(mark.seq.has_value());
  EXPECT_EQ(reading.out.ticks[1].kind, Kind::index);
  EXPECT_EQ(reading.out.ticks[1].price_text, "28159.75642857");
}

TEST(BinanceDecode, NextFundingTimeIsNotTheEventTime) {
  test::Reading reading(venue(), mark_frame);
  ASSERT_EQ(reading.type, MessageType::data);
  for (const WireTick& tick : reading.out.ticks) {
    EXPECT_EQ(tick.ts_event, wall_from_ms(1700000001000));
  }
}

TEST(BinanceDecode, BookTickerRawAndCombinedAreTheSame) {
  const std::string combined =
      R"({"stream":"sushiusdt@bookTicker","data":)" + std::string(book_event) + "}";
  for (const std::string& text : {std::string(book_event), combined}) {
    test::Reading reading(venue(), text);
    ASSERT_EQ(reading.type, MessageType::data) << text;
    ASSERT_EQ(reading.out.ticks.size(), 1U);
    const WireTick& quote = reading.out.ticks[0];
    EXPECT_EQ(quote.kind, Kind::quote);
    EXPECT_EQ(quote.price_text, "7.6160");
    EXPECT_EQ(quote.ask_text, "7.6180");
    EXPECT_EQ(quote.prices.ask.to_string(), "7.6180");
    EXPECT_EQ(quote.seq, 600859984343U);
    EXPECT_EQ(quote.ts_event, wall_from_ms(1626992757354));
    EXPECT_FALSE(quote.snapshot) << "order is kept by u; a snapshot would reset it";
  }
}

TEST(BinanceDecode, AnAggregateTradeIsTheLastPrice) {
  const std::string event =
      R"({"e":"aggTrade","E":1626992747395,"a":16599297,"s":"CTKUSDT","p":"1.01000","q":"5",)"
      R"("f":23961327,"l":23961327,"T":1626992747239,"m":true})";
  for (const std::string& text : {event, R"({"stream":"ctkusdt@aggTrade","data":)" + event + "}"}) {
    test::Reading reading(venue(), text);
    ASSERT_EQ(reading.type, MessageType::data) << text;
    ASSERT_EQ(reading.out.ticks.size(), 1U);
    const WireTick& last = reading.out.ticks[0];
    EXPECT_EQ(last.symbol, "CTKUSDT");
    EXPECT_EQ(last.kind, Kind::last);
    EXPECT_EQ(last.price_text, "1.01000");
    EXPECT_EQ(last.fields, (Fields{.price = true, .ask = false}));
    EXPECT_EQ(last.seq, 16599297U);
    EXPECT_EQ(last.ts_event, wall_from_ms(1626992747395)) << "publish time, not the trade's";
  }
}

TEST(BinanceDecode, KeyOrderBlanksAndEscapesDoNotMatter) {
  test::Reading reading(venue(),
                        " { \"\\u0064ata\" : { \"a\" : \"2\" , \"b\" : 1.50 , \"s\" : "
                        "\"\\u041a\\u0438\\u0442\\/\\\"X\" , \"e\" : \"bookTicker\" } ,\n"
                        "\t\"stream\" : \"x@bookTicker\" } ");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].symbol, "Кит/\"X");
  EXPECT_EQ(reading.out.ticks[0].price_text, "1.50");
  EXPECT_FALSE(reading.out.ticks[0].ts_event.has_value());
}

TEST(BinanceDecode, MarkWithoutIndexIsStillAMark) {
  for (const std::string_view index : {R"("i":"",)", ""}) {
    test::Reading reading(
        venue(), R"({"e":"markPriceUpdate","E":1,"s":"X",)" + std::string(index) + R"("p":"1"})");
    ASSERT_EQ(reading.type, MessageType::data) << index;
    ASSERT_EQ(reading.out.ticks.size(), 1U);
    EXPECT_EQ(reading.out.ticks[0].kind, Kind::mark);
  }
}

TEST(BinanceDecode, Answers) {
  test::Reading ack(venue(), R"({"result":null,"id":7})");
  ASSERT_EQ(ack.type, MessageType::ack);
  EXPECT_TRUE(ack.out.ack->ok);
  EXPECT_EQ(ack.out.ack->request_id, 7U);

  test::Reading refused(venue(), R"({"error":{"code":2,"msg":"Invalid \"x\""},"id":18})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_EQ(refused.out.ack->request_id, 18U);
  EXPECT_EQ(refused.out.ack->message, "Invalid \"x\"");

  test::Reading bare(venue(), R"({"code":2,"msg":"Invalid request"})");
  ASSERT_EQ(bare.type, MessageType::ack);
  EXPECT_FALSE(bare.out.ack->ok);
  EXPECT_FALSE(bare.out.ack->request_id.has_value());
}

TEST(BinanceDecode, OtherChannelsAreIgnoredAndAShutdownIsANotice) {
  const auto type_of = [](std::string_view text) { return test::Reading(venue(), text).type; };
  EXPECT_EQ(type_of(R"({"stream":"x@trade","data":{"e":"trade","p":"oops","s":3}})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"e":"avgPrice","s":"X","w":"1"})"), MessageType::ignored)
      << "a stream of Spot";
  EXPECT_EQ(type_of(R"({"e":"kline","s":"X","k":{"o":"1"}})"), MessageType::ignored);
  EXPECT_EQ(type_of(R"({"lastUpdateId":1,"bids":[],"asks":[]})"), MessageType::ignored);
  EXPECT_EQ(type_of(R"({"stream":"!assetIndex@arr","data":[{"e":"assetIndexUpdate"}]})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"e":"serverShutdown","E":1770123456789})"), MessageType::notice);
  EXPECT_EQ(type_of(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})"),
            MessageType::notice);
}

TEST(BinanceDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  const auto book = [](std::string_view fields) {
    return R"({"e":"bookTicker",)" + std::string(fields) + "}";
  };
  struct Case {
    std::string text;
    DecodeErrorCode code;
    std::string_view field;
    std::string_view symbol;
  };
  const Case cases[] = {
      {book(R"("s":"X","a":"1")"), missing_field, "b", "X"},
      {book(R"("s":"X","b":"1","a":"NaN")"), bad_price, "a", "X"},
      {book(R"("s":"X","b":"","a":"1")"), bad_price, "b", "X"},
      {book(R"("s":"X","b":[["1","2"]],"a":"1")"), bad_price, "b", "X"},
      {book(R"("s":"X","b":null,"a":"1")"), bad_price, "b", "X"},
      {book(R"("s":"X","b":"1","b":"2","a":"1")"), bad_value, "b", "X"},
      {book(R"("s":"X","b":"1","a":"2","u":-1)"), bad_value, "u", "X"},
      {book(R"("s":"X","b":"1","a":"2","u":18446744073709551616)"), bad_value, "u", "X"},
      {book(R"("s":"X","b":"1","a":"2","E":"soon")"), bad_value, "E", "X"},
      {book(R"("s":"X","b":"1","a":"2","E":9000000000001)"), bad_value, "E", "X"},
      {book(R"("s":"","b":"1","a":"2")"), bad_value, "s", ""},
      {book(R"("s":5,"b":"1","a":"2")"), bad_value, "s", ""},
      {book(R"("s":"\ud800","b":"1","a":"2")"), bad_value, "s", ""},
      {book(R"("b":"1","a":"2")"), missing_field, "s", ""},
      {R"({"e":"markPriceUpdate","s":"X","p":"1","i":"1e999"})", bad_price, "i", "X"},
      {R"({"e":"aggTrade","s":"X","a":7})", missing_field, "p", "X"},
      {R"({"e":"aggTrade","s":"X","a":"7x","p":"1"})", bad_value, "a", "X"},
      {R"({"u":7,"s":"X","b":"1"})", missing_field, "a", "X"},
      {R"({"stream":"x@bookTicker"})", missing_field, "data", ""},
      {R"({"stream":"x@bookTicker","data":[1]})", missing_field, "data", ""},
      {R"({"hello":1})", unknown_message, "", ""},
      {"[]", unknown_message, "", ""},
      {"", not_json, "", ""},
      {"pong", not_json, "", ""},
      {R"({"result":null,"id":7)", not_json, "", ""},
      {R"({"result":null,"id":7}})", not_json, "", ""},
      {R"({"result":null,"id":7} x)", not_json, "", ""},
      {"{\"result\":null,\"id\":\"\xff\"}", not_json, "", ""},
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

TEST(BinanceDecode, ADecoderForgetsThePreviousMessage) {
  const auto decoder = venue().make_decoder();
  Decoded out;
  const test::OwnedFrame ack(R"({"result":null,"id":7})");
  const test::OwnedFrame book(book_event);
  ASSERT_TRUE(decoder->decode(ack.frame(), out).has_value());
  ASSERT_TRUE(decoder->decode(book.frame(), out).has_value());
  EXPECT_FALSE(out.ack.has_value());
  const test::OwnedFrame broken("{");
  ASSERT_FALSE(decoder->decode(broken.frame(), out).has_value());
  EXPECT_TRUE(out.ticks.empty());
}

}  // namespace
}  // namespace feedwatch::venues
