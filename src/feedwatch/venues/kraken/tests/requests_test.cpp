#include <gtest/gtest.h>

#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::kraken {
namespace {

const Client client;
const Server server;

TEST(KrakenSheet, WhatProvesWhat) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(channel_for(sheet, Kind::last), trade);
  EXPECT_EQ(channel_for(sheet, Kind::quote), ticker);
  EXPECT_EQ(channel_for(sheet, Kind::mark), std::nullopt);
  EXPECT_EQ(sheet.server_heartbeat, Duration{1s});
  EXPECT_TRUE(sheet.channels[trade].seq_comparable);
  EXPECT_FALSE(sheet.channels[ticker].seq_orders);
}

TEST(KrakenRequests, OneChannelARequest) {
  const std::vector<Topic> topics{{ticker, "BTC/USD"}, {trade, "BTC/USD"}, {ticker, "DOGE/EUR"}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].id, 5U);
  EXPECT_EQ(requests[0].topics, (std::vector<Topic>{{ticker, "BTC/USD"}, {ticker, "DOGE/EUR"}}));
  EXPECT_EQ(requests[0].text,
            R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD","DOGE/EUR"],)"
            R"("event_trigger":"bbo","snapshot":true},"req_id":5})");
  EXPECT_EQ(requests[1].id, 6U);
  EXPECT_EQ(requests[1].text,
            R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],)"
            R"("snapshot":true},"req_id":6})");
  EXPECT_EQ(client.unsubscribe({topics.data(), 1}, 7)[0].text,
            R"({"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/USD"],)"
            R"("event_trigger":"bbo"},"req_id":7})");
}

TEST(KrakenRequests, TheVenueReadsWhatTheClientWrites) {
  const std::vector<Topic> topics{{trade, "\"К\\/x"}, {trade, "A/B"}};
  const ClientMessage message = server.parse_client(client.subscribe(topics, 42)[0].text);
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.id, "42");
  EXPECT_EQ(message.topics, topics);
  EXPECT_TRUE(message.invalid.empty());
  const auto answers = server.encode_ack(message);
  ASSERT_EQ(answers.size(), 2U) << "one for every symbol";
  EXPECT_EQ(answers[1], R"({"method":"subscribe","req_id":42,"result":{"channel":"trade",)"
                        R"("snapshot":true,"symbol":"A/B"},"success":true})");
}

TEST(KrakenRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  EXPECT_EQ(server
                .parse_client(R"({"method":"subscribe","params":{"channel":"ohlc",)"
                              R"("symbol":["A/B"]}})")
                .invalid,
            std::vector<std::string>{"ohlc"});
  EXPECT_EQ(server
                .parse_client(R"({"method":"subscribe","params":{"channel":"trade",)"
                              R"("symbol":["A/B",7,""]}})")
                .invalid,
            (std::vector<std::string>{"7", "\"\""}));
  for (const std::string_view text : {"", "{", "[]", R"({"method":7})", R"({"params":{}})"}) {
    EXPECT_EQ(server.parse_client(text).op, ClientOp::unknown) << text;
  }
}

TEST(KrakenHeartbeat, PingPongAndTheVenuesOwn) {
  EXPECT_EQ(client.ping_text(), R"({"method":"ping"})");
  EXPECT_EQ(server.parse_client(client.ping_text()).op, ClientOp::ping);
  const ClientMessage ping = server.parse_client(R"({"method":"ping","req_id":101})");
  EXPECT_EQ(server.encode_pong(ping), R"({"method":"pong","req_id":101})");
  EXPECT_EQ(test::Reading(client, server.encode_pong(ping)).type, MessageType::pong);
  EXPECT_EQ(test::Reading(client, server.encode_heartbeat({}, 1)).type, MessageType::ignored);
}

TEST(KrakenEncode, WelcomeAndStatusAreUnderstood) {
  test::Reading welcome(client, server.encode_welcome());
  ASSERT_EQ(welcome.type, MessageType::status);
  EXPECT_TRUE(welcome.out.status->trading);
  test::Reading stopped(client, server.encode_status(false, {}));
  ASSERT_EQ(stopped.type, MessageType::status);
  EXPECT_FALSE(stopped.out.status->trading);
}

TEST(KrakenEndpoint, OnlyTheSecondVersionHasAPath) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://ws.kraken.com", "v2"), "wss://ws.kraken.com/v2");
  EXPECT_EQ(server.route_of("/v2", topics), "v2");
  EXPECT_EQ(server.route_of("/", topics), std::nullopt) << "v1";
  EXPECT_FALSE(serves(server, "wss://ws.kraken.com"));
  EXPECT_TRUE(serves(server, "wss://ws.kraken.com/v2"));
}

