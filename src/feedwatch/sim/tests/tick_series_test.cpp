#include "feedwatch/sim/tick_series.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch::sim {
namespace {

using ::testing::HasSubstr;

Result<TickSeries> read(const std::string& text) {
  std::istringstream in(text);
  return read_series(in, "x");
}

std::string told(const TickSeries& series) {
  std::string text;
  for (const auto& [at, price] : series.trades) {
    text += std::to_string(at / 1ms) + " " + price.to_string() + "\n";
  }
  return text;
}

TEST(TickSeries, ReadsATableByTheNamesOfItsColumns) {
  const auto series = read(
      "TimestampOfReceive,Symbol,TradeId,Price,Quantity\n"
      "1741046404989,TRX,1,0.23097,32.0\n1741046406217,TRX,2,0.23089,6.0\n");
  ASSERT_TRUE(series) << series.error().text();
  EXPECT_EQ(told(*series), "0 0.23097\n1228 0.23089\n");
  const auto seconds = read("time_seconds,price\r\n1625097621.647,2278.15\r\n1625097647.087,2272");
  ASSERT_TRUE(seconds) << seconds.error().text();
  EXPECT_EQ(told(*seconds), "0 2278.15\n25440 2272\n");
}

TEST(TickSeries, ReadsTheTradesOfALog) {
  const auto series = read(
      "1430438404518 order_created {\"price\": \"236.47\", \"id\": 65595247}\n"
      "1430438404645 trade {\"price\": 236.47, \"amount\": 0.21144331, \"id\": 8111041}\n"
      "1430438405885 order_book {\"bids\": [[\"236.47\", \"1.78855669\"]]}\n"
      "1430438405900 trade {\"id\": 2, \"price\": \"236.5\"}\n");
  ASSERT_TRUE(series) << series.error().text();
  EXPECT_EQ(told(*series), "0 236.47\n1255 236.5\n");
}

TEST(TickSeries, WhatIsWrongIsNamedByItsLine) {
  const auto error = [](const std::string& text) {
    const auto series = read(text);
    return series ? "none" : series.error().text();
  };
  EXPECT_THAT(error(""), HasSubstr("no trade in it"));
  EXPECT_THAT(error("time,price\n"), HasSubstr("no trade in it"));
  EXPECT_THAT(error("time,quantity\n1741046404989,1\n"), HasSubstr("x:1: no series of trades"));
  EXPECT_THAT(error("time,price\nsoon,1\n"), HasSubstr("x:2: \"soon\" is no time"));
  EXPECT_THAT(error("time,price\n1741046404989\n"), HasSubstr("x:2: \"\" is no price"));
  EXPECT_THAT(error("time,price\n1741046404989,-1\n"), HasSubstr("x:2: \"-1\" is no price"));
  EXPECT_THAT(error("time,price\n1741046404989,1\n1741046404988,1\n"),
              HasSubstr("x:3: older than the trade before it"));
  EXPECT_THAT(error("1430438404645 trade {\"id\": 1}\n"), HasSubstr("x:1: a trade without"));
}

TEST(TickSeries, ReadsARecordedDayInPlace) {
  const auto path =
      feedwatch::testing::test_data_path("ticks/bitstamp-2015-05-01/2015-05-01.log.bz2");
  FEEDWATCH_NEEDS_DATA(path);
  const auto series = load_series(path.string(), "");
  ASSERT_TRUE(series) << series.error().text();
  EXPECT_EQ((*series)->trades.size(), 4251U);
  EXPECT_EQ((*series)->trades.back().at / 1ms, 86'389'832);
}

}  // namespace
}  // namespace feedwatch::sim
