/// The eleven defects of the monitor this product replaces: each is a test that fails if it
/// returns.
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

/// The time of the world as a port.
class WorldClock final : public Clock {
 public:
  explicit WorldClock(const MonoTime& now) : now_(now) {}
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return anchor.at(now_); }

 private:
  const MonoTime& now_;
};

class OriginDefect : public World {
 protected:
  /// What the consumer's own thread would do now.
  void run_queue(std::string_view consumer) { monitor.queue(consumer)->run(clock, 100); }
  DeliveryCounters counters_of(std::string_view consumer) const {
    const auto all = monitor.delivery_counters();
    return *std::ranges::find(all, consumer, &DeliveryCounters::consumer);
  }
  const WorldClock clock{now};
};

TEST_F(OriginDefect, D01_LeadingEdgeThrottleLostTheNewestPrice) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  for (const std::int64_t price : {100, 101, 102}) send(s, price);
  EXPECT_EQ(price(s, 1s)->prices.price, (Decimal{102, 0})) << "stored at once";
  run(100ms);
  EXPECT_EQ(seen.prices.back(), 102) << "delivered though no further tick came";
  EXPECT_EQ(monitor.delivery_counters()[0].conflated, 1U) << "and the dropped one is counted";
  run(1h);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 102})) << "nor said again in the silence";
}

TEST_F(OriginDefect, D01_NorIsItLostOnTheWayThroughAQueue) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c"}, seen.callbacks());
  send(s, 100);
  run_queue("c");
  for (const std::int64_t price : {101, 102}) send(s, price);
  run(100ms);
  run_queue("c");
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 102}));
}

TEST_F(OriginDefect, D02_AWallClockStepFrozeEverything) {
  // No call of the monitor takes the time of day but the venue's stamps; ages cannot see it.
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  const Duration steps[] = {0h, -1h, 1h, -24h};
  for (const Duration step : steps) {
    Tick made = tick(s, 100);
    made.ts_recv += step;  // as a stepped clock would have stamped it
    wait(1s);
    made.mono_recv = now;
    EXPECT_EQ(send(made).type, Outcome::Type::accepted);
    EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).level, 0s);
    EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  }
  EXPECT_EQ(seen.prices.size(), 4U);
  run(180s + ns);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::degraded) << "and silence is found as ever";
}

TEST_F(OriginDefect, D03_DeliveryAfterUnsubscribe) {
  const StreamId s = add("v/BTC/last");
  Recorder later;
  Subscription victim;
  Callbacks first;
  first.on_price = [&](const Delivery&) { monitor.unsubscribe(victim); };
  monitor.subscribe(s, {.name = "first", .delivery = DeliveryMode::in_line}, first);
  victim =
      monitor.subscribe(s, {.name = "later", .delivery = DeliveryMode::in_line}, later.callbacks());
  send(s, 100);
  EXPECT_TRUE(later.prices.empty());
}

TEST_F(OriginDefect, D03_NorFromAQueueThatHeldTheCallAlready) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  const Subscription victim = monitor.subscribe(s, {.name = "c"}, seen.callbacks());
  const auto queue = monitor.queue("c");
  send(s, 100);
  ASSERT_FALSE(queue->empty());
  monitor.unsubscribe(victim);
  queue->run(clock, 100);
  EXPECT_TRUE(seen.prices.empty());
}

TEST_F(OriginDefect, D04_ASlowOrFailingConsumerHeldUpTheOthers) {
  const StreamId s = add("v/BTC/last");
  Callbacks failing;
  failing.on_price = [](const Delivery&) { throw std::runtime_error("order rejected"); };
  monitor.subscribe(s, {.name = "failing", .delivery = DeliveryMode::in_line}, failing);
  Recorder seen;
  monitor.subscribe(s, {.name = "other", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  EXPECT_EQ(seen.prices.size(), 1U);
  EXPECT_EQ(counters_of("failing").failed, 1U);
}

TEST_F(OriginDefect, D04_AQueuedConsumersSlowCallStopsNobody) {
  const StreamId s = add("v/BTC/last");
  Recorder other;
  std::vector<std::int64_t> slow;
  Callbacks order;  // places an order, which takes half a second; the monitor's thread goes on
  order.on_price = [&](const Delivery& delivery) {
    slow.push_back(static_cast<std::int64_t>(delivery.price.prices.price.mantissa()));
    if (slow.size() > 1) return;
    for (int i = 1; i <= 5; ++i) {
      run(100ms);
      send(s, 100 + i);
    }
  };
  monitor.subscribe(s, {.name = "slow"}, order);
  monitor.subscribe(s, {.name = "other", .delivery = DeliveryMode::in_line}, other.callbacks());
  send(s, 100);
  EXPECT_TRUE(slow.empty()) << "applying a tick makes no queued call";
  run_queue("slow");
  EXPECT_EQ(other.prices, (std::vector<std::int64_t>{100, 101, 102, 103, 104, 105}));
  EXPECT_EQ(slow, (std::vector<std::int64_t>{100, 105})) << "then the newest, not a backlog";
  EXPECT_EQ(counters_of("slow").conflated, 4U);
}

TEST_F(OriginDefect, D04_AQueuedConsumerThatThrowsIsCountedAndCalledAgain) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  Callbacks failing;
  failing.on_price = [](const Delivery&) { throw std::runtime_error("order rejected"); };
  monitor.subscribe(s, {.name = "failing"}, failing);
  monitor.subscribe(s, {.name = "other"}, seen.callbacks());
  for (const std::int64_t price : {100, 101}) {
    send(s, price);
    run_queue("failing");
    run_queue("other");
    run(100ms);
  }
  EXPECT_EQ(counters_of("failing").failed, 2U);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 101}));
}