TEST(KrakenRest, InstrumentsAreCalledAsTheWebSocketCallsThem) {
  EXPECT_EQ(client.instruments_url("http://h"), "http://h/0/public/AssetPairs");
  const auto read = client.parse_instruments(
      R"({"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT\/USD",)"
      R"("status":"online"},"XXBTZUSD.d":{"altname":"XBTUSD.d","status":"online"},)"
      R"("XETHXXBT":{"wsname":"ETH\/XBT","status":"cancel_only"},)"
      R"("XDGEUR":{"wsname":"XDG\/EUR","status":"limit_only"},)"
      R"("MATICGBP":{"wsname":"MATIC\/GBP","status":"post_only"}}})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(test::told(*read), (std::vector<std::string>{"BTC/USD", "ETH/BTC halted", "DOGE/EUR",
                                                         "MATIC/GBP halted"}));
  EXPECT_FALSE(client.parse_instruments(R"({"error":["EGeneral:Internal error"]})"));
  const std::vector<Instrument> own{{"BTC/USD", true}, {"A/DOGE", false}};
  const auto back = client.parse_instruments(server.encode_instruments(own));
  ASSERT_TRUE(back) << back.error();
  ASSERT_EQ(back->size(), 2U);
  EXPECT_EQ((*back)[1].symbol, "A/DOGE");
  EXPECT_FALSE((*back)[1].trading);
}

TEST(KrakenRest, PricesAreAskedForByRestsNames) {
  EXPECT_EQ(client.price_url("http://h", "BTC/USD", Kind::quote),
            "http://h/0/public/Ticker?pair=XBTUSD");
  EXPECT_EQ(client.price_url("http://h", "MATIC/DOGE", Kind::last),
            "http://h/0/public/Trades?pair=MATICXDG&count=1");
  EXPECT_TRUE(client.price_url("http://h", "BTC/USD", Kind::mark).empty());
}

TEST(KrakenRest, DocumentedAnswers) {
  const auto quote =
      client.parse_price(R"({"error":[],"result":{"XXBTZUSD":{"a":["30300.10000","1","1.000"],)"
                         R"("b":["30300.00000","1","1.000"],"c":["30303.20000","0.00067643"]}}})",
                         "BTC/USD", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.price.to_string(), "30300.00000");
  EXPECT_EQ(quote->prices.ask.to_string(), "30300.10000");
  const auto last = client.parse_price(
      R"({"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.827736,"b","m",)"
      R"("",61044951],["30243.30000","0.00376960",1688669598.2804112,"s","l","",61044952]],)"
      R"("last":"1688671969993150842"}})",
      "BTC/USD", Kind::last);
  ASSERT_TRUE(last) << last.error();
  EXPECT_EQ(last->prices.price.to_string(), "30243.30000");
  EXPECT_EQ(last->seq, 61044952U) << "the number the stream counts by";
  EXPECT_FALSE(last->ts_event) << "the trade's time is not that of the answer";
  EXPECT_FALSE(client.parse_price(R"({"error":["EQuery:Unknown asset pair"]})", "X", Kind::last));
  EXPECT_EQ(server.encode_ticker("/0/public/Ticker?pair=NONE", {}),
            R"({"error":["EQuery:Unknown asset pair"]})");
  EXPECT_EQ(server.encode_time(wall_from_ms(1688669448123)),
            R"({"error":[],"result":{"unixtime":1688669448}})");
  EXPECT_EQ(server.rest_path("/0/public/Depth"), std::nullopt);
}

TEST(KrakenRest, AllPairsInOneAnswer) {
  EXPECT_EQ(client.prices_url("http://h", "BTC/USD", Kind::quote), "http://h/0/public/Ticker");
  EXPECT_EQ(client.prices_url("http://h", "A/B", Kind::last), "http://h/0/public/Ticker");
  const std::array asked{PriceName{"BTC/USD", Kind::quote}, PriceName{"DOGE/USDT", Kind::last},
                         PriceName{"USDT/USD", Kind::last}, PriceName{"ETH/EUR", Kind::last}};
  const auto told = client.parse_prices(
      R"({"error":[],"result":{"USDTZUSD":{"c":["0.9998","1"]},"XDGUSDT":{"c":["0.21","4"]},)"
      R"("XETHZEUR":{"c":["0","1"]},"XXBTZUSD":{"a":["30300.10000","1","1.000"],)"
      R"("b":["30300.00000","1","1.000"],"c":["30303.20000","0.00067643"]}}})",
      asked);
  ASSERT_TRUE(told) << told.error();
  EXPECT_EQ((*told)[0]->prices.ask.to_string(), "30300.10000");
  EXPECT_EQ((*told)[1]->prices.price.to_string(), "0.21");
  EXPECT_EQ((*told)[2]->prices.price.to_string(), "0.9998");
  EXPECT_FALSE((*told)[3]) << "zero is no price";
  EXPECT_FALSE((*told)[1]->seq) << "trades are counted where one pair is asked for";
}

}  // namespace
}  // namespace feedwatch::venues::kraken
