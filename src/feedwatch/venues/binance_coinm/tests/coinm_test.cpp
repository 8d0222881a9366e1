#include <gtest/gtest.h>

#include "feedwatch/venues/binance_coinm/binance_coinm.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::binance_coinm {
namespace {

const Client client;
const Server server;

const MarketState state{.symbol = "BTCUSD_PERP",
                        .last = Decimal(95, 1),
                        .bid = Decimal(94, 1),
                        .ask = Decimal(96, 1),
                        .mark = Decimal(150, 2),
                        .index = Decimal(160, 2),
                        .seq = 9,
                        .now = wall_from_ms(1000),
                        .traded = wall_from_ms(900)};

TEST(BinanceCoinmSheet, ChannelsAndRoutes) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.name, "binance-coinm");
  EXPECT_EQ(channel_for(sheet, Kind::mark), mark_price);
  EXPECT_EQ(channel_for(sheet, Kind::index), mark_price);
  EXPECT_EQ(channel_for(sheet, Kind::quote), book_ticker);
  EXPECT_EQ(channel_for(sheet, Kind::last), agg_trade);
  EXPECT_EQ(client.dial_url(sheet.ws_url, sheet.channels[mark_price].route),
            "wss://dstream.binance.com/market/stream");
  EXPECT_EQ(client.dial_url(sheet.ws_url, sheet.channels[book_ticker].route),
            "wss://dstream.binance.com/public/stream");
  std::vector<Topic> topics;
  EXPECT_EQ(server.route_of("/stream?streams=btcusd_perp@bookTicker", topics), "public");
  EXPECT_EQ(topics, (std::vector<Topic>{{book_ticker, "BTCUSD_PERP"}}));
  EXPECT_FALSE(server.delivers("public", mark_price));
}

TEST(BinanceCoinmRequests, ContractsInLowerCase) {
  const std::vector<Topic> topics{{mark_price, "BTCUSD_PERP"}, {agg_trade, "ETHUSD_261225"}};
  EXPECT_EQ(client.subscribe(topics, 5)[0].text,
            R"({"method":"SUBSCRIBE","params":["btcusd_perp@markPrice@1s",)"
            R"("ethusd_261225@aggTrade"],"id":5})");
  EXPECT_EQ(client.unsubscribe(topics, 6)[0].text,
            R"({"method":"UNSUBSCRIBE","params":["btcusd_perp@markPrice@1s",)"
            R"("ethusd_261225@aggTrade"],"id":6})");
}

