#include <gtest/gtest.h>

#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::bybit_linear {
namespace {

const Client client;
const Server server;

TEST(BybitRequests, SubscribeKeepsTheSymbolsCase) {
  const std::vector<Topic> topics{{tickers, "BTCUSDT"}, {orderbook_1, "x.Y"}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].text,
            R"({"req_id":"5","op":"subscribe","args":["tickers.BTCUSDT","orderbook.1.x.Y"]})");
  EXPECT_EQ(client.unsubscribe(topics, 6)[0].text,
            R"({"req_id":"6","op":"unsubscribe","args":["tickers.BTCUSDT","orderbook.1.x.Y"]})");
}

TEST(BybitRequests, ArgumentsOfALineStayWithinTheVenuesCharacters) {
  std::vector<Topic> topics;
  for (std::size_t i = 0; i < client.sheet().max_topics_per_line; ++i) {
    topics.push_back({orderbook_1, std::string(80, 'X') + std::to_string(i)});
  }
  std::size_t characters = 0;
  for (const ClientRequest& request : client.subscribe(topics, 1))
    characters += request.text.size();
  EXPECT_LE(characters, 21'000U);
}

TEST(BybitRequests, TheVenueReadsWhatTheClientWrites) {
  const std::vector<Topic> topics{{tickers, "1000BONKUSDT"}, {orderbook_1, "\"К\\.1"}};
  const ClientMessage message = server.parse_client(client.subscribe(topics, 42)[0].text);
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.id, R"("42")");
  EXPECT_EQ(message.topics, topics);
  EXPECT_TRUE(message.invalid.empty());
}

TEST(BybitRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  const ClientMessage message =
      server.parse_client(R"({"op":"subscribe","args":["kline.1.X","tickers.",null]})");
  EXPECT_EQ(message.invalid, (std::vector<std::string>{"kline.1.X", "tickers.", "null"}));
  test::Reading refusal(client, server.encode_refusal(message));
  ASSERT_EQ(refusal.type, MessageType::ack);
  EXPECT_EQ(refusal.out.ack->message, "Invalid topic: kline.1.X");
}

TEST(BybitHeartbeat, PingAndPong) {
  const ClientMessage ping = server.parse_client(client.ping_text());
  EXPECT_EQ(ping.op, ClientOp::ping);
  EXPECT_EQ(test::Reading(client, server.encode_pong(ping)).type, MessageType::pong);
}

TEST(BybitEndpoint, OnePathOneRoute) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://stream.bybit.com", "linear"),
            "wss://stream.bybit.com/v5/public/linear");
  EXPECT_EQ(server.route_of("/v5/public/linear", topics), "linear");
  EXPECT_EQ(server.route_of("/v5/public/linear?x=1", topics), "linear");
  for (const std::string_view target :
       {"/v5/public/spot", "/v5/public/", "/", "/v5/public/linear/"}) {
    EXPECT_EQ(server.route_of(target, topics), std::nullopt) << target;
  }
  EXPECT_TRUE(server.delivers("linear", tickers));
  EXPECT_TRUE(server.delivers("linear", orderbook_1));
  EXPECT_FALSE(server.delivers("linear", 2));
}

TEST(BybitRest, InstrumentsRoundTripAndPages) {
  const std::vector<Instrument> instruments{{"BTCUSDT", true}, {"OLDUSDT", false}};
  const std::string body = server.encode_instruments(instruments);
  const auto read = client.parse_instruments(body);
  ASSERT_TRUE(read.has_value()) << read.error();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_TRUE((*read)[0].trading);
  EXPECT_FALSE((*read)[1].trading);
  EXPECT_EQ(client.instruments_url("http://h"),
            "http://h/v5/market/instruments-info?category=linear&limit=1000");
  EXPECT_TRUE(client.next_instruments_url("http://h", body).empty());
  for (const std::string_view cursor : {"first%3DA%26b", "first=A&b"}) {
    const std::string page =
        R"({"result":{"list":[],"nextPageCursor":")" + std::string(cursor) + R"("}})";
    EXPECT_EQ(
        client.next_instruments_url("http://h", page),
        "http://h/v5/market/instruments-info?category=linear&limit=1000&cursor=first%3DA%26b");
  }
  EXPECT_TRUE(client.next_instruments_url("http://h", "<html>").empty());
}

TEST(BybitRest, PathsAndAnswers) {
  EXPECT_EQ(server.rest_path("/v5/market/time"), VenueSide::RestPath::time);
  EXPECT_EQ(server.rest_path("/v5/market/instruments-info?category=linear&limit=1000"),
            VenueSide::RestPath::instruments);
  EXPECT_EQ(server.rest_path("/v5/market/tickers?category=linear&symbol=X"),
            VenueSide::RestPath::ticker);
  EXPECT_EQ(server.rest_path("/v5/market/tickers?category=linear"), VenueSide::RestPath::tickers);
  EXPECT_EQ(server.rest_path("/v5/market/tickers?category=spot"), std::nullopt);
  EXPECT_EQ(server.rest_path("/v5/market/kline?category=linear"), std::nullopt);
  EXPECT_EQ(server.encode_time(wall_from_ns(1688639403423213947)),
            R"({"retCode":0,"retMsg":"OK","result":{"timeSecond":"1688639403",)"
            R"("timeNano":"1688639403423213947"},"retExtInfo":{},"time":1688639403423})");
  const MarketState state{.symbol = "X",
                          .last = Decimal(3, 0),
                          .bid = Decimal(1, 0),
                          .ask = Decimal(2, 0),
                          .mark = Decimal(150, 2),
                          .index = Decimal(160, 2),
                          .now = wall_from_ms(1000)};
  EXPECT_EQ(server.encode_ticker("/v5/market/tickers?category=linear&symbol=X", {&state, 1}),
            R"({"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"X",)"
            R"("lastPrice":"3","indexPrice":"1.60","markPrice":"1.50","bid1Price":"1",)"
            R"("bid1Size":"1.000","ask1Price":"2","ask1Size":"1.000"}],"nextPageCursor":""},)"
            R"("retExtInfo":{},"time":1000})");
  EXPECT_EQ(server.encode_ticker("/v5/market/tickers?category=linear&symbol=Y", {&state, 1}),
            R"({"retCode":10001,"retMsg":"params error: symbol invalid","result":{},)"
            R"("retExtInfo":{}})");
}

}  // namespace
}  // namespace feedwatch::venues::bybit_linear