TEST_F(OriginDefect, D05_ArrivalInTheConsumerWasTakenForTheMarketsTime) {
  const StreamId s = add("v/BTC/last");
  Tick queued = tick(s, 100);  // read from the socket now, processed 70 s later
  wait(70s);
  send(queued);
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).receive, 70s);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
  Tick held = tick(s, 101);  // 70 s in the venue's own queue
  held.ts_event = held.ts_recv - 70s;
  send(held);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
}

TEST_F(OriginDefect, D05_AMessageWithoutAPriceIsNoPrice) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  wait(70s);
  Tick update = tick(s, 100);  // the position changed; its mark price is not in the message
  update.fields.price = false;
  EXPECT_EQ(send(update).type, Outcome::Type::ignored);
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).receive, 70s);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
  EXPECT_EQ(seen.prices.size(), 1U);
}

TEST_F(OriginDefect, D05_APriceThatWaitedInAQueueIsRefusedInTheConsumersThread) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .max_age = 5s}, seen.callbacks());
  send(s, 100);
  wait(70s);  // the consumer's thread was elsewhere
  run_queue("c");
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
}

TEST_F(OriginDefect, D06_AnEmptyCallbackIsNoError) {
  const StreamId s = add("v/BTC/last");
  monitor.subscribe(s, {.name = "silent", .delivery = DeliveryMode::in_line}, Callbacks{});
  send(s, 100);
  monitor.subscribe(s, {.name = "queued"}, Callbacks{});
  run(100ms);
  send(s, 101);
  run_queue("queued");
  for (const DeliveryCounters& counters : monitor.delivery_counters()) {
    EXPECT_EQ(counters.failed, 0U) << counters.consumer;
    EXPECT_EQ(counters.delivered, counters.received) << counters.consumer;
    EXPECT_GE(counters.received, 1U) << counters.consumer;
  }
}

TEST_F(OriginDefect, D06_APlainFunctionIsACallbackLikeAnyOther) {
  static int calls = 0;
  calls = 0;
  const StreamId s = add("v/BTC/last");
  Callbacks plain;
  plain.on_price = +[](const Delivery&) { ++calls; };
  for (const DeliveryMode mode : {DeliveryMode::in_line, DeliveryMode::queued}) {
    const bool queued = mode == DeliveryMode::queued;
    monitor.subscribe(s, {.name = queued ? "queued" : "in line", .delivery = mode}, plain);
  }
  send(s, 100);
  run_queue("queued");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(counters_of("queued").failed + counters_of("in line").failed, 0U);
}

TEST_F(OriginDefect, D07_GhostsOfRemovedStreamsStayedStaleForEver) {
  const StreamId s = add("v/BTC/last", tight());
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  run(20s);
  monitor.remove_stream(s, now);
  changes();
  run(1h);
  EXPECT_TRUE(changes().empty());
  EXPECT_EQ(monitor.next_deadline(), never_mono);
  EXPECT_EQ(refusal(s, 1h), RefusalCode::unconfigured);
  EXPECT_TRUE(monitor.delivery_counters().empty());
  const StreamId again = add("v/BTC/last", tight());
  changes();
  monitor.subscribe(again, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  seen.refusals.clear();
  send(again, 100);
  run(20s);
  EXPECT_EQ(levels().size(), 3U) << "a watch begun again warns again";
  EXPECT_EQ(seen.refusals.size(), 1U);
}

TEST_F(OriginDefect, D07_WhoUnsubscribedHearsNothingAndWhoComesBackIsWarnedAgain) {
  const StreamId s = add("v/BTC/last", tight());
  Recorder seen;
  const ConsumerOptions options{.name = "c", .delivery = DeliveryMode::in_line};
  const Subscription first = monitor.subscribe(s, options, seen.callbacks());
  send(s, 100);
  monitor.unsubscribe(first);
  run(20s);
  EXPECT_TRUE(seen.refusals.empty());
  EXPECT_TRUE(monitor.delivery_counters().empty());
  monitor.subscribe(s, options, seen.callbacks());
  run(ns);
  EXPECT_EQ(seen.refusals.size(), 1U);
}

TEST_F(OriginDefect, D08_OneConsumersLimitUnmarkedTheOthers) {
  const StreamId s = add("v/BTC/last");
  Recorder strict;
  Recorder lax;
  monitor.subscribe(s, {.name = "strict", .delivery = DeliveryMode::in_line, .max_age = 30s},
                    strict.callbacks());
  monitor.subscribe(s, {.name = "lax", .delivery = DeliveryMode::in_line, .max_age = 290s},
                    lax.callbacks());
  send(s, 100);
  run(31s);
  EXPECT_EQ(strict.refusals.size(), 1U);
  EXPECT_TRUE(lax.refusals.empty());
  EXPECT_EQ(refusal(s, 30s), RefusalCode::too_old);
  EXPECT_FALSE(refusal(s, 290s).has_value());
  EXPECT_EQ(refusal(s, 30s), RefusalCode::too_old) << "asking changes nothing";
}

TEST_F(OriginDefect, D09_NeverUpdatedSymbolsWereTheQuietestOnes) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  run(30s + ns);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::never_received);
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::never_received}));
  EXPECT_EQ(levels().size(), 1U);
}

