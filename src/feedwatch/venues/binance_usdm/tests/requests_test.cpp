#include <gtest/gtest.h>

#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"

namespace feedwatch::venues::binance_usdm {
namespace {

const Client client;
const Server server;

TEST(BinanceRequests, SubscribeNamesStreamsInLowerCase) {
  const std::vector<Topic> topics{
      {mark_price, "BTCUSDT"}, {book_ticker, "ÄbcКUSDT"}, {agg_trade, "ETHUSDT"}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].id, 5U);
  EXPECT_EQ(requests[0].topics, topics);
  EXPECT_EQ(requests[0].text, R"({"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s",)"
                              R"("ÄbcКusdt@bookTicker","ethusdt@aggTrade"],"id":5})");
  EXPECT_EQ(client.unsubscribe(topics, 6)[0].text.substr(0, 23), R"({"method":"UNSUBSCRIBE")");
  EXPECT_TRUE(client.subscribe({}, 1).empty());
}

TEST(BinanceRequests, SplitAtTheTopicLimit) {
  std::vector<Topic> topics;
  for (int i = 0; i < 201; ++i) topics.push_back({mark_price, "S" + std::to_string(i)});
  const auto requests = client.subscribe(topics, 10);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].topics.size(), 200U);
  EXPECT_EQ(requests[1].topics.size(), 1U);
  EXPECT_EQ(requests[1].id, 11U);
}

TEST(BinanceRequests, SplitAtTheCharacterLimit) {
  // Each argument is ["] + 4074 + "@bookTicker" + ["] = 4087; two and a comma are 8175 of 8192.
  std::vector<Topic> topics(3, Topic{book_ticker, std::string(4074, 'X')});
  EXPECT_EQ(client.subscribe(topics, 1).size(), 2U);
  topics.assign(2, Topic{book_ticker, std::string(4082, 'X')});  // 4095 · 2 + 1 = 8191 + comma
  EXPECT_EQ(client.subscribe(topics, 1).size(), 1U);
  topics.assign(2, Topic{book_ticker, std::string(4083, 'X')});
  EXPECT_EQ(client.subscribe(topics, 1).size(), 2U);
  topics.assign(1, Topic{book_ticker, std::string(9000, 'X')});
  EXPECT_EQ(client.subscribe(topics, 1).size(), 1U) << "a topic too long alone is still asked for";
}

TEST(BinanceRequests, TheVenueReadsWhatTheClientWrites) {
  const std::vector<Topic> topics{{mark_price, "BTCUSDT"}, {book_ticker, "A@B/\"C\\КUSDT"}};
  const ClientMessage message = server.parse_client(client.subscribe(topics, 42)[0].text);
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.id, "42");
  EXPECT_EQ(message.topics, topics);
  EXPECT_TRUE(message.invalid.empty());
  EXPECT_EQ(server.parse_client(client.unsubscribe(topics, 1)[0].text).op, ClientOp::unsubscribe);
}

TEST(BinanceRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  const ClientMessage message = server.parse_client(
      R"({"method":"SUBSCRIBE","params":["btcusdt@nonsense",7,"@bookTicker"],"id":"a\"b"})");
  EXPECT_TRUE(message.topics.empty());
  EXPECT_EQ(message.invalid, (std::vector<std::string>{"btcusdt@nonsense", "7", "@bookTicker"}));
  EXPECT_EQ(message.id, R"("a\"b")");
  for (const std::string_view text : {"", "{", "[]", "null", R"({"method":"SUBSCRIBE"}})"}) {
    EXPECT_EQ(server.parse_client(text).op, ClientOp::unknown) << text;
  }
  EXPECT_EQ(server.parse_client(R"({"method":"LIST_SUBSCRIPTIONS","id":{"x":1}})").id, "");
}

TEST(BinanceEndpoint, DialUrlNamesTheRoute) {
  EXPECT_EQ(client.dial_url("wss://fstream.binance.com", "market"),
            "wss://fstream.binance.com/market/stream");
  EXPECT_EQ(client.dial_url("ws://127.0.0.1:9001/", "public"), "ws://127.0.0.1:9001/public/stream");
}

