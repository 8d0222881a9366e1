#include <gtest/gtest.h>

#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::okx {
namespace {

const Client client;
const Server server;

TEST(OkxSheet, TheFactsThatLimitAConnection) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.dials.count, 3U);
  EXPECT_EQ(sheet.dials.window, Duration{1s});
  EXPECT_LT(sheet.ping_busy, Duration{30s}) << "silent for 30 s, a connection is cut";
  EXPECT_EQ(sheet.requests.count, 480U);
  EXPECT_EQ(sheet.requests.window, Duration{1h});
  EXPECT_EQ(sheet.channels[mark_price].cadence, clocked(10s));
  EXPECT_EQ(sheet.channels[bbo_tbt].cadence, clocked(60s));
  EXPECT_EQ(sheet.channels[index_tickers].cadence, clocked(60s));
  EXPECT_EQ(sheet.channels[status].beats, BeatScope::venue);
}

TEST(OkxRequests, SubscribeAndUnsubscribe) {
  const std::vector<Topic> topics{{tickers, "BTC-USDT"}, {bbo_tbt, "BTC-USDT-SWAP"}, {status, ""}};
  const auto requests = client.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].id, 5U);
  EXPECT_EQ(requests[0].topics, topics);
  EXPECT_EQ(requests[0].text,
            R"({"id":"5","op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"},)"
            R"({"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},{"channel":"status"}]})");
  EXPECT_EQ(client.unsubscribe({topics.data(), 1}, 6)[0].text,
            R"({"id":"6","op":"unsubscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]})");
}

TEST(OkxRequests, StayWithinSixtyFourKilobytes) {
  std::vector<Topic> topics(client.sheet().max_topics_per_line,
                            Topic{tickers, std::string(1000, 'X')});
  for (const ClientRequest& request : client.subscribe(topics, 1)) {
    EXPECT_LE(request.text.size(), 65'536U);
  }
}

TEST(OkxRequests, TheVenueReadsWhatTheClientWrites) {
  const std::vector<Topic> topics{{index_tickers, "\"К\\"}, {mark_price, "A-B-SWAP"}, {status, ""}};
  const ClientMessage message = server.parse_client(client.subscribe(topics, 42)[0].text);
  EXPECT_EQ(message.op, ClientOp::subscribe);
  EXPECT_EQ(message.id, R"("42")");
  EXPECT_EQ(message.topics, topics);
  EXPECT_TRUE(message.invalid.empty());
  const auto answers = server.encode_ack(message);
  ASSERT_EQ(answers.size(), 3U) << "one for every argument";
  EXPECT_EQ(answers[1], R"({"id":"42","event":"subscribe","arg":{"channel":"mark-price",)"
                        R"("instId":"A-B-SWAP"},"connId":"feedwatch0"})");
}

TEST(OkxRequests, WhatTheVenueDoesNotUnderstandIsNamed) {
  const ClientMessage message = server.parse_client(
      R"({"op":"subscribe","args":[{"channel":"candle1D","instId":"X"},{"channel":"tickers"},7]})");
  EXPECT_EQ(message.invalid, (std::vector<std::string>{"channel:candle1D,instId:X",
                                                       "channel:tickers,instId:", "7"}));
  test::Reading refusal(client, server.encode_refusal(message));
  ASSERT_EQ(refusal.type, MessageType::ack);
  EXPECT_FALSE(refusal.out.ack->ok);
  EXPECT_EQ(refusal.out.ack->message.find("Wrong URL or channel:candle1D,instId:X doesn't exist."),
            0U);
  for (const std::string_view text : {"", "{", "[]", "7", R"({"op":7})", R"({"args":[]})"}) {
    EXPECT_EQ(server.parse_client(text).op, ClientOp::unknown) << text;
  }
}

TEST(OkxHeartbeat, PingAndPongAreBareTexts) {
  EXPECT_EQ(client.ping_text(), "ping");
  const ClientMessage ping = server.parse_client("ping");
  EXPECT_EQ(ping.op, ClientOp::ping);
  EXPECT_EQ(server.encode_pong(ping), "pong");
}

TEST(OkxEndpoint, OnePathOneRoute) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://ws.okx.com:8443", "public"),
            "wss://ws.okx.com:8443/ws/v5/public");
  EXPECT_EQ(server.route_of("/ws/v5/public", topics), "public");
  for (const std::string_view target : {"/ws/v5/business", "/ws/v5/", "/", "/ws/v5/public/"}) {
    EXPECT_EQ(server.route_of(target, topics), std::nullopt) << target;
  }
  EXPECT_TRUE(server.delivers("public", status));
  EXPECT_FALSE(server.delivers("public", 5));
}