TEST_F(OriginDefect, D10_ZeroAndNegativePricesWereFannedOut) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  wait(1s);
  for (const std::int64_t bad :
       {std::int64_t{0}, std::int64_t{-5}, std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(send(s, bad).rejection, Rejection::not_positive);
  }
  EXPECT_EQ(seen.prices.size(), 1U);
  EXPECT_EQ(monitor.unchecked_slot(s).carried, t0) << "a rejected price renews nothing";
  const auto& counters = monitor.intake_counters();
  EXPECT_EQ(counters.rejected[static_cast<std::size_t>(Rejection::not_positive)], 3U);
}

TEST_F(OriginDefect, D10_AJumpByHalfIsHeldBackWhereABandIsSet) {
  Policy banded;
  banded.sanity_percent = 20;
  banded.sanity_repeats = 3;
  const StreamId s = add("v/BTC/last", banded);
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .min_interval = 0ms},
                    seen.callbacks());
  send(s, 100);
  EXPECT_EQ(send(s, 150).rejection, Rejection::outside_band);
  EXPECT_EQ(send(s, 50).rejection, Rejection::outside_band);
  EXPECT_EQ(price(s, 1s)->prices.price, (Decimal{100, 0}));
  EXPECT_EQ(send(s, 101).type, Outcome::Type::accepted);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 101}));
  // A market that really moved says so again.
  send(s, 150);
  send(s, 151);
  const Outcome third = send(s, 152);
  EXPECT_EQ(third.type, Outcome::Type::accepted);
  EXPECT_TRUE(third.band_broken);
  EXPECT_EQ(seen.prices.back(), 152);
}

TEST_F(OriginDefect, D10_WhatIsNoNumberIsNoDecimal) {
  for (const std::string_view text : {"NaN", "nan", "Infinity", "-inf", "", "1e400"}) {
    EXPECT_FALSE(Decimal::parse(text)) << text;
  }
}

TEST_F(OriginDefect, D11_NobodyCountedPerConsumerOrKnewTheOrder) {
  StreamOptions options = options_of("v/BTC/last");
  options.seq_orders = true;
  const StreamId s = add(options);
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .min_interval = 0ms},
                    seen.callbacks());
  for (const std::uint64_t seq : {5U, 6U, 4U, 7U}) {
    Tick made = tick(s, static_cast<std::int64_t>(100 + seq));
    made.seq = seq;
    send(made);
  }
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{105, 106, 107}));
  const DeliveryCounters counters = monitor.delivery_counters().at(0);
  EXPECT_EQ(counters.consumer, "c");
  EXPECT_EQ(counters.stream.text(), "v/BTC/last");
  EXPECT_EQ(counters.delivered, 3U);
  EXPECT_EQ(monitor.intake_counters().older, 1U);
  EXPECT_EQ(price(s, 1s)->seq, 7U);
}

TEST_F(OriginDefect, D11_NobodyKnewWhenThePriceLastChanged) {
  const StreamId s = add("v/BTC/last");
  for (const std::int64_t price : {100, 101, 101}) {
    send(s, price);
    wait(1s);
  }
  EXPECT_EQ(monitor.unchecked_slot(s).changed, t0 + 1s);
  EXPECT_EQ(monitor.unchecked_slot(s).carried, t0 + 2s);
}

TEST_F(OriginDefect, D11_NobodyKnewHowLateOrHowBrokenAConsumerIs) {
  const StreamId s = add("v/BTC/last");
  Callbacks failing;
  failing.on_price = [](const Delivery&) { throw std::runtime_error("order rejected"); };
  Recorder seen;
  monitor.subscribe(s, {.name = "late"}, seen.callbacks());
  monitor.subscribe(s, {.name = "failing"}, failing);
  send(s, 100);
  run_queue("failing");
  wait(1024ms);
  run_queue("late");
  EXPECT_NEAR(to_seconds(counters_of("late").in_flight), 1.024, 1.024 / 2048);
  EXPECT_EQ(counters_of("failing").failed, 1U);
  send(s, 101);
  run_queue("failing");
  run_queue("late");
  // Nobody is switched off for failing: it may be a stop-loss. It is named, with the moment of its
  // last failure, as somebody whom no price reaches.
  const auto findings = monitor.undelivered(now + 1min);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].consumer, "failing");
  EXPECT_EQ(findings[0].failed, 2U);
  EXPECT_EQ(findings[0].since, now);
}

}  // namespace
}  // namespace feedwatch
