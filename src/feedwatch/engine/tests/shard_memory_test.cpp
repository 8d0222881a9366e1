#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

/// What a shard keeps across restarts, alone and beside others.
namespace feedwatch::engine {
namespace {

using test::ShardBench;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* budgets = "engine/dial_budgets";
constexpr const char* offsets = "engine/clock_offsets";

TEST(ShardMemory, the_first_start_ever_dials_at_once) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  EXPECT_THAT(bench.transport.dials, SizeIs(1));
}

TEST(ShardMemory, a_first_start_cut_short_has_lost_nothing) {
  MapState store;
  {
    ShardBench bench(store);
    ASSERT_TRUE(bench.shard.start());  // and is killed before it has dialled
  }
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  EXPECT_THAT(bench.transport.dials, SizeIs(1));
}

TEST(ShardMemory, a_lost_record_counts_as_spent) {
  MapState store;
  store.put("engine/first_start", "v1");
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  bench.pass(5min - 1s);
  EXPECT_THAT(bench.transport.dials, IsEmpty());
  bench.pass(2s);
  EXPECT_THAT(bench.transport.dials, SizeIs(1));
}

TEST(ShardMemory, dials_of_an_earlier_run_count_by_their_age) {
  MapState store;
  {
    ShardBench first(store);
    ASSERT_TRUE(first.shard.start());
    for (int i = 0; i < 60; ++i) {  // the whole share, seen by the venue
      while (first.transport.dials.size() <= static_cast<std::size_t>(i)) first.pass(1s);
      const ConnId conn = first.transport.dials.back().first;
      first.open(conn);
      first.shard.on_closed(conn, {.close_code = 1006}, first.clock.mono);
    }
    first.shard.stop();
  }
  ShardBench second(store, {"BTCUSDT/mark"}, 6min);  // a minute after the first ended
  const MonoTime began = second.clock.mono;
  ASSERT_TRUE(second.shard.start());
  while (second.transport.dials.empty()) second.pass(100ms);
  EXPECT_LT(second.clock.mono - began, 5s);  // most of the window has passed
  EXPECT_THAT(store.records["engine/dial_budgets"], HasSubstr("binance-usdm"));
}

TEST(ShardMemory, a_future_dated_or_unreadable_record_counts_as_spent) {
  for (const std::string record :
       {"v1\nbinance-usdm\t0\t9000000000000000000\n", "v1\nbinance-usdm\tx\n", "v9\n"}) {
    MapState store;
    store.put("engine/dial_budgets", record);
    ShardBench bench(store);
    ASSERT_TRUE(bench.shard.start());
    bench.pass(5min - 1s);
    EXPECT_THAT(bench.transport.dials, IsEmpty()) << record;
  }
}

TEST(ShardMemory, a_ban_is_remembered) {
  MapState store;
  {
    ShardBench first(store);
    ASSERT_TRUE(first.shard.start());
    first.pass(1s);
    first.shard.on_closed(first.transport.dials[0].first,
                          {.phase = DialPhase::upgrading, .http_status = 418, .retry_after = 10min},
                          first.clock.mono);
    first.shard.stop();
  }
  ShardBench second(store);
  ASSERT_TRUE(second.shard.start());
  second.pass(9min);
  EXPECT_THAT(second.transport.dials, IsEmpty());
  second.pass(2min);
  EXPECT_THAT(second.transport.dials, Not(IsEmpty()));
}

TEST(ShardMemory, learnt_clock_offsets_are_kept_and_used_from_the_start) {
  MapState store;
  store.put("engine/first_start", "v1");
  store.put("engine/dial_budgets", "v1\n");
  store.put("engine/clock_offsets", "v1\n1300000000\tbinance-usdm/markPrice@1s\nnonsense\tx\n");
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  const auto stream = bench.shard.monitor().find({"binance-usdm", "BTCUSDT", Kind::mark});
  ASSERT_TRUE(stream);
  EXPECT_EQ(bench.shard.monitor().clock_offset(*stream), 1300ms);
  bench.shard.stop();
  EXPECT_THAT(store.records["engine/clock_offsets"],
              HasSubstr("1300000000\tbinance-usdm/markPrice@1s"));
}

TEST(ShardMemory, of_another_shard_is_found_where_that_one_left_it) {
  MapState store;
  {
    ShardBench first(store);
    ASSERT_TRUE(first.shard.start());
    first.pass(1s);
    first.shard.on_closed(first.transport.dials[0].first,
                          {.phase = DialPhase::upgrading, .http_status = 418, .retry_after = 10min},
                          first.clock.mono);
    first.shard.stop();
  }
  ShardBench second(store, {"BTCUSDT/mark"}, {}, {}, "binance-usdm", 1);
  ASSERT_TRUE(second.shard.start());
  second.pass(9min);
  EXPECT_THAT(second.transport.dials, IsEmpty()) << "the venue was shard 0's, and banned";
}

/// The venue as shard 0 of one or as shard 1 of two has it.
ShardBench of_shard(MapState& store, std::uint16_t number, Duration later = {},
                    std::string name = "binance-usdm") {
  return ShardBench(store, {"BTCUSDT/mark"}, later, {}, "binance-usdm", number, std::move(name));
}

TEST(ShardMemory, a_ban_outlives_two_changes_of_the_number_of_shards) {
  MapState store;
  {
    ShardBench first = of_shard(store, 1);
    ASSERT_TRUE(first.shard.start());
    first.pass(1s);
    first.shard.stop();
  }
  {
    ShardBench second = of_shard(store, 0, 10min);
    ASSERT_TRUE(second.shard.start());
    second.pass(1s);
    ASSERT_FALSE(second.transport.dials.empty());
    second.shard.on_closed(second.transport.dials[0].first,
                           {.phase = DialPhase::upgrading, .http_status = 418, .retry_after = 1h},
                           second.clock.mono);
    second.shard.stop();
  }
  ShardBench third = of_shard(store, 1, 12min);
  ASSERT_TRUE(third.shard.start());
  third.pass(30min);
  EXPECT_THAT(third.transport.dials, IsEmpty()) << "banned for an hour two minutes ago";
}

TEST(ShardMemory, a_ban_outlives_what_other_shards_save) {
  for (const bool in_order : {true, false}) {
    MapState store;
    store.put("engine/first_start", "v1");
    const test::HandClock clock;
    store.put(budgets,
              "v1\na\t0\nb\t" + std::to_string(to_ns(clock.wall_now() + 1h)) + "\ngone\t0\t1\n");
    for (int run = 0; run < 2; ++run) {
      ShardBench a = of_shard(store, 0, run * 2min, "a");
      ShardBench b = of_shard(store, 1, run * 2min, "b");
      ASSERT_TRUE((in_order ? a : b).shard.start());
      ASSERT_TRUE((in_order ? b : a).shard.start());
      a.pass(1min);
      b.pass(1min);
      EXPECT_THAT(a.transport.dials, Not(IsEmpty()));
      EXPECT_THAT(b.transport.dials, IsEmpty()) << "run " << run;
      a.shard.stop();
      b.shard.stop();
    }
    EXPECT_THAT(store.records[budgets], HasSubstr("gone\t0\t1\n"));
  }
}

TEST(ShardMemory, a_lost_record_counts_as_spent_for_every_shard) {
  for (const std::string record : {"", "v9\n"}) {
    MapState store;
    store.put("engine/first_start", "v1");
    if (!record.empty()) store.put(budgets, record);
    ShardBench a = of_shard(store, 0, {}, "a");
    ShardBench b = of_shard(store, 1, 1min, "b");
    ASSERT_TRUE(a.shard.start());  // puts the record down anew
    EXPECT_THAT(store.records[budgets], HasSubstr("v1\n*\t"));
    ASSERT_TRUE(b.shard.start());
    a.pass(5min - 1s);
    EXPECT_THAT(a.transport.dials, IsEmpty()) << record;
    b.pass(4min - 1s);
    EXPECT_THAT(b.transport.dials, IsEmpty()) << record;
    b.pass(2s);
    EXPECT_THAT(b.transport.dials, SizeIs(1)) << "five minutes after the loss, not after its start";
  }
}

TEST(ShardMemory, a_record_lost_long_ago_or_in_the_future_is_no_trap) {
  const test::HandClock clock;
  struct Case {
    std::string stamp;
    Duration waits;
  };
  for (const Case& item :
       {Case{"0", 0s}, Case{std::to_string(to_ns(clock.wall_now() - 4min)), 1min},
        Case{std::to_string(to_ns(clock.wall_now() + 24h)), 5min},
        Case{"-9223372036854775808", 5min}, Case{"x", 5min}}) {
    MapState store;
    store.put(budgets, "v1\n*\t" + item.stamp + "\n");
    ShardBench bench(store);
    ASSERT_TRUE(bench.shard.start());
    if (item.waits > 0s) bench.pass(item.waits - 1s);
    EXPECT_THAT(bench.transport.dials, IsEmpty()) << item.stamp;
    bench.pass(2s);
    EXPECT_THAT(bench.transport.dials, SizeIs(1)) << item.stamp;
  }
}

TEST(ShardMemory, a_record_that_vanishes_under_way_counts_as_lost) {
  MapState store;
  ShardBench a = of_shard(store, 0, {}, "a");
  ASSERT_TRUE(a.shard.start());
  store.records.erase(budgets);
  a.pass(1s);  // dials, and saves it
  ShardBench b = of_shard(store, 1, 2s, "b");
  ASSERT_TRUE(b.shard.start());
  b.pass(4min);
  EXPECT_THAT(b.transport.dials, IsEmpty());
}

TEST(ShardMemory, clock_offsets_are_those_of_its_own_venues) {
  MapState store;
  store.put(offsets, "v1\n1\ta/markPrice@1s\n1300000000\tb/markPrice@1s\n");
  {
    ShardBench a = of_shard(store, 0, {}, "a");
    ASSERT_TRUE(a.shard.start());
    EXPECT_THAT(a.shard.monitor().clock_offsets(), SizeIs(1)) << "b's clock is none of a's";
    store.put(offsets, "v1\n1\ta/markPrice@1s\n2500000000\tb/markPrice@1s\n");  // b's shard learns
    a.shard.stop();
  }
  ShardBench b = of_shard(store, 0, {}, "b");
  ASSERT_TRUE(b.shard.start());
  const auto stream = b.shard.monitor().find({"b", "BTCUSDT", Kind::mark});
  ASSERT_TRUE(stream);
  EXPECT_EQ(b.shard.monitor().clock_offset(*stream), 2500ms);
  b.shard.stop();
  EXPECT_THAT(store.records[offsets], HasSubstr("1\ta/markPrice@1s"));
}

}  // namespace
}  // namespace feedwatch::engine