TEST(OkxEncode, NoticeAndStatusAreUnderstood) {
  EXPECT_EQ(test::Reading(client, server.encode_notice(wall_from_ms(1))).type, MessageType::notice);
  for (const bool trading : {false, true}) {
    test::Reading reading(client, server.encode_status(trading, wall_from_ms(1)));
    ASSERT_EQ(reading.type, MessageType::status);
    EXPECT_EQ(reading.out.status->trading, trading);
  }
}

TEST(OkxRest, InstrumentsOfThreeTypes) {
  const std::vector<Instrument> all{
      {"BTC-USDT-SWAP", true}, {"BTC-USDT", true}, {"OLD-USDT", false}, {"BTC-USD-241227", true}};
  std::string url = client.instruments_url("http://h");
  EXPECT_EQ(url, "http://h/api/v5/public/instruments?instType=SPOT");
  std::vector<std::string> urls;
  std::vector<std::string> listed;
  while (!url.empty()) {
    urls.push_back(url.substr(8));
    ASSERT_EQ(server.rest_path(urls.back()), VenueSide::RestPath::instruments);
    const std::string body = server.encode_instruments_page(urls.back(), all);
    const auto page = client.parse_instruments(body);
    ASSERT_TRUE(page) << page.error();
    for (const Instrument& instrument : *page) {
      listed.push_back(instrument.symbol + (instrument.trading ? "" : " halted"));
    }
    url = client.next_instruments_url("http://h", body);
  }
  EXPECT_EQ(urls, (std::vector<std::string>{"/api/v5/public/instruments?instType=SPOT",
                                            "/api/v5/public/instruments?instType=SWAP",
                                            "/api/v5/public/instruments?instType=FUTURES"}));
  EXPECT_EQ(listed, (std::vector<std::string>{"BTC-USDT", "OLD-USDT halted", "BTC-USDT-SWAP",
                                              "BTC-USD-241227"}));
  EXPECT_TRUE(client.next_instruments_url("http://h", "<html>").empty());
  EXPECT_TRUE(client.next_instruments_url("http://h", R"({"data":[]})").empty());
}

TEST(OkxRest, AMarketOfSwapsAloneIsWalkedThroughAsWell) {
  const std::vector<Instrument> swaps{{"BTC-USDT-SWAP", true}};
  const std::string first =
      server.encode_instruments_page("/api/v5/public/instruments?instType=SPOT", swaps);
  EXPECT_EQ(client.parse_instruments(first).value().size(), 1U);
  EXPECT_EQ(client.next_instruments_url("http://h", first),
            "http://h/api/v5/public/instruments?instType=FUTURES");
}

TEST(OkxRest, EveryKindHasItsPath) {
  EXPECT_EQ(client.price_url("http://h/", "BTC-USDT", Kind::last),
            "http://h/api/v5/market/ticker?instId=BTC-USDT");
  EXPECT_EQ(client.price_url("http://h", "BTC-USDT", Kind::quote),
            "http://h/api/v5/market/books?instId=BTC-USDT&sz=1");
  EXPECT_EQ(client.price_url("http://h", "BTC-USDT-SWAP", Kind::mark),
            "http://h/api/v5/public/mark-price?instId=BTC-USDT-SWAP&instType=SWAP");
  EXPECT_EQ(client.price_url("http://h", "BTC-USDT", Kind::mark),
            "http://h/api/v5/public/mark-price?instId=BTC-USDT&instType=MARGIN");
  EXPECT_EQ(client.price_url("http://h", "BTC-USD", Kind::index),
            "http://h/api/v5/market/index-tickers?instId=BTC-USD");
  EXPECT_EQ(instrument_type("BTC-USD-241227"), "FUTURES");
  EXPECT_EQ(instrument_type("BTC-USD-220514-22000-C"), "OPTION");
}

