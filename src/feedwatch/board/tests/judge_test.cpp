#include "feedwatch/board/judge.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

constexpr MonoTime t0 = mono_from_ns(1'000'000'000'000);
constexpr Duration ns{1};

Slot received_slot() {
  Slot slot;
  slot.occupied = true;
  slot.received = true;
  slot.prices.price = Decimal{100, 0};
  slot.carried = t0;
  slot.confirmed = t0;
  slot.degraded_after = 180s;
  slot.stale_after = 300s;
  slot.level = Level::healthy;
  slot.ticks = 1;
  return slot;
}

RefusalCode code_of(const Slot& slot, const ReadOptions& options, MonoTime now) {
  const auto price = judge(slot, options, now);
  EXPECT_FALSE(price.has_value());
  return price ? RefusalCode::unconfigured : price.error().code;
}

const ReadOptions any_age{.max_age = Duration::max()};

TEST(Level, ChangesOneNanosecondAfterTheDocumentedLimits) {
  const Slot slot = received_slot();
  EXPECT_EQ(level_at(slot, t0), Level::healthy);
  EXPECT_EQ(level_at(slot, t0 + 180s), Level::healthy);
  EXPECT_EQ(level_at(slot, t0 + 180s + ns), Level::degraded);
  EXPECT_EQ(level_at(slot, t0 + 300s), Level::degraded);
  EXPECT_EQ(level_at(slot, t0 + 300s + ns), Level::stale);
}

TEST(Level, LastGoodMomentAgreesWithTheLevelToTheNanosecond) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.event_time_is_publish = true;
  slot.transit = 7s;
  const MonoTime last = level_within_until(slot, slot.degraded_after);
  EXPECT_EQ(last, t0 + 173s);
  EXPECT_EQ(level_at(slot, last), Level::healthy);
  EXPECT_EQ(level_at(slot, last + ns), Level::degraded);
}

TEST(Level, NeverReceivedBecomesStaleOneNanosecondAfterItsDeadline) {
  Slot slot;
  slot.occupied = true;
  slot.first_deadline = t0 + 10s;
  EXPECT_EQ(level_at(slot, t0 + 10s), Level::unknown);
  EXPECT_EQ(level_at(slot, t0 + 10s + ns), Level::stale);
  EXPECT_EQ(code_of(slot, any_age, t0 + 10s), RefusalCode::unknown);
  EXPECT_EQ(code_of(slot, any_age, t0 + 10s + ns), RefusalCode::never_received);
  EXPECT_EQ(judge(slot, any_age, t0 + 10s + ns).error().reason, Reason::never_received);
}

TEST(Level, TradeTimeStampsNeverChangeIt) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.event_time_is_publish = false;
  slot.transit = 20h;
  EXPECT_EQ(level_at(slot, t0), Level::healthy);
  EXPECT_EQ(*ages_at(slot, t0).event, 20h);
  EXPECT_EQ(*ages_at(slot, t0).level, 0s);
}

TEST(Level, PublishTimeStampsAddTransitUnlessTheClockIsSuspect) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.event_time_is_publish = true;
  slot.transit = 200s;
  EXPECT_EQ(level_at(slot, t0), Level::degraded);
  slot.clock_suspect = true;
  EXPECT_EQ(level_at(slot, t0), Level::healthy);
  EXPECT_FALSE(ages_at(slot, t0).event.has_value());
}

TEST(Level, CountsFromTheConfirmationOnlyWhereTheSheetAllowsIt) {
  Slot slot = received_slot();
  slot.confirmed = t0 + 100s;
  EXPECT_EQ(level_at(slot, t0 + 200s), Level::degraded);
  slot.confirm_counts = true;
  EXPECT_EQ(level_at(slot, t0 + 200s), Level::healthy);
}

TEST(Level, HoldsWhileRecoveryWaitsForMoreTicks) {
  Slot slot = received_slot();
  slot.level = Level::stale;
  slot.recovering = true;
  EXPECT_EQ(level_at(slot, t0), Level::stale);
  EXPECT_EQ(code_of(slot, any_age, t0), RefusalCode::stale);
}

TEST(Ages, AreNeverNegativeAndAbsentWhenNeverReceived) {
  const Slot slot = received_slot();
  EXPECT_EQ(*ages_at(slot, t0 - 1h).receive, 0s);
  Slot nothing;
  nothing.occupied = true;
  EXPECT_FALSE(ages_at(nothing, t0).receive.has_value());
  EXPECT_FALSE(ages_at(nothing, t0).level.has_value());
}

TEST(Judge, PassesAtExactlyMaxAgeAndRefusesOneNanosecondLater) {
  const Slot slot = received_slot();
  const ReadOptions options{.max_age = 5s};
  ASSERT_TRUE(judge(slot, options, t0 + 5s).has_value());
  EXPECT_EQ(judge(slot, options, t0 + 5s)->receive_age, 5s);
  EXPECT_EQ(code_of(slot, options, t0 + 5s + ns), RefusalCode::too_old);
  EXPECT_EQ(*judge(slot, options, t0 + 5s + ns).error().age, 5s + ns);
  EXPECT_EQ(refused_from(slot, options), t0 + 5s + ns);
}

