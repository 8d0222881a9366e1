/// Other limits for a running shard: what they make true is true from now on, and nothing but
/// levels moves.
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

/// No suspicion, so that no repair hides what the policy does.
PolicyRule rule(std::string match, Duration degraded_after) {
  PolicyRule made;
  made.match = std::move(match);
  made.degraded_after = degraded_after;
  made.stale_after = 10min;
  made.suspect_after = 1h;
  return made;
}

/// BTCUSDT falls silent while ETHUSDT keeps the line busy.
class ShardPolicies : public ::testing::Test {
 protected:
  void SetUp() override {
    bench.shard.set_policies(PolicySet({rule("*", 5min)}));
    ASSERT_TRUE(bench.shard.start());
    bench.pass(1s);
    conn = bench.transport.dials.at(0).first;
    bench.open(conn);
    bench.receive(conn, mark_frame("BTCUSDT", bench.clock.wall_now()));
    silent_since = bench.clock.mono;
    pass(1min);
    bench.status.take();
  }
  void pass(Duration duration) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      bench.pass(1s);
      bench.receive(conn, mark_frame("ETHUSDT", bench.clock.wall_now()));
    }
  }
  StreamId id(const std::string& symbol) {
    return bench.shard.monitor().find({"binance-usdm", symbol, Kind::mark}).value();
  }
  Slot slot(const std::string& symbol) { return bench.shard.monitor().unchecked_slot(id(symbol)); }
  Policy policy(const std::string& symbol) {
    return bench.shard.monitor().options(id(symbol)).policy;
  }
  /// What was put on the board of the stream since it was taken last.
  std::optional<StreamStatus> told(const std::string& symbol) {
    for (const StreamStatus& status : bench.status.take().streams) {
      if (status.info->key.symbol == symbol) return status;
    }
    return std::nullopt;
  }

  MapState store;
  ShardBench bench{store, {"BTCUSDT/mark", "ETHUSDT/mark"}};
  ConnId conn;
  MonoTime silent_since{};
};

TEST_F(ShardPolicies, ATighterOneDegradesASilentStreamNowAndALooserOneHealsIt) {
  ASSERT_EQ(slot("BTCUSDT").level, Level::healthy);
  const std::size_t dials = bench.transport.dials.size();
  const std::size_t sent = bench.transport.sent.size();
  const std::uint32_t epoch = slot("BTCUSDT").epoch;

  bench.shard.set_policies(PolicySet({rule("*", 30s)}));
  const auto tighter = told("BTCUSDT");
  ASSERT_TRUE(tighter);
  EXPECT_EQ(tighter->level, Level::degraded);
  EXPECT_EQ(tighter->level_since, bench.clock.mono) << "thirty seconds ago it was healthy";
  EXPECT_EQ(tighter->transitions, 1U);
  EXPECT_EQ(tighter->info->policy.degraded_after, 30s);
  EXPECT_EQ(slot("BTCUSDT").level_since, bench.clock.mono);
  EXPECT_EQ(slot("ETHUSDT").level, Level::healthy);

  bench.shard.set_policies(PolicySet({rule("*", 5min)}));
  const auto looser = told("BTCUSDT");
  ASSERT_TRUE(looser);
  EXPECT_EQ(looser->level, Level::healthy);
  EXPECT_EQ(looser->info->policy.degraded_after, 5min);
  EXPECT_EQ(tighter->info->policy.degraded_after, 30s) << "what was handed out is not written to";

  EXPECT_EQ(bench.transport.dials.size(), dials);
  EXPECT_EQ(bench.transport.sent.size(), sent);
  EXPECT_EQ(slot("BTCUSDT").epoch, epoch);

  pass(5min);  // and its deadline is the new one
  EXPECT_EQ(slot("BTCUSDT").level, Level::degraded);
  EXPECT_EQ(slot("BTCUSDT").level_since, silent_since + 5min + 1ns);
}

TEST_F(ShardPolicies, WhatBecameTrueByTheOldLimitsIsDatedByThem) {
  bench.clock.mono = silent_since + 5min + 10s;  // nobody woke the shard at the deadline
  bench.shard.set_policies(PolicySet({rule("*", 30s)}));
  EXPECT_EQ(slot("BTCUSDT").level, Level::degraded);
  EXPECT_EQ(slot("BTCUSDT").level_since, silent_since + 5min + 1ns);
}

TEST_F(ShardPolicies, ASuspicionDueByTheOldLimitsCountsFromTheTrueBeginningOfTheSilence) {
  PolicyRule quick = rule("*", 5min);
  quick.suspect_after = 2s;
  bench.receive(conn, mark_frame("BTCUSDT", bench.clock.wall_now()));
  bench.shard.set_policies(PolicySet({quick}));
  bench.clock.mono += 5s;  // nobody woke the shard
  bench.shard.set_policies(PolicySet({rule("*", 5min)}));
  bench.pass(1s);
  const auto status = told("BTCUSDT");
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->suspect_since);
  EXPECT_FALSE(status->repair_exhausted) << "five seconds of silence, not an hour";
}

TEST_F(ShardPolicies, OnlyWhatChangesIsTold) {
  bench.shard.set_policies(PolicySet({rule("*", 5min), rule("*/BTC*/mark", 4min)}));
  const auto taken = bench.status.take().streams;
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].info->key.symbol, "BTCUSDT");
}

TEST_F(ShardPolicies, TheMostSpecificRuleWinsForStreamsOldAndNew) {
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "BTCUSDC", Kind::mark}, "desk", 1h));
  bench.shard.set_policies(PolicySet({rule("binance-usdm/BTCUSDT/mark", 11s),
                                      rule("binance-usdm/BTC*", 12s), rule("binance-usdm/*", 13s)},
                                     Preset::tight));
  EXPECT_EQ(policy("BTCUSDT").degraded_after, 11s) << "exact before globs";
  EXPECT_EQ(policy("BTCUSDC").degraded_after, 12s) << "the longer glob before the shorter";
  EXPECT_EQ(policy("ETHUSDT").degraded_after, 13s);
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "BTCDOM", Kind::mark}, "desk", 1h));
  EXPECT_EQ(policy("BTCDOM").degraded_after, 12s);

  bench.shard.set_policies(PolicySet({rule("bybit-linear/*", 1s)}, Preset::tight));
  for (const std::string symbol : {"BTCUSDT", "BTCUSDC", "ETHUSDT", "BTCDOM"}) {
    EXPECT_EQ(policy(symbol).degraded_after, 3500ms) << symbol << ": none matches, the preset";
  }
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "SOLUSDT", Kind::mark}, "desk", 1h));
  EXPECT_EQ(policy("SOLUSDT").degraded_after, 3500ms);
}

TEST_F(ShardPolicies, AStreamOfWhichNothingCameFollowsTheNewFirstTickLimit) {
  ASSERT_TRUE(bench.shard.want({"binance-usdm", "SOLUSDT", Kind::mark}, "desk", 1h));
  pass(25s);
  ASSERT_EQ(slot("SOLUSDT").level, Level::unknown);
  PolicyRule impatient = rule("*", 5min);
  impatient.first_tick_after = 1s;  // and 20 s for connecting
  bench.shard.set_policies(PolicySet({impatient}));
  EXPECT_EQ(slot("SOLUSDT").level, Level::stale);
  EXPECT_EQ(slot("SOLUSDT").reason, Reason::never_received);
  EXPECT_EQ(slot("SOLUSDT").level_since, bench.clock.mono);
}

}  // namespace
}  // namespace feedwatch::engine
