/// Semantics §3: confirmed but not carried for more than 60 s while the same symbol's other kind
/// moved by more than 0.2 % is frozen.
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {
namespace {

class Frozen : public World {
 protected:
  void SetUp() override {
    StreamOptions options = options_of("v/BTC/mark");
    options.absent_is_unchanged = true;
    mark = add(options);
    last = add("v/BTC/last");
    send(last, 100'000);
    send(mark, 100'000);
    changes();
  }
  /// Seconds in which the mark price is confirmed every 100 ms and never carried.
  void confirm(Duration span) {
    for (const MonoTime end = now + span; now < end;) {
      run(100ms);
      Tick made = tick(mark, 1);
      made.fields = {};
      ASSERT_EQ(send(made).type, Outcome::Type::confirmed);
    }
  }
  bool frozen() const { return monitor.unchecked_slot(mark).frozen; }

  StreamId mark;
  StreamId last;
};

TEST_F(Frozen, WhatIsConfirmedWhileTheMarketMovesIsNotBelievedAfterAMinute) {
  confirm(30s);
  send(last, 100'201);
  confirm(30s);
  EXPECT_FALSE(frozen()) << "sixty seconds are allowed";
  confirm(100ms);
  EXPECT_TRUE(frozen());
  const Slot slot = monitor.unchecked_slot(mark);
  EXPECT_EQ(slot.reason, Reason::frozen);
  EXPECT_EQ(ages_at(slot, now).level, ages_at(slot, now).receive) << "confirmations do not count";
  EXPECT_TRUE(monitor.suspect_since(mark).has_value()) << "repair begins";
  EXPECT_FALSE(monitor.price(mark, {.max_age = 5s, .accept_confirmed = true}, now).has_value());
}

TEST_F(Frozen, AMoveOfTwoPerMilleIsNotEnough) {
  confirm(30s);
  send(last, 100'200);
  confirm(60s);
  EXPECT_FALSE(frozen());
  send(last, 99'799);
  confirm(100ms);
  EXPECT_TRUE(frozen()) << "down counts as up does";
}

TEST_F(Frozen, AQuietMarketFreezesNothing) {
  confirm(170s);
  EXPECT_FALSE(frozen());
  EXPECT_EQ(monitor.unchecked_slot(mark).level, Level::healthy);
}

TEST_F(Frozen, APriceThatComesEndsIt) {
  confirm(10s);
  send(last, 101'000);
  confirm(60s);
  ASSERT_TRUE(frozen());
  confirm(5s);
  EXPECT_TRUE(frozen()) << "a confirmation does not";
  EXPECT_TRUE(monitor.suspect_since(mark).has_value());
  send(mark, 101'000);
  EXPECT_FALSE(frozen());
  EXPECT_EQ(monitor.unchecked_slot(mark).reason, Reason::ok);
  EXPECT_FALSE(monitor.suspect_since(mark).has_value());
  confirm(59s);
  EXPECT_FALSE(frozen()) << "the comparison begins again";
}

TEST_F(Frozen, BecomesStaleByTheAgeOfThePriceItself) {
  confirm(10s);
  send(last, 101'000);
  confirm(290s);
  EXPECT_EQ(monitor.unchecked_slot(mark).level, Level::degraded);
  confirm(1s);
  EXPECT_EQ(monitor.unchecked_slot(mark).level, Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(mark).reason, Reason::frozen);
}

TEST_F(Frozen, ADeadKindHidesNoLivingOne) {
  const StreamId index = add("v/BTC/index");
  run(200s);
  ASSERT_EQ(level_at(monitor.unchecked_slot(last), now), Level::degraded);
  send(index, 100'000);
  send(mark, 100'000);
  confirm(10s);
  send(index, 100'201);
  confirm(60s);
  EXPECT_TRUE(frozen());
}

TEST_F(Frozen, OneThatDiesMeanwhileIsReplaced) {
  const StreamId index = add("v/BTC/index");
  send(index, 100'000);
  confirm(2s);
  monitor.set_policy(last, tight(), now);
  send(last, 100'000);
  send(mark, 100'000);
  confirm(61s);
  EXPECT_FALSE(frozen());
  send(index, 100'201);
  confirm(100ms);
  EXPECT_TRUE(frozen());
}

TEST_F(Frozen, WhatDiedAfterItMovedHasMoved) {
  monitor.set_policy(last, tight(), now);
  confirm(2s);
  send(last, 100'201);
  confirm(58s);
  EXPECT_FALSE(frozen());
  ASSERT_EQ(level_at(monitor.unchecked_slot(last), now), Level::stale);
  confirm(100ms);
  EXPECT_TRUE(frozen());
}

TEST_F(Frozen, OfLivingKindsTheFreshestIsLookedAt) {
  run(100s);
  const StreamId index = add("v/BTC/index");
  send(index, 100'000);
  send(mark, 100'000);
  confirm(10s);
  send(index, 100'201);
  confirm(60s);
  EXPECT_TRUE(frozen()) << "although the last trade, which comes first by kind, stands still";
}

TEST_F(Frozen, WithoutAnotherKindNothingCanBeCompared) {
  monitor.remove_stream(last, now);
  confirm(120s);
  EXPECT_FALSE(frozen());
}

}  // namespace
}  // namespace feedwatch::test
