#include <gtest/gtest.h>

#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::okx {
namespace {

const Client venue;

std::string push(std::string_view channel, std::string_view symbol, std::string_view data) {
  return R"({"arg":{"channel":")" + std::string(channel) + R"(","instId":")" + std::string(symbol) +
         R"("},"data":[)" + std::string(data) + "]}";
}

TEST(OkxDecode, TickersAreLastPrices) {
  test::Reading reading(venue,
                        push("tickers", "BTC-USD-220527",
                             R"({"instType":"FUTURES","instId":"BTC-USD-220527","last":"30218.8",)"
                             R"("lastSz":"1","askPx":"30220.1","askSz":"3","bidPx":"","bidSz":"",)"
                             R"("open24h":"29571.4","ts":"1652459225262"})"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U) << "whether the book has two sides is bbo-tbt's business";
  const WireTick& tick = reading.out.ticks[0];
  EXPECT_EQ(tick.kind, Kind::last);
  EXPECT_EQ(tick.symbol, "BTC-USD-220527");
  EXPECT_EQ(tick.price_text, "30218.8");
  EXPECT_EQ(tick.ts_event, wall_from_ms(1652459225262));
  EXPECT_FALSE(tick.seq.has_value());
  EXPECT_EQ(venue.sheet().channels[tickers].event_time, EventTime::trade)
      << "up to 50 s old after subscribing";
}

TEST(OkxDecode, TheBestPricesAreAQuoteWithASequence) {
  test::Reading reading(venue, push("bbo-tbt", "BTC-USDT",
                                    R"({"asks":[["8446","95","0","3"]],"bids":[["8445","10","0",)"
                                    R"("2"]],"ts":"1597026383085","seqId":123456})"));
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  const WireTick& quote = reading.out.ticks[0];
  EXPECT_EQ(quote.kind, Kind::quote);
  EXPECT_EQ(quote.symbol, "BTC-USDT");
  EXPECT_EQ(quote.price_text, "8445");
  EXPECT_EQ(quote.ask_text, "8446");
  EXPECT_EQ(quote.seq, 123456U);
  EXPECT_TRUE(venue.sheet().channels[bbo_tbt].repeat_confirms) << "again after 60 s, same seqId";
}

TEST(OkxDecode, MarkAndIndexPrices) {
  test::Reading mark(venue, push("mark-price", "LTC-USD-190628",
                                 R"({"instType":"FUTURES","instId":"LTC-USD-190628",)"
                                 R"("markPx":"0.1","ts":"1597026383085"})"));
  ASSERT_EQ(mark.out.ticks.size(), 1U);
  EXPECT_EQ(mark.out.ticks[0].kind, Kind::mark);
  EXPECT_EQ(mark.out.ticks[0].price_text, "0.1");
  test::Reading index(venue, push("index-tickers", "BTC-USDT",
                                  R"({"instId":"BTC-USDT","idxPx":"20.5","ts":"1597026383085"})"));
  ASSERT_EQ(index.out.ticks.size(), 1U);
  EXPECT_EQ(index.out.ticks[0].kind, Kind::index);
  EXPECT_EQ(index.out.ticks[0].price_text, "20.5");
}

TEST(OkxDecode, WhatIsEmptyIsNoPriceAndNoError) {
  for (const std::string& text :
       {push("tickers", "X", R"({"instId":"X","last":"","ts":"1"})"),
        push("mark-price", "X", R"({"instId":"X","markPx":"","ts":"1"})"),
        push("bbo-tbt", "X", R"({"asks":[],"bids":[["1","1","0","1"]],"ts":"1","seqId":1})")}) {
    test::Reading reading(venue, text);
    EXPECT_EQ(reading.type, MessageType::data) << text;
    EXPECT_TRUE(reading.out.ticks.empty()) << text;
  }
}

TEST(OkxDecode, DataMayComeBeforeItsArgument) {
  test::Reading reading(venue, R"({"data":[{"ts":"5","last":"2"}],)"
                               R"("arg":{"instId":"A-\u0042","channel":"tickers"}})");
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].symbol, "A-B");
}

