#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "feedwatch/protect/trailing_stop.hpp"

namespace feedwatch {
namespace {

constexpr MonoTime t0{1'000s};

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}
PriceWindow at(const char* text) {
  return {decimal(text), decimal(text), decimal(text)};
}

TEST(TrailingMarks, AnInactiveStopWaitsForActivationOrBreakeven) {
  TrailingOptions options;
  EXPECT_EQ(TrailingStop(Side::buy, decimal("100"), options).marks(t0).best, decimal("101.5"));
  EXPECT_EQ(TrailingStop(Side::sell, decimal("100"), options).marks(t0).best, decimal("-98.5"))
      << "as a gain";
  options.breakeven_percent = decimal("0.5");
  TrailingStop stop(Side::buy, decimal("100"), options);
  EXPECT_EQ(stop.marks(t0).best, decimal("100.5"));
  EXPECT_FALSE(stop.marks(t0).stop);
  (void)stop.on_prices(at("100.5"), t0);
  EXPECT_EQ(stop.marks(t0).best, decimal("101.5"));
  EXPECT_EQ(stop.marks(t0).stop, decimal("100.2"));
  EXPECT_EQ(stop.marks(t0).at, t0 + 10s) << "to be confirmed by then";
}

TEST(TrailingMarks, AnActiveStopFollowsItsPeakUntilTheNextProposal) {
  TrailingStop stop(Side::buy, decimal("100"), {});
  (void)stop.on_prices(at("102"), t0);
  EXPECT_EQ(stop.marks(t0).callback, decimal("0.5"));
  EXPECT_FALSE(stop.marks(t0).best) << "one proposal at a time";
  (void)stop.confirm(1, t0);
  const TrailingMarks large = stop.marks(t0);
  EXPECT_EQ(large.at, t0 + 30s) << "then a small move will do";
  EXPECT_LE(*large.best, decimal("103.02"));
  EXPECT_GT(*large.best, decimal("103.0199999"));
  const TrailingMarks small = stop.marks(t0 + 30s);
  EXPECT_EQ(small.at, never_mono);
  EXPECT_LE(*small.best, decimal("102.051"));
  EXPECT_GT(*small.best, decimal("102.0509999"));
}

TEST(TrailingMarks, AStopBetterThanItsPeakDemandsStaysUntilThatCatchesUp) {
  TrailingOptions options;
  options.steps = {{decimal("2"), decimal("5")}};  // a wider one
  TrailingStop stop(Side::buy, decimal("100"), options);
  (void)stop.on_prices(at("101.6"), t0);
  (void)stop.confirm(1, t0);
  EXPECT_LE(*stop.marks(t0).best, decimal("102")) << "where the step begins";
  (void)stop.on_prices(at("102"), t0);
  const TrailingMarks marks = stop.marks(t0);
  EXPECT_EQ(marks.stop, decimal("101.092")) << "never back";
  EXPECT_FALSE(marks.callback);
  EXPECT_LE(*marks.best, decimal("106.413")) << "less 5 %: 101.092";
  EXPECT_GT(*marks.best, decimal("106.412"));
}

TEST(TrailingMarks, WhatIsNotExactIsToldEveryWindow) {
  EXPECT_FALSE(TrailingStop(Side::buy, decimal("0.000000000001"), {}).marks(t0).every);
  EXPECT_TRUE(TrailingStop(Side::buy, decimal("1.0000000000000000001"), {}).marks(t0).every);
  TrailingOptions options;
  options.callback_percent = decimal("0.5000000000001");
  EXPECT_TRUE(TrailingStop(Side::buy, decimal("100"), options).marks(t0).every);
}

TEST(TrailingMarks, CatchingUpIsWhatTheWindowsWouldHaveDone) {
  TrailingStop told(Side::buy, decimal("100"), {});
  (void)told.on_prices(at("102"), t0);
  (void)told.confirm(1, t0);
  TrailingStop caught_up = told;
  for (const char* price : {"102.5", "103", "102.9"}) {
    EXPECT_TRUE(told.on_prices(at(price), t0 + 1s)->empty());
  }
  caught_up.catch_up(decimal("103"), decimal("102.9"));
  EXPECT_EQ(caught_up.memory(), told.memory());
  EXPECT_EQ(caught_up.on_time(t0 + 30s)->at(0).price, told.on_time(t0 + 30s)->at(0).price);
}

TEST(TrailingMarks, WhileRefusedNothingIsProposed) {
  TrailingStop stop(Side::buy, decimal("100"), {});
  (void)stop.on_prices(at("102"), t0);
  stop.on_refused();
  const TrailingStop::Decisions expired = stop.on_time(t0 + 10s).value();
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired[0].type, TrailingDecision::Type::rolled_back);
  EXPECT_EQ(stop.next_deadline(), never_mono);
  EXPECT_TRUE(stop.marks(t0 + 1min).every);
  EXPECT_TRUE(stop.on_time(t0 + 1min)->empty());
  const TrailingStop::Decisions again = stop.on_prices(at("102"), t0 + 2min).value();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].type, TrailingDecision::Type::activated);
}

TEST(TrailingMarks, OtherOptionsAfterARestartAreSeenWithTheNextWindow) {
  TrailingOptions options;
  TrailingStop stop(Side::buy, decimal("100"), options);
  (void)stop.on_prices(at("101.4"), t0);
  options.activation_percent = decimal("1");
  const auto again = TrailingStop::restore(Side::buy, decimal("100"), options, stop.memory(), t0);
  EXPECT_TRUE(again->marks(t0).every);
}

}  // namespace
}  // namespace feedwatch
