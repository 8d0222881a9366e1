#include "feedwatch/app/decode.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {
namespace {

struct Ran {
  int code = 0;
  std::string out, err;
};

Ran run(const DecodeArgs& args, const std::string& input = {}) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_decode(args, in, out, err);
  return {code, out.str(), err.str()};
}

const std::string quote_frame =
    R"({"e":"bookTicker","u":7,"s":"K/\u041a","b":"7.6160","B":"8","a":7.6180,"E":1626992757354})";

TEST(Decode, AQuoteIsOneLineWithTheFramesOwnCharacters) {
  const Ran ran = run({.venue = "binance-usdm"}, quote_frame + "\n");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, R"({"stream":"binance-usdm/K/К/quote","bid":"7.6160","ask":"7.6180",)"
                     R"("ts_event":"2021-07-22T22:25:57.354Z","seq":7,"fields":["bid","ask"]})"
                     "\n");
  EXPECT_EQ(ran.err,
            "        1 ticks         1 with price  binance-usdm/K/К/quote\n"
            "1 frames, 1 streams, 0 errors, 0 frames of other connections\n");
}

TEST(Decode, AConfirmingTickHasNoPrice) {
  const Ran ran = run({.venue = "bybit-linear", .counts = true},
                      R"({"topic":"tickers.X","type":"delta","data":{"symbol":"X","markPrice":)"
                      R"("1.50"},"ts":1786310819679})");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, R"({"stream":"bybit-linear/X/last","ts_event":"2026-08-09T21:26:59.679Z",)"
                     R"("seq":null,"fields":[]})"
                     "\n"
                     R"({"stream":"bybit-linear/X/mark","price":"1.50",)"
                     R"("ts_event":"2026-08-09T21:26:59.679Z","seq":null,"fields":["price"]})"
                     "\n"
                     R"({"stream":"bybit-linear/X/index","ts_event":"2026-08-09T21:26:59.679Z",)"
                     R"("seq":null,"fields":[]})"
                     "\n");
  EXPECT_EQ(ran.err, R"({"frames":1,"skipped":0,"errors":0,"messages":{"data":1},"streams":{)"
                     R"("bybit-linear/X/index":{"ticks":1,"with_price":0},)"
                     R"("bybit-linear/X/last":{"ticks":1,"with_price":0},)"
                     R"("bybit-linear/X/mark":{"ticks":1,"with_price":1}}})"
                     "\n");
}

TEST(Decode, ErrorsNameTheLineAndTheRestIsDecoded) {
  const Ran ran = run({.venue = "binance-usdm"},
                      quote_frame + "\n\n" + R"({"e":"bookTicker","s":"X","b":"abc","a":"1"})" +
                          "\n\x1b[31mjunk\n" + quote_frame);
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
  EXPECT_NE(ran.err.find("feedwatch: standard input line 3: bad_price 'b' of \"X\": "),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("feedwatch: standard input line 4: not_json: \"\\u001b[31mjunk\"\n"),
            std::string::npos)
      << ran.err;
}

TEST(Decode, AFloodOfErrorsIsCountedNotShown) {
  std::string input;
  for (int i = 0; i < 23; ++i) input += "junk\n";
  const Ran ran = run({.venue = "binance-usdm"}, input);
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("line 20:"), std::string::npos);
  EXPECT_EQ(ran.err.find("line 21:"), std::string::npos);
  EXPECT_NE(ran.err.find("feedwatch: 3 further errors not shown\n"), std::string::npos);
}

TEST(Decode, UnknownVenueAndUnreadableFile) {
  const Ran venue = run({.venue = "binance"});
  EXPECT_EQ(venue.code, 2);
  std::string names;
  for (const std::string_view name : venues::venue_names()) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  EXPECT_EQ(venue.err, "feedwatch: decode: unknown venue \"binance\" (use one of " + names + ")\n");
  const Ran file = run({.venue = "binance-usdm", .file = "/no/such"});
  EXPECT_EQ(file.code, 1);
  EXPECT_EQ(file.err.find("feedwatch: /no/such: cannot be read"), 0U);
}

std::string record(std::string_view connection, std::string_view address) {
  const nlohmann::json connect{
      {"t", "connect"}, {"conn", connection}, {"ts", 1}, {"addr", address}};
  const nlohmann::json received{
      {"t", "recv"}, {"conn", connection}, {"ts", 2}, {"data", quote_frame}};
  return connect.dump() + "\n" + received.dump() + "\n";
}

TEST(Decode, OnlyConnectionsOfTheVenue) {
  const std::string session = record("a", "wss://fstream.binance.com/public/stream") +
                              record("b", "wss://stream.binance.com/stream");
  const Ran own = run({.venue = "binance-usdm"}, session);
  EXPECT_EQ(own.code, 0);
  EXPECT_NE(own.err.find("1 frames, 1 streams, 0 errors, 1 frames of other connections"),
            std::string::npos);
  const Ran named = run({.venue = "binance-usdm", .connection = "b"}, session);
  EXPECT_EQ(std::ranges::count(named.out, '\n'), 1);
  const Ran by_address = run({.venue = "binance-usdm", .connection = "wss://*"}, session);
  EXPECT_EQ(std::ranges::count(by_address.out, '\n'), 2);
  const Ran none = run({.venue = "bybit-linear"}, session);
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("no connection of bybit-linear (wss://stream.bybit.com/v5/public/linear) "
                          "among "),
            std::string::npos)
      << none.err;
}