TEST(Judge, ZeroMaxAgeAcceptsOnlyAgeZero) {
  const Slot slot = received_slot();
  EXPECT_TRUE(judge(slot, {}, t0).has_value());
  EXPECT_EQ(code_of(slot, {}, t0 + ns), RefusalCode::too_old);
}

TEST(Judge, JudgesByTheAgeTheCallerAsksFor) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.transit = 4s;
  const MonoTime now = t0 + 2s;  // receive age 2 s, event age 6 s
  EXPECT_EQ(code_of(slot, {.max_age = 5s}, now), RefusalCode::too_old);
  EXPECT_TRUE(judge(slot, {.max_age = 6s}, now).has_value());
  EXPECT_TRUE(judge(slot, {.max_age = 2s, .basis = Basis::receive}, now).has_value());
  EXPECT_EQ(code_of(slot, {.max_age = 5s, .basis = Basis::event}, now), RefusalCode::too_old);
}

TEST(Judge, EventBasisNeedsAVenueTime) {
  const Slot slot = received_slot();
  EXPECT_EQ(code_of(slot, {.max_age = 1h, .basis = Basis::event}, t0), RefusalCode::no_event_time);
}

TEST(Judge, ASuspectClockIsJudgedByReceiveAgeAlone) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.clock_suspect = true;
  EXPECT_TRUE(judge(slot, {.max_age = 1s}, t0 + 1s).has_value());
  EXPECT_EQ(code_of(slot, {.max_age = 1s}, t0 + 1s + ns), RefusalCode::too_old);
  EXPECT_EQ(code_of(slot, {.max_age = 1s, .basis = Basis::event}, t0), RefusalCode::clock_suspect)
      << "whoever insists on a time that nobody believes gets no price";
}

TEST(Judge, AcceptConfirmedCountsFromTheConfirmation) {
  Slot slot = received_slot();
  slot.confirmed = t0 + 10s;
  EXPECT_EQ(code_of(slot, {.max_age = 5s}, t0 + 12s), RefusalCode::too_old);
  EXPECT_TRUE(judge(slot, {.max_age = 5s, .accept_confirmed = true}, t0 + 12s).has_value());
}

TEST(Judge, AConfirmationIsAsOldAsItsOwnMessage) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.event_time_is_publish = true;
  slot.confirm_counts = true;
  slot.confirmed = t0 + 10s;
  slot.confirmed_transit = 12s;  // it had waited in the venue's queue
  const ReadOptions confirmed{.max_age = 13s, .accept_confirmed = true};
  EXPECT_TRUE(judge(slot, confirmed, t0 + 11s).has_value());
  EXPECT_EQ(code_of(slot, confirmed, t0 + 11s + ns), RefusalCode::too_old);
  EXPECT_EQ(ages_at(slot, t0 + 11s).level, 13s);
  EXPECT_EQ(ages_at(slot, t0 + 11s).event, 11s) << "the price itself travelled without delay";
}

TEST(Judge, RefusesInTheOrderOfTheContract) {
  Slot slot;
  EXPECT_EQ(code_of(slot, any_age, t0), RefusalCode::unconfigured);
  slot = received_slot();
  slot.gate_closed = true;
  EXPECT_EQ(code_of(slot, any_age, t0 - ns), RefusalCode::clock_backwards);
  EXPECT_EQ(code_of(slot, any_age, t0 + 1h), RefusalCode::awaiting_fresh);
  slot.gate_closed = false;
  EXPECT_EQ(code_of(slot, {.max_age = 1s}, t0 + 1h), RefusalCode::stale);
}

TEST(Judge, ReturnsADegradedPriceMarkedSo) {
  const auto price = judge(received_slot(), any_age, t0 + 200s);
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(price->level, Level::degraded);
}

TEST(Judge, NamesAReasonEvenWhenTheTimerNeverRan) {
  Slot slot = received_slot();  // the stored level still says healthy, reason ok
  const auto price = judge(slot, any_age, t0 + 301s);
  EXPECT_EQ(price.error().reason, Reason::silent);
  EXPECT_EQ(price.error().level, Level::stale);
}

TEST(Judge, FirstRefusedMomentIsExactForEveryCause) {
  Slot slot = received_slot();
  slot.has_event_time = true;
  slot.transit = 3s;
  for (const ReadOptions& options : {ReadOptions{.max_age = 5s}, ReadOptions{.max_age = 1h},
                                     ReadOptions{.max_age = 5s, .basis = Basis::receive}}) {
    const MonoTime from = refused_from(slot, options);
    EXPECT_TRUE(judge(slot, options, from - ns).has_value());
    EXPECT_FALSE(judge(slot, options, from).has_value());
  }
  slot.gate_closed = true;
  EXPECT_EQ(refused_from(slot, any_age), MonoTime::min());
}

}  // namespace
}  // namespace feedwatch