TEST(BinanceCoinmDecode, AMarkPriceOfADeliveryContract) {
  test::Reading reading(client, R"({"e":"markPriceUpdate","E":1596095725000,"s":"BTCUSD_201225",)"
                                R"("p":"10934.62615417","P":"10962.17178236","i":"10933.62615417",)"
                                R"("r":"","T":0})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 2U);
  EXPECT_EQ(reading.out.ticks[0].kind, Kind::mark);
  EXPECT_EQ(reading.out.ticks[0].symbol, "BTCUSD_201225");
  EXPECT_EQ(reading.out.ticks[0].price_text, "10934.62615417");
  EXPECT_EQ(reading.out.ticks[0].ts_event, wall_from_ms(1596095725000));
  EXPECT_EQ(reading.out.ticks[1].kind, Kind::index);
  EXPECT_EQ(reading.out.ticks[1].price_text, "10933.62615417");
}

TEST(BinanceCoinmDecode, ABookNamesItsPairToo) {
  test::Reading reading(client, R"({"e":"bookTicker","u":17242169,"s":"BTCUSD_200626",)"
                                R"("ps":"BTCUSD","b":"9548.1","B":"52","a":"9548.5","A":"11",)"
                                R"("T":1591268628155,"E":1591268628166})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].symbol, "BTCUSD_200626");
  EXPECT_EQ(reading.out.ticks[0].price_text, "9548.1");
  EXPECT_EQ(reading.out.ticks[0].ask_text, "9548.5");
  EXPECT_EQ(reading.out.ticks[0].seq, 17242169U);
  EXPECT_EQ(reading.out.ticks[0].ts_event, wall_from_ms(1591268628166));
}

TEST(BinanceCoinmDecode, AnAggregateTradeAndTheRest) {
  test::Reading reading(client, R"({"e":"aggTrade","E":1591261134288,"a":424951,)"
                                R"("s":"BTCUSD_200626","p":"9643.5","q":"2","f":606073,)"
                                R"("l":606073,"T":1591261134199,"m":false})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].kind, Kind::last);
  EXPECT_EQ(reading.out.ticks[0].price_text, "9643.5");
  EXPECT_EQ(reading.out.ticks[0].seq, 424951U);
  test::Reading index(client, R"({"e":"indexPriceUpdate","E":1,"i":"BTCUSD","p":"9636.5"})");
  EXPECT_EQ(index.type, MessageType::ignored);
}

TEST(BinanceCoinmEncode, NamesThePair) {
  EXPECT_EQ(server.encode_data(book_ticker, state),
            R"({"stream":"btcusd_perp@bookTicker","data":{"e":"bookTicker","u":9,)"
            R"("s":"BTCUSD_PERP","ps":"BTCUSD","b":"9.4","B":"1.000","a":"9.6","A":"1.000",)"
            R"("T":900,"E":1000}})");
}

TEST(BinanceCoinmRest, InstrumentsHaveAContractStatus) {
  EXPECT_EQ(client.instruments_url("https://h"), "https://h/dapi/v1/exchangeInfo");
  const auto read =
      client.parse_instruments(R"({"symbols":[{"symbol":"BTCUSD_PERP","contractStatus":"TRADING"},)"
                               R"({"symbol":"BTCUSD_200925","contractStatus":"DELIVERED"}]})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE((*read)[0].trading);
  EXPECT_FALSE((*read)[1].trading);
  EXPECT_FALSE(client.parse_instruments(R"({"symbols":[{"symbol":"A","status":"TRADING"}]})"));
  EXPECT_EQ(server.encode_instruments(std::vector<Instrument>{{"BTCUSD_PERP", true}}),
            R"({"timezone":"UTC","symbols":[{"symbol":"BTCUSD_PERP","pair":"BTCUSD",)"
            R"("contractType":"PERPETUAL","contractStatus":"TRADING"}]})");
}

TEST(BinanceCoinmRest, OneSymbolIsAListOfOne) {
  const std::span states(&state, 1);
  const std::string url = client.price_url("https://h", "BTCUSD_PERP", Kind::mark);
  EXPECT_EQ(url, "https://h/dapi/v1/premiumIndex?symbol=BTCUSD_PERP");
  EXPECT_EQ(server.encode_ticker("/dapi/v1/premiumIndex?symbol=BTCUSD_PERP", states),
            R"([{"symbol":"BTCUSD_PERP","pair":"BTCUSD","markPrice":"1.50","indexPrice":"1.60",)"
            R"("lastFundingRate":"0.00010000","time":1000}])");
  EXPECT_EQ(server.encode_ticker("/dapi/v1/ticker/bookTicker?symbol=NO", states),
            R"({"code":-1121,"msg":"Invalid symbol."})");
  const auto index =
      client.parse_price(R"([{"symbol":"BTCUSD_PERP","pair":"BTCUSD","markPrice":"11029.69574559",)"
                         R"("indexPrice":"10979.14437500","estimatedSettlePrice":"10981.74168236",)"
                         R"("lastFundingRate":"0.00071003","interestRate":"0.00010000",)"
                         R"("nextFundingTime":1596096000000,"time":1596094042000}])",
                         "BTCUSD_PERP", Kind::index);
  ASSERT_TRUE(index) << index.error();
  EXPECT_EQ(index->prices.price.to_string(), "10979.14437500");
  EXPECT_EQ(index->ts_event, wall_from_ms(1596094042000));
}

}  // namespace
}  // namespace feedwatch::venues::binance_coinm