TEST(Decode, ARecordingOfAnotherProtocolOfTheVenueIsRefusedByName) {
  const Ran ran = run({.venue = "kraken"}, record("a", "wss://ws.kraken.com"));
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err.find("feedwatch: standard input: no connection of kraken (WebSocket API v2, "
                         "wss://ws.kraken.com/v2) among \"wss://ws.kraken.com\" "),
            0U)
      << ran.err;
}

TEST(Decode, ATruncatedFileFailsAfterItsSoundPart) {
  const Ran ran = run({.venue = "binance-usdm"},
                      record("a", "ws://127.0.0.1:1/stream") + R"({"t":"recv","conn")");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1);
  EXPECT_NE(ran.err.find("standard input line 3: not a JSON object"), std::string::npos);
}

// ---- real captures: counts and last prices were taken from the files with zcat, zstdcat and jq
// ------

struct Stream {
  std::uint64_t ticks, with_price;
  std::string last;  ///< price, or "bid ask"
};
using Streams = std::map<std::string, Stream>;

Streams streams_of(const std::string& out) {
  Streams streams;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const auto tick = nlohmann::json::parse(line);
    Stream& stream = streams[tick.at("stream").get<std::string>()];
    ++stream.ticks;
    if (tick.at("fields").empty()) continue;
    ++stream.with_price;
    stream.last = tick.contains("price")
                      ? tick["price"].get<std::string>()
                      : tick.at("bid").get<std::string>() + " " + tick.at("ask").get<std::string>();
  }
  return streams;
}

void expect_streams(const Ran& ran, const Streams& expected) {
  EXPECT_EQ(ran.code, 0) << ran.err;
  const Streams streams = streams_of(ran.out);
  EXPECT_EQ(streams.size(), expected.size());
  for (const auto& [name, stream] : expected) {
    ASSERT_TRUE(streams.contains(name)) << name;
    EXPECT_EQ(streams.at(name).ticks, stream.ticks) << name;
    EXPECT_EQ(streams.at(name).with_price, stream.with_price) << name;
    EXPECT_EQ(streams.at(name).last, stream.last) << name;
  }
}

TEST(Decode, RealBinanceMarkAndBook2023) {
  const auto path =
      testing::test_data_path("captures/hftbacktest/binance-usdm_btcusdt_20230404.dat.gz");
  FEEDWATCH_NEEDS_DATA(path);
  expect_streams(run({.venue = "binance-usdm", .file = path.string()}),
                 {{"binance-usdm/BTCUSDT/quote", {6765, 6765, "28155.10 28155.20"}},
                  {"binance-usdm/BTCUSDT/mark", {99, 99, "28157.10000000"}},
                  {"binance-usdm/BTCUSDT/index", {99, 99, "28165.04309524"}}});
}

TEST(Decode, RealBinanceFuturesSession) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/BINANCE_FUTURES.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  expect_streams(run({.venue = "binance-usdm", .file = path.string()}),
                 {{"binance-usdm/SUSHIUSDT/quote", {305, 305, "7.6120 7.6150"}},
                  {"binance-usdm/CTKUSDT/quote", {145, 145, "1.01100 1.01200"}},
                  {"binance-usdm/AKROUSDT/quote", {88, 88, "0.01734 0.01735"}},
                  {"binance-usdm/KEEPUSDT/quote", {75, 75, "0.2463 0.2467"}},
                  {"binance-usdm/SUSHIUSDT/last", {40, 40, "7.6110"}},
                  {"binance-usdm/CTKUSDT/last", {38, 38, "1.01200"}},
                  {"binance-usdm/AKROUSDT/last", {8, 8, "0.01734"}},
                  {"binance-usdm/KEEPUSDT/last", {5, 5, "0.2467"}}});
}

TEST(Decode, RealBybitLinearSession) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/BYBIT.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const Ran ran = run({.venue = "bybit-linear", .file = path.string()});
  expect_streams(ran, {{"bybit-linear/BTCUSDT/last", {185, 13, "65114.30"}},
                       {"bybit-linear/BTCUSDT/mark", {185, 42, "65117.19"}},
                       {"bybit-linear/BTCUSDT/index", {185, 28, "65138.68"}},
                       {"bybit-linear/DOGEUSDT/last", {164, 11, "0.07056"}},
                       {"bybit-linear/DOGEUSDT/mark", {164, 7, "0.07055"}},
                       {"bybit-linear/DOGEUSDT/index", {164, 1, "0.07056"}},
                       {"bybit-linear/ETHUSDT/last", {216, 7, "1922.54"}},
                       {"bybit-linear/ETHUSDT/mark", {216, 10, "1922.58"}},
                       {"bybit-linear/ETHUSDT/index", {216, 8, "1923.20"}},
                       {"bybit-linear/SOLUSDT/last", {193, 12, "77.260"}},
                       {"bybit-linear/SOLUSDT/mark", {193, 30, "77.272"}},
                       {"bybit-linear/SOLUSDT/index", {193, 32, "77.309"}}});
  EXPECT_NE(ran.err.find("2546 frames, 12 streams, 0 errors, 681 frames of other connections"),
            std::string::npos)
      << ran.err;
}

}  // namespace
}  // namespace feedwatch::app
