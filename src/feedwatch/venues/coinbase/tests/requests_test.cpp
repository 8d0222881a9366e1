#include <gtest/gtest.h>

#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::coinbase {
namespace {

const Client client;
const Server server;

TEST(CoinbaseSheet, WhatProvesWhat) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.channels[heartbeat].beats, BeatScope::symbol);
  EXPECT_EQ(sheet.channels[heartbeat].cadence, clocked(1s));
  EXPECT_EQ(sheet.channels[ticker].event_time, EventTime::trade);
  EXPECT_TRUE(sheet.channels[ticker].seq_comparable);
  EXPECT_TRUE(sheet.deflate);
  EXPECT_EQ(channel_for(sheet, Kind::last), ticker);
  EXPECT_EQ(channel_for(sheet, Kind::quote), ticker);
}

TEST(CoinbaseRequests, OneChannelARequest) {
  const std::vector<Topic> topics{{ticker, "BTC-USD"}, {heartbeat, "BTC-USD"}, {ticker, "ETH-USD"}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].text, R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],)"
                              R"("channels":["ticker"]})");
  EXPECT_EQ(requests[1].text,
            R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["heartbeat"]})");
  EXPECT_EQ(requests[1].id, 6U);
  EXPECT_EQ(client.unsubscribe({topics.data(), 1}, 7)[0].text,
            R"({"type":"unsubscribe","product_ids":["BTC-USD"],"channels":["ticker"]})");
}

TEST(CoinbaseRequests, TheVenueReadsBothFormsOfARequest) {
  const std::vector<Topic> topics{{ticker, "A"}, {heartbeat, "A"}, {ticker, "B"}};
  const ClientMessage message = server.parse_client(
      R"({"type":"subscribe","product_ids":["A"],"channels":["ticker","heartbeat",)"
      R"({"name":"ticker","product_ids":["B"]}]})");
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.topics, topics);
  EXPECT_TRUE(message.invalid.empty());
  EXPECT_EQ(server.encode_ack(message),
            std::vector<std::string>{
                R"({"type":"subscriptions","channels":[{"name":"ticker","product_ids":["A","B"],)"
                R"("account_ids":null},{"name":"heartbeat","product_ids":["A"],)"
                R"("account_ids":null}]})"});
}

TEST(CoinbaseRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  const ClientMessage message = server.parse_client(
      R"({"type":"subscribe","product_ids":["A",7],"channels":["full","ticker",{"name":1}]})");
  EXPECT_EQ(message.topics, (std::vector<Topic>{{ticker, "A"}}));
  EXPECT_EQ(message.invalid, (std::vector<std::string>{R"("full")", "7", R"({"name":1})"}));
  EXPECT_EQ(server.parse_client(R"({"type":"subscribe","channels":["heartbeat"]})").invalid.size(),
            1U)
      << "a heartbeat without a product is an error";
  for (const std::string_view text : {"", "{", "[]", R"({"type":7})", R"({"channels":[]})"}) {
    EXPECT_EQ(server.parse_client(text).op, ClientOp::unknown) << text;
  }
}

TEST(CoinbaseRequests, GivingUpIsAnsweredByAListWithoutIt) {
  const std::vector<Topic> topics{{ticker, "A"}};
  const ClientMessage message = server.parse_client(client.unsubscribe(topics, 1)[0].text);
  EXPECT_EQ(message.op, ClientOp::unsubscribe);
  test::Reading answer(client, server.encode_ack(message).at(0));
  ASSERT_EQ(answer.type, MessageType::ack);
  EXPECT_TRUE(answer.out.ack->complete);
  EXPECT_TRUE(answer.out.ack->topics.empty());
}

TEST(CoinbaseHeartbeat, NoTextPings) {
  EXPECT_TRUE(client.ping_text().empty());
  EXPECT_EQ(client.sheet().ping, PingStyle::protocol);
  EXPECT_EQ(server.parse_client(R"({"type":"pong"})").op, ClientOp::unknown);
}

