/// Another configuration for a running shard: what is the same in both is not touched.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

namespace feedwatch::engine {
namespace {

using test::ShardBench;

std::string mark_frame(const std::string& symbol, WallTime at) {
  return R"({"stream":"x@markPrice@1s","data":{"e":"markPriceUpdate","E":)" +
         std::to_string(to_ns(at) / 1'000'000) + R"(,"s":")" + symbol +
         R"(","p":"100","i":"1","T":0}})";
}

VenueOptions venue(std::vector<std::string> streams, std::string name = "binance-usdm",
                   std::string url = "ws://x") {
  return {.name = std::move(name),
          .venue = venues::find_venue("binance-usdm"),
          .ws_url = std::move(url),
          .rest_url = "http://x",
          .ca_file = {},
          .streams = std::move(streams)};
}

ShardOptions options(std::vector<VenueOptions> venues) {
  return {.venues = std::move(venues), .policies = PolicySet({}, Preset::tight), .seed = 1};
}

class ShardReload : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(bench.shard.start());
    bench.pass(1s);
    conn = bench.transport.dials.at(0).first;
    bench.open(conn);
    bench.pass(100ms);
    receive("BTCUSDT");
    receive("ETHUSDT");
    bench.status.take();
    bench.transport.sent.clear();
  }
  void receive(const std::string& symbol) {
    bench.receive(conn, mark_frame(symbol, bench.clock.wall_now()));
  }
  std::optional<StreamId> id(const std::string& symbol, const std::string& of = "binance-usdm") {
    return bench.shard.monitor().find({of, symbol, Kind::mark});
  }
  Slot slot(const std::string& symbol) {
    return bench.shard.monitor().unchecked_slot(id(symbol).value());
  }
  bool sent(const std::string& method, const std::string& symbol) {
    return std::ranges::any_of(bench.transport.sent, [&](const std::string& text) {
      return text.find("\"" + method + "\"") != std::string::npos &&
             text.find(symbol) != std::string::npos;
    });
  }

  MapState store;
  ShardBench bench{store, {"BTCUSDT/mark", "ETHUSDT/mark"}};
  ConnId conn;
};

TEST_F(ShardReload, TheSameConfigurationDoesNothing) {
  const auto before = slot("BTCUSDT");
  ASSERT_TRUE(bench.shard.reconfigure(options({venue({"BTCUSDT/mark", "ETHUSDT/mark"})})));
  bench.pass(1s);
  EXPECT_EQ(bench.transport.dials.size(), 1U);
  EXPECT_TRUE(bench.transport.sent.empty());
  EXPECT_EQ(slot("BTCUSDT").epoch, before.epoch);
  EXPECT_TRUE(bench.status.take().streams.empty());
}

TEST_F(ShardReload, StreamsComeAndGoOnTheLineThereIs) {
  const auto before = slot("BTCUSDT");
  ASSERT_TRUE(bench.shard.reconfigure(options({venue({"BTCUSDT/mark", "SOLUSDT/mark"})})));
  bench.pass(2s);
  EXPECT_EQ(bench.transport.dials.size(), 1U);
  EXPECT_TRUE(sent("SUBSCRIBE", "solusdt@markPrice"));
  EXPECT_TRUE(sent("UNSUBSCRIBE", "ethusdt@markPrice"));
  EXPECT_FALSE(sent("SUBSCRIBE", "btcusdt"));
  EXPECT_EQ(slot("BTCUSDT").epoch, before.epoch);
  EXPECT_EQ(slot("BTCUSDT").level, Level::healthy);
  EXPECT_FALSE(id("ETHUSDT"));
  ASSERT_TRUE(id("SOLUSDT"));
  EXPECT_TRUE(bench.shard.monitor().options(*id("SOLUSDT")).required);
}

TEST_F(ShardReload, ALeaseKeepsWhatIsNoLongerConfigured) {
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "ETHUSDT", Kind::mark}, "desk", 1h));
  ASSERT_TRUE(bench.shard.reconfigure(options({venue({"BTCUSDT/mark"})})));
  bench.pass(1s);
  ASSERT_TRUE(id("ETHUSDT"));
  EXPECT_FALSE(bench.shard.monitor().options(*id("ETHUSDT")).required);
  EXPECT_FALSE(sent("UNSUBSCRIBE", "ethusdt"));
  EXPECT_TRUE(bench.shard.unwant({"binance-usdm", "ETHUSDT", Kind::mark}, "desk"));
  EXPECT_FALSE(id("ETHUSDT"));
}

TEST_F(ShardReload, APatternKeepsWhatItNames) {
  ASSERT_TRUE(bench.shard.reconfigure(options({venue({"*USDT/mark"})})));
  bench.pass(1s);
  EXPECT_TRUE(id("BTCUSDT"));
  EXPECT_TRUE(id("ETHUSDT"));
  EXPECT_TRUE(bench.transport.sent.empty());
  ASSERT_TRUE(bench.shard.reconfigure(options({venue({"BTC*/mark"})})));
  EXPECT_TRUE(id("BTCUSDT"));
  EXPECT_FALSE(id("ETHUSDT"));
}

