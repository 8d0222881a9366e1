#include <gtest/gtest.h>

#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::coinbase_advanced {
namespace {

const Client client;
const Server server;

TEST(AdvancedSheet, WhatProvesWhat) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.channels[heartbeats].beats, BeatScope::line);
  EXPECT_EQ(sheet.channels[heartbeats].cadence, clocked(1s));
  EXPECT_FALSE(sheet.channels[ticker].seq_orders);
  EXPECT_EQ(sheet.channels[ticker].event_time, EventTime::publish);
  EXPECT_TRUE(client.ping_text().empty());
}

TEST(AdvancedRequests, OneChannelARequestAndHeartbeatsWithoutProducts) {
  const std::vector<Topic> topics{{ticker, "BTC-USD"}, {heartbeats, ""}, {ticker, "ETH-USD"}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].text,
            R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"ticker"})");
  EXPECT_EQ(requests[1].text, R"({"type":"subscribe","channel":"heartbeats"})");
  EXPECT_EQ(requests[1].topics, (std::vector<Topic>{{heartbeats, ""}}));
  EXPECT_EQ(client.unsubscribe({topics.data(), 1}, 7)[0].text,
            R"({"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"ticker"})");
}

TEST(AdvancedRequests, TheVenueReadsWhatTheClientWrites) {
  const std::vector<Topic> topics{{ticker, "\"К\\"}, {ticker, "A-B"}};
  const ClientMessage message = server.parse_client(client.subscribe(topics, 42)[0].text);
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.topics, topics);
  test::Reading ack(client, server.encode_ack(message).at(0));
  ASSERT_EQ(ack.type, MessageType::ack);
  EXPECT_EQ(ack.out.ack->topics, topics);
  const std::vector<Topic> beats{{heartbeats, ""}};
  const ClientMessage beat = server.parse_client(client.subscribe(beats, 1)[0].text);
  EXPECT_EQ(beat.topics, beats);
  EXPECT_EQ(server.encode_ack(beat).at(0),
            R"({"channel":"subscriptions","events":[{"subscriptions":{"heartbeats":)"
            R"(["heartbeats"]}}]})");
  const ClientMessage gone = server.parse_client(client.unsubscribe(topics, 1)[0].text);
  EXPECT_EQ(server.encode_ack(gone).at(0),
            R"({"channel":"subscriptions","events":[{"subscriptions":{}}]})");
}

TEST(AdvancedRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  EXPECT_EQ(
      server.parse_client(R"({"type":"subscribe","channel":"level2","product_ids":["A"]})").invalid,
      std::vector<std::string>{"level2"});
  EXPECT_EQ(server.parse_client(R"({"type":"subscribe","channel":"ticker"})").invalid,
            std::vector<std::string>{"ticker"});
  for (const std::string_view text : {"", "{", "[]", R"({"type":7})", R"({"channel":"ticker"})"}) {
    EXPECT_EQ(server.parse_client(text).op, ClientOp::unknown) << text;
  }
}

TEST(AdvancedEndpoint, TheHostAlone) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://advanced-trade-ws.coinbase.com", "advanced"),
            "wss://advanced-trade-ws.coinbase.com/");
  EXPECT_EQ(server.route_of("/?x", topics), "advanced");
  EXPECT_EQ(server.route_of("/x", topics), std::nullopt);
  EXPECT_TRUE(serves(server, "wss://advanced-trade-ws.coinbase.com"));
}

TEST(AdvancedRest, AnAliasIsNoInstrument) {
  const auto read = client.parse_instruments(
      R"({"products":[{"product_id":"BTC-USD","status":"online","trading_disabled":false,)"
      R"("alias":"","alias_to":["BTC-USDC"]},{"product_id":"BTC-USDC","status":"online",)"
      R"("alias":"BTC-USD"},{"product_id":"EURC-USDC","status":"online","alias":""},)"
      R"({"product_id":"OLD-USD","status":"delisted","trading_disabled":true}]})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(test::told(*read), (std::vector<std::string>{"BTC-USD", "EURC-USDC", "OLD-USD halted"}))
      << "BTC-USDC comes back as BTC-USD";
}

TEST(AdvancedRest, InstrumentsRoundTripAndPages) {
  const std::vector<Instrument> own{{"A-B", true}, {"C-D", false}};
  const std::string body = server.encode_instruments(own);
  const auto back = client.parse_instruments(body);
  ASSERT_TRUE(back) << back.error();
  ASSERT_EQ(back->size(), 2U);
  EXPECT_TRUE((*back)[0].trading);
  EXPECT_FALSE((*back)[1].trading);
  const std::string url = client.instruments_url("http://h");
  EXPECT_EQ(url, "http://h/api/v3/brokerage/market/products");
  EXPECT_TRUE(client.next_instruments_url("http://h", body).empty());
  EXPECT_EQ(client.next_instruments_url(
                "http://h", R"({"products":[],"pagination":{"next_cursor":"a=","has_next":true}})"),
            url + "?cursor=a%3D");
}

TEST(AdvancedRest, DocumentedAnswers) {
  EXPECT_EQ(client.price_url("http://h", "BTC-USD", Kind::quote),
            "http://h/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1");
  constexpr std::string_view body =
      R"({"trades":[{"trade_id":"34b080bf-fcfd","product_id":"BTC-USD","price":"140.91",)"
      R"("size":"4","time":"2021-05-31T09:59:59.000Z","side":"BUY"}],"best_bid":"291.13",)"
      R"("best_ask":"292.40"})";
  const auto last = client.parse_price(body, "BTC-USD", Kind::last);
  ASSERT_TRUE(last) << last.error();
  EXPECT_EQ(last->prices.price.to_string(), "140.91");
  EXPECT_FALSE(last->ts_event.has_value());
  EXPECT_FALSE(last->seq.has_value());
  const auto quote = client.parse_price(body, "BTC-USD", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.price.to_string(), "291.13");
  EXPECT_EQ(quote->prices.ask.to_string(), "292.40");
  EXPECT_FALSE(client.parse_price(server.encode_ticker("/x", {}), "X", Kind::last));
}

TEST(AdvancedRest, PathsAndAnswers) {
  EXPECT_EQ(server.rest_path("/api/v3/brokerage/time"), VenueSide::RestPath::time);
  EXPECT_EQ(server.rest_path("/api/v3/brokerage/market/products?limit=1"),
            VenueSide::RestPath::instruments);
  EXPECT_EQ(server.rest_path("/api/v3/brokerage/products"), std::nullopt) << "needs a login";
  EXPECT_EQ(server.encode_time(wall_from_ms(1690848000123)),
            R"({"iso":"2023-08-01T00:00:00.123Z","epochSeconds":"1690848000",)"
            R"("epochMillis":"1690848000123"})");
}

}  // namespace
}  // namespace feedwatch::venues::coinbase_advanced