TEST(OkxDecode, EveryArgumentIsAnsweredByItself) {
  test::Reading ack(venue, R"({"id":"12","event":"subscribe","arg":{"channel":"mark-price",)"
                           R"("instId":"BTC-USDT-SWAP"},"connId":"a4d3ae55"})");
  ASSERT_EQ(ack.type, MessageType::ack);
  EXPECT_TRUE(ack.out.ack->ok);
  EXPECT_EQ(ack.out.ack->request_id, 12U);
  EXPECT_EQ(ack.out.ack->topics, (std::vector<Topic>{{mark_price, "BTC-USDT-SWAP"}}));
  EXPECT_FALSE(ack.out.ack->complete);
  test::Reading status_ack(venue, R"({"event":"unsubscribe","arg":{"channel":"status"}})");
  ASSERT_EQ(status_ack.type, MessageType::ack);
  EXPECT_EQ(status_ack.out.ack->topics, (std::vector<Topic>{{status, ""}}));
  EXPECT_EQ(test::Reading(venue, R"({"event":"subscribe","arg":{"channel":"trades",)"
                                 R"("instId":"BTC-USDT"}})")
                .type,
            MessageType::ignored);
}

TEST(OkxDecode, ARefusalNamesItsTopicInItsWords) {
  test::Reading refused(
      venue, R"({"event":"error","msg":"Wrong URL or channel:tickers,instId:LTC-USD doesn't )"
             R"(exist. Please use the correct URL, channel and parameters referring to API )"
             R"(document.","code":"60018","connId":"2b5dc6ac"})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_EQ(refused.out.ack->topics, (std::vector<Topic>{{tickers, "LTC-USD"}}));
  EXPECT_EQ(refused.out.ack->message.find("Wrong URL or channel:tickers"), 0U);
  test::Reading older(venue, R"({"event":"error","msg":"channel:mark-price,instId:LTC-USD )"
                             R"(doesn't exist","code":"60018"})");
  EXPECT_EQ(older.out.ack->topics, (std::vector<Topic>{{mark_price, "LTC-USD"}}));
}

TEST(OkxDecode, ARefusalOfTheWholeRequestNamesNone) {
  test::Reading refused(venue, R"({"id":"7","event":"error","code":"60012","msg":"Invalid request:)"
                               R"( {\"op\": \"subscribe\"}","connId":"a"})");
  ASSERT_EQ(refused.type, MessageType::ack);
  EXPECT_FALSE(refused.out.ack->ok);
  EXPECT_EQ(refused.out.ack->request_id, 7U);
  EXPECT_TRUE(refused.out.ack->topics.empty());
  EXPECT_EQ(refused.out.ack->message, R"(Invalid request: {"op": "subscribe"})");
}

TEST(OkxDecode, OnlyTheWordOfAClosingConnectionIsANotice) {
  EXPECT_EQ(test::Reading(venue, R"({"event":"notice","code":"64008","msg":"The connection will )"
                                 R"(soon be closed for a service upgrade. Please reconnect.",)"
                                 R"("connId":"a4d3ae55"})")
                .type,
            MessageType::notice);
  EXPECT_EQ(test::Reading(venue, R"({"event":"notice","code":"1","msg":"x"})").type,
            MessageType::ignored);
}

std::string maintenance(std::string_view service, std::string_view state, std::string_view env) {
  return R"({"begin":"1672823400000","end":"1672825980000","href":"","preOpenBegin":"",)"
         R"("scheDesc":"","serviceType":")" +
         std::string(service) + R"(","state":")" + std::string(state) +
         R"(","system":"unified","maintType":"1","env":")" + std::string(env) +
         R"(","title":"Trading account WebSocket system upgrade","ts":"1672826038470"})";
}