TEST(BinanceEndpoint, RouteOfATarget) {
  std::vector<Topic> topics;
  EXPECT_EQ(server.route_of("/market/stream", topics), "market");
  EXPECT_EQ(server.route_of("/public/ws", topics), "public");
  EXPECT_EQ(server.route_of("/stream", topics), "public") << "unrouted means public";
  EXPECT_EQ(server.route_of("/ws", topics), "public");
  EXPECT_TRUE(topics.empty());
  for (const std::string_view target :
       {"/", "", "/private/ws", "/ws?btcusdt@bookTicker", "/market", "/market/", "/marketx/ws"}) {
    EXPECT_EQ(server.route_of(target, topics), std::nullopt) << target;
  }
}

TEST(BinanceEndpoint, StreamsInTheUrl) {
  std::vector<Topic> topics;
  EXPECT_EQ(server.route_of(
                "/market/stream?streams=btcusdt@markPrice@1s/x%2Fy@bookTicker/z@depth&a=1", topics),
            "market");
  EXPECT_EQ(topics, (std::vector<Topic>{{mark_price, "BTCUSDT"}, {book_ticker, "X/Y"}}));
  topics.clear();
  EXPECT_EQ(server.route_of("/ws/ethusdt@bookTicker", topics), "public");
  EXPECT_EQ(topics, (std::vector<Topic>{{book_ticker, "ETHUSDT"}}));
}

TEST(BinanceEndpoint, ARouteDeliversItsOwnChannelsOnly) {
  EXPECT_TRUE(server.delivers("market", mark_price));
  EXPECT_FALSE(server.delivers("public", mark_price)) << "acknowledged there, never delivered";
  EXPECT_TRUE(server.delivers("public", book_ticker));
  EXPECT_FALSE(server.delivers("market", book_ticker));
  EXPECT_TRUE(server.delivers("market", agg_trade));
  EXPECT_FALSE(server.delivers("public", agg_trade));
  EXPECT_FALSE(server.delivers("public", 3));
}

TEST(BinanceRest, InstrumentsRoundTrip) {
  const std::vector<Instrument> instruments{{"BTCUSDT", true}, {"\"К\"", false}};
  const auto read = client.parse_instruments(server.encode_instruments(instruments));
  ASSERT_TRUE(read.has_value()) << read.error();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].symbol, "BTCUSDT");
  EXPECT_TRUE((*read)[0].trading);
  EXPECT_EQ((*read)[1].symbol, "\"К\"");
  EXPECT_FALSE((*read)[1].trading);
  EXPECT_EQ(client.instruments_url("http://127.0.0.1:9"),
            "http://127.0.0.1:9/fapi/v1/exchangeInfo");
  EXPECT_TRUE(client.next_instruments_url("http://127.0.0.1:9", "{}").empty());
}

TEST(BinanceRest, BadInstrumentBodiesSayWhatIsWrong) {
  EXPECT_EQ(client.parse_instruments("<html>").error().substr(0, 31),
            "the instrument list is not JSON");
  EXPECT_EQ(client.parse_instruments(R"({"symbols":7})").error(),
            "the instrument list holds no array 'symbols'");
  EXPECT_EQ(
      client.parse_instruments(R"({"symbols":[{"symbol":"A","status":"TRADING"},{}]})").error(),
      "instrument 2 lacks a symbol or a status");
}

