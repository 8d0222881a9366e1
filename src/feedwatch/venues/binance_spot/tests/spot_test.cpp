#include <gtest/gtest.h>

#include "feedwatch/venues/binance_spot/binance_spot.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::binance_spot {
namespace {

const Client client;
const Server server;

constexpr std::string_view book =
    R"({"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000",)"
    R"("A":"40.66000000"})";
constexpr std::string_view average =
    R"({"e":"avgPrice","E":1693907033000,"s":"BTCUSDT","i":"5m","w":"25776.86000000",)"
    R"("T":1693907032213})";

TEST(BinanceSpotSheet, LimitsAndClocks) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.name, "binance-spot");
  EXPECT_EQ(sheet.messages.count, 5U);
  EXPECT_EQ(sheet.messages.window, 1s);
  EXPECT_EQ(sheet.max_topics_per_line, 1024U);
  EXPECT_EQ(sheet.server_heartbeat, 20s);
  EXPECT_EQ(sheet.forced_close, 24h);
  EXPECT_EQ(channel_for(sheet, Kind::last), agg_trade);
  EXPECT_EQ(channel_for(sheet, Kind::quote), book_ticker);
  EXPECT_EQ(channel_for(sheet, Kind::mark), std::nullopt);
  EXPECT_EQ(sheet.channels[book_ticker].event_time, EventTime::none);
  EXPECT_EQ(sheet.channels[avg_price].beats, BeatScope::symbol);
  EXPECT_EQ(sheet.channels[avg_price].cadence, clocked(1s));
}

TEST(BinanceSpotRequests, SubscribeAndUnsubscribe) {
  const std::vector<Topic> topics{
      {agg_trade, "BTCUSDT"}, {book_ticker, "币安USDT"}, {avg_price, "BTCUSDT"}};
  EXPECT_EQ(client.subscribe(topics, 5)[0].text,
            R"({"method":"SUBSCRIBE","params":["btcusdt@aggTrade","币安usdt@bookTicker",)"
            R"("btcusdt@avgPrice"],"id":5})");
  EXPECT_EQ(client.unsubscribe(topics, 6)[0].text,
            R"({"method":"UNSUBSCRIBE","params":["btcusdt@aggTrade","币安usdt@bookTicker",)"
            R"("btcusdt@avgPrice"],"id":6})");
  EXPECT_EQ(server.parse_client(client.subscribe(topics, 5)[0].text).topics, topics);
}

TEST(BinanceSpotEndpoint, NothingStandsBeforeTheStream) {
  EXPECT_EQ(client.dial_url("wss://stream.binance.com:9443", "stream"),
            "wss://stream.binance.com:9443/stream");
  std::vector<Topic> topics;
  EXPECT_EQ(server.route_of("/stream?streams=nknusdt@depth@100ms/nknusdt@bookTicker", topics),
            "stream");
  EXPECT_EQ(server.route_of("/ws/nknusdt@aggTrade", topics), "stream");
  EXPECT_EQ(topics, (std::vector<Topic>{{book_ticker, "NKNUSDT"}, {agg_trade, "NKNUSDT"}}));
  EXPECT_EQ(server.route_of("/market/stream", topics), std::nullopt) << "a route of futures";
  for (std::uint8_t channel = 0; channel < 3; ++channel) {
    EXPECT_TRUE(server.delivers("stream", channel));
  }
  EXPECT_TRUE(serves(server, "wss://stream.binance.com:9443/stream?streams=x@bookTicker"));
  EXPECT_FALSE(serves(server, "wss://fstream.binance.com/stream?streams=x@bookTicker"));
}

TEST(BinanceSpotDecode, ABookTickerWithoutTypeAndTime) {
  const std::string combined =
      R"({"stream":"bnbusdt@bookTicker","data":)" + std::string(book) + "}";
  for (const std::string& text : {std::string(book), combined}) {
    test::Reading reading(client, text);
    ASSERT_EQ(reading.type, MessageType::data) << text;
    ASSERT_EQ(reading.out.ticks.size(), 1U);
    const WireTick& quote = reading.out.ticks[0];
    EXPECT_EQ(quote.kind, Kind::quote);
    EXPECT_EQ(quote.symbol, "BNBUSDT");
    EXPECT_EQ(quote.price_text, "25.35190000");
    EXPECT_EQ(quote.ask_text, "25.36520000");
    EXPECT_EQ(quote.seq, 400900217U);
    EXPECT_FALSE(quote.ts_event.has_value());
  }
}

