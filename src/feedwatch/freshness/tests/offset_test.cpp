#include "feedwatch/freshness/offset.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

constexpr MonoTime t0 = mono_from_ns(600'000'000'000);

/// One sample a second; returns the time of the next.
MonoTime feed(ClockOffset& offset, Duration raw, int count, MonoTime at) {
  for (int i = 0; i < count; ++i, at += 1s) offset.add(raw, at);
  return at;
}

TEST(ClockOffset, IsZeroBeforeTwentySamples) {
  ClockOffset offset;
  MonoTime at = feed(offset, -2s, 19, t0);
  EXPECT_EQ(offset.value(), 0s);
  feed(offset, -2s, 1, at);
  EXPECT_EQ(offset.value(), -2s);
}

TEST(ClockOffset, FallsAtOnceAndRisesOneMillisecondASecond) {
  ClockOffset offset;
  const MonoTime at = feed(offset, 3s, 20, t0);
  EXPECT_EQ(offset.value(), 1ms);  // the twentieth sample, one second after the nineteenth
  feed(offset, 3s, 100, at);
  EXPECT_EQ(offset.value(), 101ms);
}

TEST(ClockOffset, NeverRisesBeyondTheQuantile) {
  ClockOffset offset;
  feed(offset, 50ms, 590, t0);
  EXPECT_EQ(offset.value(), 50ms);
}

TEST(ClockOffset, TakesTheFivePercentQuantileNotTheLeast) {
  ClockOffset offset;
  MonoTime at = feed(offset, 40ms, 200, t0);
  offset.add(-4s, at);  // one wild sample
  at = feed(offset, 40ms, 50, at + 1s);
  EXPECT_EQ(offset.value(), 40ms);
}

TEST(ClockOffset, StaysWithinFiveSeconds) {
  ClockOffset offset;
  MonoTime at = feed(offset, -6s, 30, t0);
  EXPECT_EQ(offset.value(), -5s);
  feed(offset, 1h, 11'000, at);
  EXPECT_EQ(offset.value(), 5s);
}

TEST(ClockOffset, LearnsNothingFromAClockThatNoOffsetExplains) {
  ClockOffset offset;
  feed(offset, -6s - 1ns, 30, t0);
  EXPECT_EQ(offset.value(), 0s);
}

TEST(ClockOffset, ForgetsAfterTenMinutes) {
  ClockOffset offset;
  MonoTime at = feed(offset, -3s, 60, t0);
  EXPECT_EQ(offset.value(), -3s);
  at = feed(offset, 10ms, 11 * 60, at);
  EXPECT_GT(offset.value(), -3s);
  feed(offset, 10ms, 4000, at);
  EXPECT_EQ(offset.value(), 10ms);
}

TEST(ClockOffset, ManySamplesAMinuteStayRepresentative) {
  ClockOffset offset;
  MonoTime at = t0;
  for (int i = 0; i < 60'000; ++i, at += 10ms) offset.add(i % 100 < 10 ? 20ms : 80ms, at);
  EXPECT_EQ(offset.value(), 20ms);
}

TEST(ClockOffset, AheadMeansBeyondTheToleranceExactly) {
  const ClockOffset offset;
  EXPECT_FALSE(offset.ahead(-1s));
  EXPECT_TRUE(offset.ahead(-1s - Duration{1}));
  EXPECT_EQ(offset.transit(-1s), 0s);
  EXPECT_EQ(offset.transit(5ms), 5ms);
}

TEST(ClockOffset, HostileStampsSaturate) {
  ClockOffset offset;
  feed(offset, Duration::max(), 40, t0);
  EXPECT_GE(offset.value(), 0s);
  EXPECT_EQ(offset.transit(Duration::min()), 0s);
  EXPECT_TRUE(offset.ahead(Duration::min()));
}

TEST(ClockOffset, AnEarlierRunsValueIsTheStartingPointAndStaysInRange) {
  ClockOffset offset;
  offset.restore(1300ms);
  EXPECT_EQ(offset.transit(1350ms), 50ms);
  offset.restore(1h);
  EXPECT_EQ(offset.value(), 5s);
}

TEST(CommonShift, IsWhatTwoOrMoreClocksShareToOneSide) {
  const auto shift = [](std::initializer_list<Duration> offsets) {
    return common_shift(std::span(offsets.begin(), offsets.size()));
  };
  EXPECT_EQ(shift({2s, 2200ms}), 2100ms);
  EXPECT_EQ(shift({-2s, -2500ms}), -2250ms);
  EXPECT_EQ(shift({2s}), std::nullopt);  // one venue may be wrong by itself
  EXPECT_EQ(shift({2s, 10ms}), std::nullopt);
  EXPECT_EQ(shift({2s, -2s}), std::nullopt);
  EXPECT_EQ(shift({1s, 1s}), 1s);
  EXPECT_EQ(shift({1s - 1ns, 1s}), std::nullopt);
  EXPECT_EQ(shift({2s, 2500ms + 1ns}), std::nullopt);
}

}  // namespace
}  // namespace feedwatch