TEST(OkxRest, WhatIsListedTogether) {
  EXPECT_EQ(client.prices_url("http://h", "BTC-USDT", Kind::last),
            "http://h/api/v5/market/tickers?instType=SPOT");
  EXPECT_EQ(client.prices_url("http://h", "BTC-USDT-SWAP", Kind::quote),
            "http://h/api/v5/market/tickers?instType=SWAP");
  EXPECT_EQ(client.prices_url("http://h", "BTC-USDT", Kind::mark),
            "http://h/api/v5/public/mark-price?instType=MARGIN");
  EXPECT_EQ(client.prices_url("http://h", "BTC-USD", Kind::index),
            "http://h/api/v5/market/index-tickers?quoteCcy=USD");
  EXPECT_EQ(client.prices_url("http://h", "BTC-EUR", Kind::index), "");
  EXPECT_EQ(client.prices_url("http://h", "BTC-USD-220514-22000-C", Kind::last), "");
  const std::array asked{PriceName{"A-B", Kind::quote}, PriceName{"C-D", Kind::quote},
                         PriceName{"C-D", Kind::last}};
  const auto told = client.parse_prices(
      R"({"code":"0","data":[{"instId":"A-B","last":"1","askPx":"3","bidPx":"2"},)"
      R"({"instId":"C-D","last":"5","askPx":"6","bidPx":""}]})",
      asked);
  ASSERT_TRUE(told) << told.error();
  EXPECT_EQ((*told)[0]->prices.ask.to_string(), "3");
  EXPECT_FALSE((*told)[1]) << "nobody bids";
  EXPECT_EQ((*told)[2]->prices.price.to_string(), "5");
}

TEST(OkxRest, DocumentedAnswers) {
  const auto last = client.parse_price(
      R"({"code":"0","msg":"","data":[{"instType":"SWAP","instId":"LTC-USD-SWAP","last":"9999.99",)"
      R"("askPx":"9999.99","bidPx":"8888.88","ts":"1597026383085"}]})",
      "LTC-USD-SWAP", Kind::last);
  ASSERT_TRUE(last) << last.error();
  EXPECT_EQ(last->prices.price.to_string(), "9999.99");
  EXPECT_FALSE(last->ts_event) << "when it came about is not when it was asked for";
  const auto quote = client.parse_price(
      R"({"code":"0","msg":"","data":[{"asks":[["41006.8","0.60038921","0","1"]],)"
      R"("bids":[["41006.3","0.30178218","0","2"]],"ts":"1629966436396"}]})",
      "BTC-USDT", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.price.to_string(), "41006.3");
  EXPECT_EQ(quote->prices.ask.to_string(), "41006.8");
  EXPECT_FALSE(client.parse_price(R"({"code":"51001","msg":"Instrument ID does not exist",)"
                                  R"("data":[]})",
                                  "X", Kind::last));
  EXPECT_EQ(server.encode_ticker("/api/v5/market/ticker?instId=X", {}),
            R"({"code":"51001","msg":"Instrument ID does not exist","data":[]})");
  EXPECT_EQ(server.encode_time(wall_from_ms(1597026383085)),
            R"({"code":"0","msg":"","data":[{"ts":"1597026383085"}]})");
  EXPECT_EQ(server.rest_path("/api/v5/market/candles?instId=X"), std::nullopt);
}

TEST(OkxInstruments, AnErrorWithStatus200IsNoEmptyList) {
  const auto list = find_venue("okx")->parse_instruments(
      R"({"code":"50011","msg":"Too Many Requests","data":[]})");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error(), "OKX answers code 50011: Too Many Requests");
}

TEST(OkxInstruments, DoNotCoverIndicesAndOptions) {
  const Venue& venue = *find_venue("okx");
  const auto topic = [&](Kind kind, std::string symbol) {
    return Topic{*channel_for(venue.sheet(), kind), std::move(symbol)};
  };
  EXPECT_TRUE(venue.lists(topic(Kind::last, "BTC-USDT")));
  EXPECT_TRUE(venue.lists(topic(Kind::mark, "BTC-USDT-SWAP")));
  EXPECT_FALSE(venue.lists(topic(Kind::index, "BTC-USD")));
  EXPECT_FALSE(venue.lists(topic(Kind::last, "BTC-USD-241227-60000-C")));
}

}  // namespace
}  // namespace feedwatch::venues::okx