TEST(BinanceSpotDecode, AnAggregateTrade) {
  test::Reading reading(
      client,
      R"({"stream":"onttry@aggTrade","data":{"e":"aggTrade","E":1618677393278,"s":"ONTTRY",)"
      R"("a":8612,"p":"18.99","q":"1.06","f":9334,"l":9334,"T":1618677393275,"m":true,)"
      R"("M":true}})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].kind, Kind::last);
  EXPECT_EQ(reading.out.ticks[0].price_text, "18.99");
  EXPECT_EQ(reading.out.ticks[0].seq, 8612U);
  EXPECT_EQ(reading.out.ticks[0].ts_event, wall_from_ms(1618677393278));
}

TEST(BinanceSpotDecode, AnAveragePriceIsABeat) {
  const std::string combined =
      R"({"stream":"btcusdt@avgPrice","data":)" + std::string(average) + "}";
  for (const std::string& text : {std::string(average), combined}) {
    test::Reading reading(client, text);
    ASSERT_EQ(reading.type, MessageType::data) << text;
    EXPECT_TRUE(reading.out.ticks.empty());
    ASSERT_EQ(reading.out.beats.size(), 1U);
    EXPECT_EQ(reading.out.beats[0].channel, avg_price);
    EXPECT_EQ(reading.out.beats[0].symbol, "BTCUSDT");
  }
  test::Reading nameless(client, R"({"e":"avgPrice","w":"1"})");
  EXPECT_TRUE(nameless.failed_with(DecodeErrorCode::missing_field, "s"));
  EXPECT_TRUE(nameless.out.beats.empty());
}

TEST(BinanceSpotDecode, AnnouncementsAnswersAndTheRest) {
  const auto type_of = [](std::string_view text) { return test::Reading(client, text).type; };
  EXPECT_EQ(type_of(R"({"e":"serverShutdown","E":1770123456789})"), MessageType::notice);
  EXPECT_EQ(type_of(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})"),
            MessageType::notice);
  EXPECT_EQ(type_of(server.encode_notice(wall_from_ms(1))), MessageType::notice);
  EXPECT_EQ(type_of(R"({"e":"markPriceUpdate","s":"X","p":"1"})"), MessageType::ignored);
  EXPECT_EQ(type_of(R"({"e":"24hrMiniTicker","E":1,"s":"BNBBTC","c":"0.0025"})"),
            MessageType::ignored);
  EXPECT_EQ(type_of(R"({"lastUpdateId":1,"bids":[],"asks":[]})"), MessageType::ignored);
  test::Reading refused(client, R"({"code":2,"msg":"Invalid request: too many"})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_EQ(refused.out.ack->message, "Invalid request: too many");
  test::Reading granted(client, R"({"result":null,"id":1})");
  ASSERT_EQ(granted.type, MessageType::ack);
  EXPECT_TRUE(granted.out.ack->ok);
  test::Reading half(client, R"({"u":1,"s":"X","b":"1"})");
  EXPECT_TRUE(half.failed_with(DecodeErrorCode::missing_field, "a"));
  EXPECT_EQ(half.type.error().symbol, "X");
}

TEST(BinanceSpotEncode, SaysWhatTheVenueSays) {
  const MarketState state{.symbol = "BNBUSDT",
                          .last = Decimal(2536, 2),
                          .bid = Decimal(2535, 2),
                          .ask = Decimal(2537, 2),
                          .seq = 9,
                          .now = wall_from_ms(1000),
                          .traded = wall_from_ms(900)};
  EXPECT_EQ(server.encode_data(book_ticker, state),
            R"({"stream":"bnbusdt@bookTicker","data":{"u":9,"s":"BNBUSDT","b":"25.35","B":"1.000",)"
            R"("a":"25.37","A":"1.000"}})");
  EXPECT_EQ(server.encode_data(avg_price, state),
            R"({"stream":"bnbusdt@avgPrice","data":{"e":"avgPrice","E":1000,"s":"BNBUSDT",)"
            R"("i":"5m","w":"25.36","T":900}})");
}

TEST(BinanceSpotRest, Instruments) {
  EXPECT_EQ(client.instruments_url("https://h"), "https://h/api/v3/exchangeInfo");
  const auto read = client.parse_instruments(
      R"({"symbols":[{"symbol":"A","status":"TRADING"},{"symbol":"B","status":"BREAK"},)"
      R"({"symbol":"C","status":"HALT"}]})");
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->size(), 3U);
  EXPECT_TRUE((*read)[0].trading);
  EXPECT_FALSE((*read)[1].trading);
  EXPECT_FALSE((*read)[2].trading);
  EXPECT_EQ(server.encode_instruments({}), R"({"timezone":"UTC","symbols":[]})");
}

TEST(BinanceSpotRest, Prices) {
  EXPECT_EQ(client.price_url("https://h", "币安USDT", Kind::quote),
            "https://h/api/v3/ticker/bookTicker?symbol=%E5%B8%81%E5%AE%89USDT");
  EXPECT_EQ(client.price_url("https://h", "X", Kind::last),
            "https://h/api/v3/aggTrades?symbol=X&limit=1");
  EXPECT_EQ(client.price_url("https://h", "X", Kind::mark), "");
  EXPECT_EQ(client.prices_url("https://h", "X", Kind::quote), "https://h/api/v3/ticker/bookTicker");
  EXPECT_EQ(client.prices_url("https://h", "X", Kind::last), "https://h/api/v3/ticker/price");
  EXPECT_EQ(client.prices_url("https://h", "X", Kind::mark), "");
  EXPECT_EQ(server.rest_path("/api/v3/premiumIndex?symbol=X"), std::nullopt);
  EXPECT_EQ(server.rest_path("/fapi/v1/aggTrades?symbol=X"), std::nullopt);
  const auto quote =
      client.parse_price(R"({"symbol":"LTCBTC","bidPrice":"4.00000000","bidQty":"431.00000000",)"
                         R"("askPrice":"4.00000200","askQty":"9.00000000"})",
                         "LTCBTC", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.ask.to_string(), "4.00000200");
  EXPECT_FALSE(quote->ts_event.has_value());
  EXPECT_FALSE(client.parse_price(R"({"code":-1121,"msg":"Invalid symbol."})", "X", Kind::quote));
  EXPECT_FALSE(client.parse_price(R"({"code":-1121,"msg":"Invalid symbol."})", "X", Kind::last));
}

}  // namespace
}  // namespace feedwatch::venues::binance_spot