std::string status_push(std::string_view data) {
  return R"({"arg":{"channel":"status"},"data":[)" + std::string(data) + "]}";
}

TEST(OkxDecode, MaintenanceThatGoesOnStopsTrading) {
  test::Reading over(venue, status_push(maintenance("0", "completed", "1")));
  ASSERT_EQ(over.type, MessageType::status);
  EXPECT_TRUE(over.out.status->trading);
  test::Reading on(venue, status_push(maintenance("5", "ongoing", "1") + "," +
                                      maintenance("0", "scheduled", "1")));
  ASSERT_EQ(on.type, MessageType::status);
  EXPECT_FALSE(on.out.status->trading) << "one of several is enough";
  EXPECT_EQ(on.out.status->detail, "Trading account WebSocket system upgrade");
}

TEST(OkxDecode, MaintenanceOfSomethingElseSaysNothing) {
  for (const std::string& data :
       {maintenance("6", "ongoing", "1"), maintenance("9", "ongoing", "1"),
        maintenance("5", "ongoing", "2"), std::string{}}) {
    EXPECT_EQ(test::Reading(venue, status_push(data)).type, MessageType::ignored) << data;
  }
}

TEST(OkxDecode, PongIsNoJson) {
  EXPECT_EQ(test::Reading(venue, "pong").type, MessageType::pong);
  EXPECT_TRUE(test::Reading(venue, "pon").failed_with(DecodeErrorCode::not_json, ""));
}

TEST(OkxDecode, OtherChannelsAreIgnored) {
  EXPECT_EQ(test::Reading(venue, push("books", "X", R"({"asks":7,"ts":"x"},{"ts":"y"})")).type,
            MessageType::ignored);
  EXPECT_EQ(test::Reading(venue, push("trades", "X", R"({"px":"x"})")).type, MessageType::ignored);
  EXPECT_EQ(test::Reading(venue, R"({"event":"login","code":"0","msg":""})").type,
            MessageType::ignored);
}

TEST(OkxDecode, ErrorsNameTheFieldAndTheSymbol) {
  using enum DecodeErrorCode;
  const std::string side = R"([["1","1"]])";
  const test::ErrorCase cases[] = {
      {push("tickers", "X", R"({"last":"1.2.3","ts":"1"})"), bad_price, "last", "X"},
      {push("tickers", "X", R"({"ts":"1"})"), missing_field, "last", "X"},
      {push("tickers", "X", R"({"last":"1","last":""})"), bad_value, "last", "X"},
      {push("tickers", "X", R"({"last":"1","ts":"soon"})"), bad_value, "ts", "X"},
      {push("tickers", "", R"({"last":"1"})"), bad_value, "instId", ""},
      {push("tickers", "X", ""), bad_value, "data", ""},
      {push("tickers", "X", R"({"last":"1"},{"last":"2"})"), bad_value, "data", ""},
      {push("bbo-tbt", "X", R"({"asks":[],"seqId":1})"), missing_field, "bids", "X"},
      {push("bbo-tbt", "X", R"({"asks":{},"bids":[],"seqId":1})"), bad_value, "asks", "X"},
      {push("bbo-tbt", "X", R"({"asks":)" + side + R"(,"bids":)" + side + R"(,"seqId":-1})"),
       bad_value, "seqId", "X"},
      {R"({"arg":{"channel":"tickers"},"data":[{"last":"1"}]})", missing_field, "instId", ""},
      {R"({"arg":{"channel":"tickers","instId":"X"}})", missing_field, "data", ""},
      {R"({"arg":{"channel":"tickers","instId":"X"},"data":{}})", bad_value, "data", ""},
      {R"({"arg":{"instId":"X"},"data":[]})", bad_value, "channel", ""},
      {R"({"op":"subscribe"})", unknown_message, "", ""},
      {"[]", unknown_message, "", ""},
      {R"({"event":"notice")", not_json, "", ""},
  };
  test::check_errors(venue, cases);
}

}  // namespace
}  // namespace feedwatch::venues::okx