TEST(BinanceRest, PathsAndAnswers) {
  using enum VenueSide::RestPath;
  EXPECT_EQ(server.rest_path("/fapi/v1/time"), VenueSide::RestPath::time);
  EXPECT_EQ(server.rest_path("/fapi/v1/exchangeInfo"), instruments);
  EXPECT_EQ(server.rest_path("/fapi/v1/premiumIndex?symbol=X"), ticker);
  EXPECT_EQ(server.rest_path("/fapi/v1/ticker/bookTicker?symbol=X"), ticker);
  EXPECT_EQ(server.rest_path("/fapi/v1/ticker/bookTicker"), tickers);
  EXPECT_EQ(server.rest_path("/fapi/v1/ticker/price"), tickers);
  EXPECT_EQ(server.rest_path("/fapi/v1/klines"), std::nullopt);
  EXPECT_EQ(server.encode_time(wall_from_ms(1499827319559)), R"({"serverTime":1499827319559})");
  const MarketState state{.symbol = "X",
                          .bid = Decimal(1, 0),
                          .ask = Decimal(2, 0),
                          .mark = Decimal(150, 2),
                          .index = Decimal(160, 2),
                          .seq = 9,
                          .now = wall_from_ms(1000),
                          .traded = wall_from_ms(900)};
  const std::span states(&state, 1);
  EXPECT_EQ(server.encode_ticker("/fapi/v1/premiumIndex", states),
            R"([{"symbol":"X","markPrice":"1.50","indexPrice":"1.60",)"
            R"("lastFundingRate":"0.00010000","time":1000}])");
  EXPECT_EQ(server.encode_ticker("/fapi/v1/ticker/bookTicker?symbol=X", states),
            R"({"symbol":"X","bidPrice":"1","bidQty":"1.000","askPrice":"2","askQty":"1.000",)"
            R"("time":900,"lastUpdateId":9})");
  EXPECT_EQ(server.encode_ticker("/fapi/v1/ticker/bookTicker?symbol=Y", states),
            R"({"code":-1121,"msg":"Invalid symbol."})");
}

TEST(BinanceRest, PricesOfEachKind) {
  EXPECT_EQ(client.price_url("https://h", "A/B", Kind::mark),
            "https://h/fapi/v1/premiumIndex?symbol=A%2FB");
  EXPECT_EQ(client.price_url("https://h", "X", Kind::quote),
            "https://h/fapi/v1/ticker/bookTicker?symbol=X");
  EXPECT_EQ(client.price_url("https://h", "X", Kind::last),
            "https://h/fapi/v1/aggTrades?symbol=X&limit=1");
  const auto last = client.parse_price(
      R"([{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,)"
      R"("m":true}])",
      "X", Kind::last);
  ASSERT_TRUE(last) << last.error();
  EXPECT_EQ(last->prices.price.to_string(), "0.01633102");
  EXPECT_EQ(last->seq, 26129U) << "the stream's own number";
  EXPECT_FALSE(last->ts_event) << "T is the time of the trade";
}

TEST(BinanceRest, TradesAreAskedForBySymbol) {
  const MarketState state{.symbol = "X",
                          .last = Decimal(150, 2),
                          .seq = 12,
                          .trade_seq = 9,
                          .now = wall_from_ms(1000),
                          .traded = wall_from_ms(900)};
  const std::span states(&state, 1);
  EXPECT_EQ(server.rest_path("/fapi/v1/aggTrades?symbol=X&limit=1"), VenueSide::RestPath::ticker);
  EXPECT_EQ(server.encode_ticker("/fapi/v1/aggTrades?symbol=X&limit=1", states),
            R"([{"a":9,"p":"1.50","q":"1.000","f":9,"l":9,"T":900,"m":true}])");
  EXPECT_EQ(server.encode_ticker("/fapi/v1/aggTrades", states).substr(0, 13), R"({"code":-1102)");
  EXPECT_EQ(server.encode_ticker("/fapi/v1/aggTrades?symbol=Y", states),
            R"({"code":-1121,"msg":"Invalid symbol."})");
}

TEST(BinanceHeartbeat, IsLeftToTheProtocol) {
  EXPECT_TRUE(client.ping_text().empty());
  EXPECT_TRUE(server.encode_pong({}).empty());
  EXPECT_TRUE(server.encode_notice(wall_from_ms(1)).empty()) << "only Spot announces its closes";
}

}  // namespace
}  // namespace feedwatch::venues::binance_usdm
