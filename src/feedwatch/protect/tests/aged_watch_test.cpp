#include "feedwatch/protect/aged_watch.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonoTime t0{1'000s};

class AgedWatchTest : public testing::Test {
 protected:
  static Position position(Side side) {
    Position made;
    made.side = side;
    made.entry_price = *Decimal::parse("100");
    return made;
  }
  /// "target_reached grace 100.2", …; checks are left out unless asked for.
  static std::vector<std::string> words(const AgedWatch::Result& result, bool checks) {
    std::vector<std::string> out;
    if (!result) return {std::string(to_text(result.error()))};
    for (const AgedDecision& each : *result) {
      if (each.type == AgedDecision::Type::price_check && !checks) continue;
      const std::string price = each.price ? " at " + each.price->to_string() : "";
      out.push_back(fmt::format("{} {}{}", to_text(each.type), to_text(each.phase), price));
    }
    return out;
  }
  std::vector<std::string> price(const char* text, Duration age, bool checks = false) {
    return words(watch.on_price(*Decimal::parse(text), age, t0 + age), checks);
  }

  AgedWatch watch{position(Side::buy), {}};
};

TEST_F(AgedWatchTest, GoesThroughItsPhasesByTheClock) {
  EXPECT_EQ(watch.next_change(0s), 3h + 1ns);
  EXPECT_THAT(words(watch.on_time(3h), false), IsEmpty());
  EXPECT_THAT(words(watch.on_time(3h + 1ns), false), ElementsAre("phase_change grace"));
  EXPECT_THAT(words(watch.on_time(4h), false), IsEmpty());
  EXPECT_THAT(words(watch.on_time(12h), false), ElementsAre("phase_change progressive"));
  EXPECT_THAT(words(watch.on_time(32h), false), ElementsAre("phase_change emergency"));
  EXPECT_EQ(watch.next_change(32h), std::nullopt);
}

TEST_F(AgedWatchTest, BreakevenPaysForBothCommissions) {
  EXPECT_THAT(price("150", 2h), IsEmpty()) << "not aged";
  EXPECT_THAT(price("100.1", 4h), ElementsAre("phase_change grace"))
      << "a gain before commissions is none";
  EXPECT_THAT(price("100.2", 4h + 1s), ElementsAre("target_reached grace at 100.2"));
  EXPECT_THAT(price("100.3", 4h + 2s), IsEmpty()) << "once";
  EXPECT_THAT(price("100.1", 4h + 3s), IsEmpty());
  EXPECT_THAT(price("100.2", 4h + 4s), ElementsAre("target_reached grace at 100.2"));
}

TEST_F(AgedWatchTest, TheTargetGivesWayWithEveryPrice) {
  price("99", 12h);
  EXPECT_THAT(price("99", 13h - 1s), IsEmpty());
  EXPECT_THAT(price("99", 13h), ElementsAre("target_reached progressive at 99"))
      << "not frozen at what it was when the phase began";
}

TEST_F(AgedWatchTest, TheEmergencyTakesTheFirstPriceOnce) {
  EXPECT_THAT(words(watch.on_time(32h), false), ElementsAre("phase_change emergency"));
  EXPECT_THAT(price("10", 33h), ElementsAre("emergency_exit emergency at 10"));
  EXPECT_THAT(price("9", 34h), IsEmpty());
  watch = AgedWatch(position(Side::buy), {}, 1min, watch.memory());
  EXPECT_THAT(price("9", 35h), IsEmpty()) << "also after a restart";
}

TEST_F(AgedWatchTest, ShortIsTheMirror) {
  watch = AgedWatch(position(Side::sell), {});
  EXPECT_THAT(price("99.9", 4h), ElementsAre("phase_change grace"));
  EXPECT_THAT(price("99.8", 4h), ElementsAre("target_reached grace at 99.8"));
}

TEST_F(AgedWatchTest, WaitsWhileAnotherRuleManagesThePosition) {
  watch.set_waiting(true);
  EXPECT_THAT(price("120", 4h), ElementsAre("phase_change grace"));
  EXPECT_THAT(price("120", 33h), ElementsAre("phase_change emergency"));
  watch.set_waiting(false);
  EXPECT_THAT(price("120", 33h), ElementsAre("emergency_exit emergency at 120"));
}

TEST_F(AgedWatchTest, ChecksAreSampled) {
  EXPECT_THAT(price("99", 4h, true), ElementsAre("phase_change grace", "price_check grace at 99"));
  EXPECT_THAT(price("99.1", 4h + 59s, true), IsEmpty());
  EXPECT_THAT(price("99.2", 4h + 60s, true), ElementsAre("price_check grace at 99.2"));
}

TEST_F(AgedWatchTest, MarksHoldWhereThePriceDecidesNothing) {
  EXPECT_EQ(watch.marks(1h, t0, 1min).at, t0 + 2h + 1ns);
  EXPECT_FALSE(watch.marks(1h, t0, 1min).every) << "not aged";
  EXPECT_EQ(watch.marks(4h, t0, 1min).at, t0) << "its phase is to be told";
  price("99", 4h);
  const AgedMarks grace = watch.marks(4h, t0 + 4h, 1min);
  EXPECT_EQ(grace.reach, *Decimal::parse("100.2"));
  EXPECT_EQ(grace.at, t0 + 4h + 1min) << "the next sample";
  EXPECT_TRUE(watch.marks(4h + 1min, t0 + 4h + 1min, 1min).every);
  price("100.3", 4h + 1s);
  EXPECT_EQ(watch.marks(4h + 1s, t0 + 4h + 1s, 1min).leave, *Decimal::parse("100.2"));
}

TEST_F(AgedWatchTest, AMovingTargetIsBounded) {
  price("90", 13h);
  const AgedMarks marks = watch.marks(13h, t0 + 13h, 2h);
  EXPECT_EQ(marks.reach, *Decimal::parse("98")) << "what it is in two hours";
  watch.set_waiting(true);
  EXPECT_FALSE(watch.marks(13h, t0 + 13h, 2h).reach);
}

TEST_F(AgedWatchTest, AnEmergencyTakesTheNextPriceWhateverItIs) {
  EXPECT_THAT(words(watch.on_time(32h), false), ElementsAre("phase_change emergency"));
  EXPECT_TRUE(watch.marks(32h, t0 + 32h, 1min).every);
  price("10", 32h);
  EXPECT_FALSE(watch.marks(32h, t0 + 32h, 1min).every);
}

TEST_F(AgedWatchTest, WhatIsKeptHasInvariants) {
  EXPECT_EQ(AgedMemory{}.problem(), "");
  EXPECT_EQ((AgedMemory{.phase = AgedPhase::emergency, .exited = true}).problem(), "");
  EXPECT_NE((AgedMemory{.reached = true}).problem(), "");
  EXPECT_NE((AgedMemory{.phase = AgedPhase::grace, .exited = true}).problem(), "");
}

}  // namespace
}  // namespace feedwatch
