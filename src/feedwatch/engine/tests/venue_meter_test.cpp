#include "feedwatch/engine/venue_meter.hpp"

#include <gtest/gtest.h>

namespace feedwatch::engine {
namespace {

Tick tick(std::uint32_t stream, MonoTime at, Duration late = {}) {
  Tick made;
  made.stream = StreamId{stream, 1};
  made.mono_recv = at;
  made.ts_recv = wall_from_ns(1'000'000'000'000 + to_ns(at));
  made.ts_event = made.ts_recv - late;
  return made;
}

std::uint64_t at_most(const Histogram::Snapshot& taken, Duration bound) {
  for (const auto& [upper, count] : taken.buckets) {
    if (upper == bound) return count;
  }
  return taken.count;
}

TEST(VenueMeter, measures_the_next_tick_of_the_same_stream_of_one_in_sixteen) {
  VenueMeter meter("v");
  // Two streams, each every second, half a second apart.
  for (int i = 0; i < 1'600; ++i) {
    meter.on_tick(tick(i % 2 == 0 ? 1 : 2, MonoTime{1h} + i * 500ms, 20ms));
  }
  const Histogram::Snapshot gaps = meter.interarrival();
  EXPECT_EQ(gaps.count, 99U) << "the last one waits yet";
  EXPECT_EQ(at_most(gaps, 500ms), 0U);
  EXPECT_EQ(at_most(gaps, 1s), 99U);
  EXPECT_EQ(gaps.sum, 99s);
  EXPECT_EQ(meter.source_lag().count, 100U);
  EXPECT_EQ(at_most(meter.source_lag(), 10ms), 0U);
  EXPECT_EQ(at_most(meter.source_lag(), 25ms), 100U);
}

TEST(VenueMeter, a_stream_that_falls_silent_does_not_end_the_measuring) {
  VenueMeter meter("v");
  MonoTime at{1h};
  for (int i = 0; i < 15; ++i) meter.on_tick(tick(2, at));
  meter.on_tick(tick(1, at));  // the sixteenth: watched, and never heard from again
  for (int i = 0; i < 1'600; ++i) meter.on_tick(tick(2, at += 100ms));
  EXPECT_GT(meter.interarrival().count, 50U);
  EXPECT_EQ(at_most(meter.interarrival(), 100ms), meter.interarrival().count);
}

TEST(VenueMeter, a_stamp_ahead_of_our_clock_is_no_lag) {
  VenueMeter meter("v");
  for (int i = 0; i < 16; ++i) meter.on_tick(tick(1, MonoTime{1h}, -5s));
  EXPECT_EQ(meter.source_lag().count, 1U);
  EXPECT_EQ(meter.source_lag().sum, 0s);
}

TEST(VenueMeter, adds_up_mistakes) {
  VenueMeter meter("v");
  meter.on_mistake(2s);
  meter.on_mistake(500ms);
  EXPECT_EQ(meter.false_suspicions(), 2U);
  EXPECT_EQ(meter.mistaken(), 2500ms);
}

}  // namespace
}  // namespace feedwatch::engine