TEST(CoinbaseEndpoint, TheHostAlone) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://ws-feed.exchange.coinbase.com", "feed"),
            "wss://ws-feed.exchange.coinbase.com/");
  EXPECT_EQ(server.route_of("/", topics), "feed");
  EXPECT_EQ(server.route_of("/x", topics), std::nullopt);
  EXPECT_TRUE(server.delivers("feed", heartbeat));
  EXPECT_FALSE(server.delivers("feed", 2));
  EXPECT_TRUE(serves(server, "wss://ws-feed.exchange.coinbase.com"));
  EXPECT_FALSE(serves(server, "wss://advanced-trade-ws.coinbase.com"));
}

TEST(CoinbaseRest, OnlyWhatMatchesOrdersIsTrading) {
  EXPECT_EQ(client.instruments_url("http://h"), "http://h/products");
  const auto read = client.parse_instruments(
      R"([{"id":"BTC-USD","status":"online","trading_disabled":false,"cancel_only":false},)"
      R"({"id":"OFF-USD","status":"online","trading_disabled":true},)"
      R"({"id":"CAN-USD","status":"online","trading_disabled":false,"cancel_only":true},)"
      R"({"id":"GONE-USD","status":"delisted"}])");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(test::told(*read), (std::vector<std::string>{"BTC-USD", "OFF-USD halted",
                                                         "CAN-USD halted", "GONE-USD halted"}));
  EXPECT_EQ(client.parse_instruments(R"({"message":"NotFound"})").error(),
            "the instrument list is no array");
  const std::vector<Instrument> own{{"A-B", true}, {"C-D", false}};
  const auto back = client.parse_instruments(server.encode_instruments(own));
  ASSERT_TRUE(back) << back.error();
  EXPECT_TRUE((*back)[0].trading);
  EXPECT_FALSE((*back)[1].trading);
}

TEST(CoinbaseRest, TheLastTradesNumberSaysWhatTheFeedCouldKnow) {
  EXPECT_EQ(client.price_url("http://h", "BTC-USD", Kind::last),
            "http://h/products/BTC-USD/ticker");
  EXPECT_TRUE(client.price_url("http://h", "BTC-USD", Kind::mark).empty());
  constexpr std::string_view body =
      R"({"trade_id":86326522,"price":"6268.48","size":"0.00698254",)"
      R"("time":"2020-03-20T00:22:57.833897Z","bid":"6265.15","ask":"6267.71","volume":"53602.03"})";
  const auto last = client.parse_price(body, "BTC-USD", Kind::last);
  ASSERT_TRUE(last) << last.error();
  EXPECT_EQ(last->prices.price.to_string(), "6268.48");
  EXPECT_EQ(last->seq, 86326522U);
  const auto quote = client.parse_price(body, "BTC-USD", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.ask.to_string(), "6267.71");
  EXPECT_EQ(quote->seq, 86326522U) << "no trade since, so the feed owes no quote";
  EXPECT_FALSE(last->ts_event || quote->ts_event) << "the trade's time is not that of the answer";
}

TEST(CoinbaseRest, PathsAndAnswers) {
  EXPECT_EQ(server.rest_path("/time"), VenueSide::RestPath::time);
  EXPECT_EQ(server.rest_path("/products"), VenueSide::RestPath::instruments);
  EXPECT_EQ(server.rest_path("/products/A%2FB/ticker"), VenueSide::RestPath::ticker);
  for (const std::string_view target :
       {"/products/ticker", "/products//ticker", "/products/A/B/ticker", "/products/A/book"}) {
    EXPECT_EQ(server.rest_path(target), std::nullopt) << target;
  }
  EXPECT_EQ(server.encode_ticker("/products/NO/ticker", {}), R"({"message":"NotFound"})");
  EXPECT_EQ(server.encode_time(wall_from_ms(1420674445201)),
            R"({"iso":"2015-01-07T23:47:25.201Z","epoch":1420674445.201})");
}

}  // namespace
}  // namespace feedwatch::venues::coinbase
