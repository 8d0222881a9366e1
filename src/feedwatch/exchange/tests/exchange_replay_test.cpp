#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/exchange/replay.hpp"
#include "feedwatch/exchange/tests/socket_world.hpp"

// Real captures through the exchange to the product's own client.
namespace feedwatch::exchange {
namespace {

using test::Heard;
using test::SocketWorld;

using Prices = std::map<std::pair<std::string, Kind>, std::string>;

void keep(Prices& prices, const Heard& heard) {
  if (!heard.has_price) return;
  prices[{heard.symbol, heard.kind}] = heard.price + (heard.has_ask ? "/" + heard.ask : "");
}

/// The last price of every stream in the file, read without the exchange.
Prices last_prices(const std::string& path, std::string_view venue) {
  Prices prices;
  auto feed = open_capture(path, *venues::find_venue_side(venue))();
  EXPECT_TRUE(feed);
  for (auto record = (*feed)(); record && *record; record = (*feed)()) {
    for (const Heard& heard : test::decode(venue, (*record)->text)) keep(prices, heard);
  }
  return prices;
}

TEST(ExchangeReplay, EveryBybitStreamEndsWithTheLastPriceOfTheCapture) {
  const std::filesystem::path path =
      testing::test_data_path("captures/cryptofeed-v3/BYBIT.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const Prices expected = last_prices(path.string(), "bybit-linear");
  ASSERT_EQ(expected.size(), 12U);  // four symbols: last, mark, index
  SocketWorld world;
  Exchange& exchange =
      world.start({.venue = "bybit-linear", .symbols = {}, .replay = path.string(), .speed = 60.0});
  const ConnId early = world.connect(exchange, "linear");
  // Together: time begins with the first, and a slow machine would miss frames of the others.
  const std::vector<venues::Topic> tickers{
      {0, "BTCUSDT"}, {0, "ETHUSDT"}, {0, "SOLUSDT"}, {0, "DOGEUSDT"}};
  world.subscribe(exchange, early, tickers);
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().source().ended(); }));
  // Who comes after the end is told the same prices.
  const ConnId late = world.connect(exchange, "linear");
  world.subscribe(exchange, late, tickers);
  ASSERT_TRUE(world.gets(late, 5));  // the acknowledgement, four snapshots
  world.ping(early, "flushed");
  ASSERT_TRUE(world.sees(early, [](const test::ClientLog& log) { return !log.pongs.empty(); }));
  for (const ConnId conn : {early, late}) {
    Prices got;
    for (const std::string& text : world.log(conn).texts) {
      for (const Heard& heard : test::decode("bybit-linear", text)) keep(got, heard);
    }
    EXPECT_EQ(got, expected);
  }
  EXPECT_FALSE(world.log(early).closed);
  EXPECT_GT(world.log(early).texts.size(), 700U);  // the frames themselves, not a summary
}

TEST(ExchangeReplay, BinanceQuotesAndMarksEndWithTheLastPriceOfTheCapture) {
  const std::filesystem::path path =
      testing::test_data_path("captures/hftbacktest/binance-usdm_btcusdt_20230404.dat.gz");
  FEEDWATCH_NEEDS_DATA(path);
  const Prices expected = last_prices(path.string(), "binance-usdm");
  ASSERT_EQ(expected.size(), 3U);  // quote, mark, index
  SocketWorld world;
  Exchange& exchange = world.start(
      {.venue = "binance-usdm", .symbols = {}, .replay = path.string(), .speed = 2000.0});
  const ConnId market = world.connect(exchange, "market");
  const ConnId book = world.connect(exchange, "public");
  world.subscribe(exchange, market, 0, "BTCUSDT");
  world.subscribe(exchange, book, 1, "BTCUSDT");
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().source().ended(); }));
  // What the exchange has sent arrives before the answer to a ping that follows it.
  world.ping(market, "flushed");
  world.ping(book, "flushed");
  Prices got;
  for (const ConnId conn : {market, book}) {
    ASSERT_TRUE(world.sees(conn, [](const test::ClientLog& log) { return !log.pongs.empty(); }));
    for (const Heard& heard : world.heard(exchange, conn, "BTCUSDT")) keep(got, heard);
  }
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace feedwatch::exchange
