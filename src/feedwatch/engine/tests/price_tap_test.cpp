#include "feedwatch/engine/price_tap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::engine {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr MonoTime t0{1'000s};
const WallTime utc = wall_from_ns(1'764'230'400'000'000'000);

Decimal number(const char* text) {
  return *Decimal::parse(text);
}

/// A monitor with one stream that is on the tap.
class Tap : public testing::Test {
 protected:
  StreamId add(const StreamKey& key) {
    StreamOptions options;
    options.key = key;
    options.policy.degraded_after = 180s;
    options.policy.stale_after = 300s;
    options.cadence = clocked(1s);
    return *monitor.add_stream(options, now);
  }
  void price(const char* text, Duration age = 0s) {
    now += 1s;
    monitor.update_price(mark, number(text), {.mono_recv = now - age, .now = now});
  }

  const StreamKey mark{"v", "S", Kind::mark}, quote{"v", "S", Kind::quote};
  MonoTime now = t0;
  int dirty = 0;
  PriceTap tap{[this] { ++dirty; }};
  Monitor monitor{MonitorOptions{.capacity = 4, .anchor = {utc, t0}}};
};

TEST_F(Tap, KeepsTheExtremesOfWhatWasAcceptedInBetween) {
  const StreamId stream = add(mark);
  price("1");
  PriceTap::attach(monitor, stream, tap);
  tap.take();
  dirty = 0;
  for (const char* text : {"100", "103", "98", "101"}) price(text);
  EXPECT_EQ(dirty, 1) << "told once until it was taken";
  const auto taken = tap.take();
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].stream, stream);
  EXPECT_EQ(taken[0].sold.low, number("98"));
  EXPECT_EQ(taken[0].sold.high, number("103"));
  EXPECT_EQ(taken[0].sold.last, number("101"));
  EXPECT_EQ(taken[0].bought.low, number("98"));
  EXPECT_EQ(taken[0].count, 4U);
  EXPECT_THAT(tap.take(), IsEmpty());
  price("102");
  EXPECT_EQ(dirty, 2);
  EXPECT_EQ(tap.take().at(0).sold.low, number("102")) << "of the new window alone";
}

TEST_F(Tap, LongsAreClosedAtTheBidAndShortsAtTheAsk) {
  PriceTap::attach(monitor, add(quote), tap);
  for (const auto& [bid, ask] : {std::pair{"99", "100"}, {"97", "98"}, {"98", "101"}}) {
    now += 1s;
    monitor.update_quote(quote, number(bid), number(ask), {.mono_recv = now, .now = now});
  }
  const TappedPrices taken = tap.take().at(0);
  EXPECT_EQ(taken.sold.low, number("97"));
  EXPECT_EQ(taken.sold.high, number("99"));
  EXPECT_EQ(taken.sold.last, number("98"));
  EXPECT_EQ(taken.bought.low, number("98"));
  EXPECT_EQ(taken.bought.high, number("101"));
  EXPECT_EQ(taken.bought.last, number("101"));
}

TEST_F(Tap, WhatIsOldWhenItComesIsNotOnIt) {
  PriceTap::attach(monitor, add(mark), tap);
  price("100", 6s);
  EXPECT_THAT(tap.take(), IsEmpty());
  EXPECT_EQ(dirty, 0);
}

TEST_F(Tap, HowOldAPriceMayBeIsThePolicysWord) {
  const StreamId stream = add(mark);
  PriceTap::attach(monitor, stream, tap);
  price("100", 6s);
  EXPECT_THAT(tap.take(), IsEmpty());
  Policy longer = monitor.options(stream).policy;
  longer.protect_max_age = 12s;
  monitor.set_policy(stream, longer, now);
  PriceTap::attach(monitor, stream, tap);
  tap.take();
  price("101", 6s);
  EXPECT_EQ(tap.take().at(0).sold.last, number("101"));
  PriceTap::detach(monitor, stream, tap);
  EXPECT_THAT(monitor.delivery_counters(), IsEmpty());
}

TEST_F(Tap, ANewConnectionBreaksTheWindow) {
  const StreamId stream = add(mark);
  PriceTap::attach(monitor, stream, tap);
  price("100");
  tap.take();
  price("101");
  EXPECT_TRUE(tap.take().at(0).continuous);
  monitor.on_epoch(stream, 1, now);
  price("102");
  EXPECT_FALSE(tap.take().at(0).continuous);
  price("103");
  EXPECT_TRUE(tap.take().at(0).continuous);
}

TEST_F(Tap, TwiceOnTheTapIsOnceAndOffIsOff) {
  const StreamId stream = add(mark);
  PriceTap::attach(monitor, stream, tap);
  PriceTap::attach(monitor, stream, tap);
  price("100");
  EXPECT_EQ(tap.take().at(0).count, 1U);
  price("101");
  PriceTap::detach(monitor, stream, tap);
  price("102");
  EXPECT_THAT(tap.take(), IsEmpty());
  EXPECT_THAT(monitor.delivery_counters(), IsEmpty());
}

/// The control is woken by what something is decided by, and by nothing else.
TEST_F(Tap, OnlyAStreamOfWhichEveryPriceIsNeededIsOnIt) {
  const StreamId stream = add(mark);
  price("99");
  PriceTap::serve(monitor, stream, tap, PriceNeed::newest);
  price("100");
  EXPECT_EQ(dirty, 0);
  PriceTap::serve(monitor, stream, tap, PriceNeed::every);
  price("101");
  EXPECT_EQ(tap.take().at(0).sold.last, number("101"));
  PriceTap::serve(monitor, stream, tap, PriceNeed::newest);
  dirty = 0;
  price("102");
  EXPECT_EQ(dirty, 0);
  EXPECT_THAT(tap.take(), IsEmpty());
  EXPECT_THAT(monitor.delivery_counters(), IsEmpty());
}

}  // namespace
}  // namespace feedwatch::engine
