#include "feedwatch/intake/line_merge.hpp"

#include <gtest/gtest.h>

namespace feedwatch::intake {
namespace {

using Way = Merged::Way;
constexpr MonoTime t0 = mono_from_ns(1'000'000'000);
constexpr std::size_t a = 0;
constexpr std::size_t b = 1;

Tick price(std::int64_t value, Duration after = 0s) {
  Tick tick;
  tick.prices.price = Decimal{value, 0};
  tick.fields.price = true;
  tick.mono_recv = t0 + after;
  tick.epoch = 1;
  return tick;
}

Tick numbered(std::int64_t value, std::uint64_t seq, Duration after = 0s) {
  Tick tick = price(value, after);
  tick.seq = seq;
  return tick;
}

Tick stamped(std::int64_t value, Duration event, Duration after = 0s) {
  Tick tick = price(value, after);
  tick.ts_event = WallTime{event};
  return tick;
}

Tick bid_only(std::int64_t value) {
  return price(value);
}

Tick quote(std::int64_t bid, std::int64_t ask) {
  Tick tick = price(bid);
  tick.prices.ask = Decimal{ask, 0};
  tick.fields.ask = true;
  return tick;
}

/// Two lines of a channel whose numbers mean the same on both.
struct Comparable : testing::Test {
  LineMerge merge{{.repeat_confirms = true, .seq_orders = true}, true, 2};

  Way offer(std::size_t line, Tick tick, bool primary = false) {
    return merge.take(line, primary, tick).way;
  }
};

using FirstCopyWins = Comparable;

TEST_F(FirstCopyWins, WhicheverLineBringsIt) {
  EXPECT_EQ(offer(a, numbered(100, 1)), Way::goes_on);
  EXPECT_EQ(offer(b, numbered(100, 1)), Way::duplicate);
  EXPECT_EQ(offer(b, numbered(101, 2)), Way::goes_on);
  EXPECT_EQ(offer(a, numbered(101, 2)), Way::duplicate);
}

TEST_F(FirstCopyWins, ALineThatLagsBringsNothingNew) {
  offer(b, numbered(100, 1));
  for (std::uint64_t seq = 1; seq <= 9; ++seq) offer(a, numbered(100, seq));
  for (std::uint64_t seq = 2; seq <= 9; ++seq) {
    EXPECT_EQ(offer(b, numbered(100, seq, 1s * seq)), Way::duplicate) << "nor does it begin anew";
  }
}

TEST_F(FirstCopyWins, AKeepAliveIsTheLinesOwnAndTheOtherLinesCopyIsNone) {
  offer(a, numbered(100, 7));
  EXPECT_EQ(offer(b, numbered(100, 7, 1s)), Way::duplicate) << "the first time on this line";
  EXPECT_EQ(offer(b, numbered(100, 7, 3s)), Way::goes_on) << "the venue says it again";
  offer(a, numbered(101, 8, 4s));
  EXPECT_EQ(offer(b, numbered(100, 7, 5s)), Way::duplicate) << "of what is over";
}

TEST_F(FirstCopyWins, AnotherPriceWithTheNumberOfTheOthersLastIsNotASecondFirst) {
  offer(a, numbered(100, 7));
  EXPECT_EQ(offer(b, numbered(105, 7)), Way::duplicate);
  EXPECT_EQ(offer(a, numbered(106, 7)), Way::goes_on) << "its own line may correct itself";
}

TEST_F(FirstCopyWins, NumbersThatBeginAgainDoSoOnEachLine) {
  offer(a, numbered(100, 1000));
  offer(b, numbered(100, 1000));
  Tick restarted = numbered(101, 1);
  restarted.restart = true;
  EXPECT_EQ(offer(a, restarted), Way::goes_on);
  EXPECT_EQ(offer(b, numbered(100, 1001)), Way::standby) << "of the order before";
  EXPECT_EQ(offer(a, numbered(102, 2)), Way::goes_on);
  EXPECT_EQ(offer(b, restarted), Way::duplicate) << "it follows";
  EXPECT_EQ(offer(b, numbered(103, 3)), Way::goes_on);
}

TEST_F(FirstCopyWins, AWordlessRestartIsToldToTheStream) {
  offer(a, numbered(100, 1000));
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    offer(a, numbered(100, seq, seq * 300ms), true);
  }
  Tick fifth = numbered(104, 5, 1500ms);
  EXPECT_EQ(merge.take(a, true, fifth).way, Way::goes_on);
  EXPECT_TRUE(fifth.restart) << "else its number would look like an old one";
}

TEST_F(FirstCopyWins, TheLineThatTookOverBringsItsOwnOrder) {
  offer(a, numbered(100, 1000));
  offer(b, numbered(100, 1000));
  Tick restarted = numbered(101, 1);
  restarted.restart = true;
  offer(a, restarted);
  merge.take_over(b, {}, t0);  // a is gone before b noticed anything
  EXPECT_EQ(offer(b, numbered(102, 1001)), Way::goes_on);
}

TEST_F(FirstCopyWins, ANewSubscriptionAfterAnUnseenRestartIsBelievedInTheEnd) {
  offer(a, numbered(100, 1000));
  std::size_t went_on = 0;
  for (std::uint64_t seq = 1; seq <= 8; ++seq) {
    Tick tick = numbered(100, seq, 1s + seq * 300ms);
    tick.epoch = 2;
    went_on += merge.take(b, false, tick).way == Way::goes_on ? 1U : 0U;
  }
  EXPECT_EQ(went_on, 4U) << "from the fifth on";
}

TEST_F(FirstCopyWins, WhatALineRefusesIsCountedOnceAndOnThePrimary) {
  EXPECT_EQ(offer(b, numbered(0, 1)), Way::standby);
  EXPECT_EQ(offer(a, numbered(0, 1), true), Way::goes_on) << "the gate of the stream counts it";
}

TEST_F(FirstCopyWins, AMessageWithoutAPriceConfirmsOnceOverAllLines) {
  LineMerge deltas{{.absent_is_unchanged = true, .seq_orders = true}, true, 2};
  const auto offer_to = [&](std::size_t line, Tick tick) { return deltas.take(line, false, tick); };
  offer_to(a, numbered(100, 1));
  offer_to(b, numbered(100, 1));
  Tick nothing = numbered(0, 2);
  nothing.fields = {};
  EXPECT_EQ(offer_to(a, nothing).way, Way::goes_on);
  EXPECT_EQ(offer_to(b, nothing).way, Way::duplicate);
}

TEST_F(FirstCopyWins, ARestartOnAMessageWithoutAPriceIsARestart) {
  LineMerge deltas{{.absent_is_unchanged = true, .seq_orders = true}, true, 2};
  Tick tick = numbered(100, 1000);
  deltas.take(a, true, tick);
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    tick = numbered(0, seq, seq * 300ms);
    tick.fields = {};
    deltas.take(a, true, tick);
  }
  EXPECT_TRUE(tick.restart);
  tick = numbered(101, 6, 2s);
  EXPECT_EQ(deltas.take(a, true, tick).way, Way::goes_on);
}

TEST_F(FirstCopyWins, WithoutAnyLineTheNextNumbersAreANewOrder) {
  offer(a, numbered(100, 1000));
  merge.lose(a);
  merge.lose_all();
  Tick tick = numbered(101, 1, 1s);
  tick.epoch = 2;
  EXPECT_EQ(merge.take(a, true, tick).way, Way::goes_on);
}

/// Two lines where numbers mean nothing between them.
struct Standby : testing::Test {
  LineMerge merge{{.absent_is_unchanged = true}, false, 2};
};

TEST_F(Standby, OnlyThePrimarysTicksGoOn) {
  Tick tick = price(100);
  EXPECT_EQ(merge.take(a, true, tick).way, Way::goes_on);
  EXPECT_EQ(merge.take(b, false, tick).way, Way::standby);
  ASSERT_NE(merge.copy(b).newest(), nullptr);
  EXPECT_EQ(merge.copy(b).heard(), t0);
}

TEST_F(Standby, WhatALostLineHadSaidVouchesForNothing) {
  Tick tick = price(100);
  merge.take(b, false, tick);
  EXPECT_FALSE(merge.copy(b).spoke_again()) << "the first of a subscription is owed to nobody else";
  tick = price(100, 1s);
  merge.take(b, false, tick);
  EXPECT_TRUE(merge.copy(b).spoke_again());
  merge.lose(b);
  EXPECT_EQ(merge.copy(b).newest(), nullptr);
  EXPECT_EQ(merge.copy(b).heard(), never_mono);
  EXPECT_FALSE(merge.copy(b).holds({Decimal{100, 0}, {}}));
}

TEST_F(Standby, WhatTheLineBeforeHadToldIsNotToldAgain) {
  Slot stored;
  stored.received = stored.has_event_time = true;
  stored.ts_event = WallTime{10s};
  merge.take_over(b, stored, t0);
  Tick same = stamped(100, 10s);
  EXPECT_EQ(merge.take(b, true, same).way, Way::duplicate);
  Tick newer = stamped(101, 11s);
  EXPECT_EQ(merge.take(b, true, newer).way, Way::goes_on);
  Tick late = stamped(102, 10s);
  EXPECT_EQ(merge.take(b, true, late).way, Way::goes_on) << "times are no order";
}

TEST_F(Standby, ATimeThatStandsStillHoldsNobodyUpForLong) {
  Slot stored;
  stored.received = stored.has_event_time = true;
  stored.ts_event = WallTime{10s};
  merge.take_over(b, stored, t0);
  Tick later = stamped(100, 10s, 1001ms);
  EXPECT_EQ(merge.take(b, true, later).way, Way::goes_on);
}

TEST(LineCopy, DeltasAreAssembledOfTheirOwnLine) {
  LineMerge merge{{.kind = Kind::quote, .absent_is_unchanged = true}, false, 2};
  Tick tick = quote(100, 101);
  merge.take(a, true, tick);
  tick = quote(90, 91);
  merge.take(b, false, tick);
  tick = bid_only(99);
  EXPECT_EQ(merge.take(a, true, tick).way, Way::goes_on);
  EXPECT_EQ(tick.prices, (Prices{Decimal{99, 0}, Decimal{101, 0}})) << "not the other line's ask";
  EXPECT_TRUE(tick.fields.ask);
}

TEST(LineCopy, HoldsWhatItSaidItself) {
  LineMerge merge{{.absent_is_unchanged = true}, false, 2};
  Tick tick = price(100);
  merge.take(b, false, tick);
  EXPECT_TRUE(merge.copy(b).holds({Decimal{100, 0}, {}}));
  EXPECT_FALSE(merge.copy(b).holds({Decimal{101, 0}, {}}));
  EXPECT_FALSE(merge.copy(a).holds({Decimal{100, 0}, {}}));
}

TEST(Divergence, IsOfPricesThatBothStand) {
  LineMerge merge{{}, false, 2};
  Tick tick = price(100);
  merge.take(a, true, tick);
  EXPECT_FALSE(merge.differ(a, b, t0 + 10s)) << "b has said nothing";
  tick = price(101, 5s);
  merge.take(b, false, tick);
  EXPECT_FALSE(merge.differ(a, b, t0 + 7s)) << "one may only be late";
  EXPECT_TRUE(merge.differ(a, b, t0 + 7s + 1ns));
  tick = price(101, 8s);
  merge.take(a, true, tick);
  EXPECT_FALSE(merge.differ(a, b, t0 + 60s));
}

}  // namespace
}  // namespace feedwatch::intake