TEST_F(ShardReload, AVenueComes) {
  ASSERT_TRUE(bench.shard.reconfigure(options(
      {venue({"BTCUSDT/mark", "ETHUSDT/mark"}), venue({"XRPUSDT/mark"}, "second", "ws://y")})));
  bench.pass(1s);
  ASSERT_EQ(bench.transport.dials.size(), 2U);
  EXPECT_TRUE(bench.transport.dials[1].second.starts_with("ws://y"));
  conn = bench.transport.dials[1].first;
  bench.open(conn);
  bench.pass(100ms);
  receive("XRPUSDT");
  EXPECT_EQ(bench.shard.monitor().unchecked_slot(id("XRPUSDT", "second").value()).level,
            Level::healthy);
  EXPECT_EQ(slot("BTCUSDT").level, Level::healthy);
}

TEST_F(ShardReload, AVenueGoesWithItsLinesStreamsAndLeases) {
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "SOLUSDT", Kind::mark}, "desk", 1h));
  bench.status.take();
  ASSERT_TRUE(bench.shard.reconfigure(options({})));
  EXPECT_FALSE(id("BTCUSDT"));
  EXPECT_FALSE(id("SOLUSDT"));
  const StatusBoard::Taken taken = bench.status.take();
  ASSERT_EQ(taken.lines.size(), 1U);
  EXPECT_TRUE(taken.lines[0].removed);
  ASSERT_EQ(taken.venues.size(), 1U);
  EXPECT_TRUE(taken.venues[0].removed);
  EXPECT_EQ(taken.streams.size(), 3U);
  EXPECT_TRUE(std::ranges::all_of(taken.streams, &StreamStatus::removed));
  // What still comes of it finds nobody.
  receive("BTCUSDT");
  bench.shard.on_closed(conn, {.by_us = true}, bench.clock.mono);
  bench.pass(1min);
  for (auto& [request, done] : bench.http.requests) done(HttpResponse{.status = 200, .body = "{}"});
  EXPECT_EQ(bench.transport.dials.size(), 1U);
  EXPECT_TRUE(bench.status.take().streams.empty());
  EXPECT_FALSE(bench.shard.want({"binance-usdm", "SOLUSDT", Kind::mark}, "desk", 1h));
}

TEST_F(ShardReload, AnotherAddressIsAnotherVenueOfTheSameNameWithItsLeases) {
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "SOLUSDT", Kind::mark}, "desk", 1h));
  ASSERT_TRUE(bench.shard.reconfigure(
      options({venue({"BTCUSDT/mark"}, "binance-usdm", "ws://elsewhere")})));
  bench.shard.on_closed(conn, {.by_us = true}, bench.clock.mono);
  bench.pass(1s);
  ASSERT_EQ(bench.transport.dials.size(), 2U);
  EXPECT_TRUE(bench.transport.dials[1].second.starts_with("ws://elsewhere"));
  EXPECT_TRUE(id("BTCUSDT"));
  EXPECT_FALSE(id("ETHUSDT"));
  EXPECT_TRUE(bench.shard.unwant({"binance-usdm", "SOLUSDT", Kind::mark}, "desk"));
}

TEST_F(ShardReload, AVenueThatComesBackHasSpentWhatItHadSpent) {
  const auto same = [] { return venue({"BTCUSDT/mark", "ETHUSDT/mark"}); };
  const auto dials = [&] {
    for (const VenueStatus& status : bench.status.take().venues) {
      if (!status.removed) return status.dials_in_window;
    }
    return 0U;
  };
  ASSERT_TRUE(bench.shard.reconfigure(options({})));
  bench.status.take();
  ASSERT_TRUE(bench.shard.reconfigure(options({same()})));
  bench.pass(5s);
  EXPECT_EQ(dials(), 2U) << "the dial of the first, and its own";
}

TEST_F(ShardReload, WithoutRoomNothingChanges) {
  std::vector<std::string> many;
  for (int i = 0; i < 5'000; ++i) many.push_back("S" + std::to_string(i) + "/mark");
  const Result<void> refused = bench.shard.reconfigure(options({venue(many)}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find("max_streams"), std::string::npos);
  EXPECT_TRUE(id("BTCUSDT"));
  EXPECT_TRUE(id("ETHUSDT"));
}

TEST_F(ShardReload, ItsLimitsAreTheNewOnes) {
  ShardOptions next = options({venue({"BTCUSDT/mark", "ETHUSDT/mark", "SOLUSDT/mark"})});
  PolicyRule rule;
  rule.match = "*";
  rule.degraded_after = 7s;
  rule.stale_after = 9s;
  next.policies = PolicySet({rule});
  ASSERT_TRUE(bench.shard.reconfigure(std::move(next)));
  for (const char* symbol : {"BTCUSDT", "SOLUSDT"}) {
    EXPECT_EQ(bench.shard.monitor().options(id(symbol).value()).policy.degraded_after, 7s);
  }
}

}  // namespace
}  // namespace feedwatch::engine
