/// The eleven defects of the monitor this product replaces: each is a test that fails if it
/// returns.
#include <limits>
#include <stdexcept>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class OriginDefect : public World {};

TEST_F(OriginDefect, D01_LeadingEdgeThrottleLostTheNewestPrice) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  for (const std::int64_t price : {100, 101, 102}) send(s, price);
  EXPECT_EQ(price(s, 1s)->prices.price, (Decimal{102, 0})) << "stored at once";
  run(100ms);
  EXPECT_EQ(seen.prices.back(), 102) << "delivered though no further tick came";
  EXPECT_EQ(monitor.delivery_counters()[0].conflated, 1U) << "and the dropped one is counted";
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

TEST_F(OriginDefect, D04_ASlowOrFailingConsumerHeldUpTheOthers) {
  const StreamId s = add("v/BTC/last");
  Callbacks failing;
  failing.on_price = [](const Delivery&) { throw std::runtime_error("order rejected"); };
  monitor.subscribe(s, {.name = "failing", .delivery = DeliveryMode::in_line}, failing);
  Recorder seen;
  monitor.subscribe(s, {.name = "other", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  EXPECT_EQ(seen.prices.size(), 1U);
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

TEST_F(OriginDefect, D06_AnEmptyCallbackIsNoError) {
  const StreamId s = add("v/BTC/last");
  monitor.subscribe(s, {.name = "silent", .delivery = DeliveryMode::in_line}, Callbacks{});
  send(s, 100);
  EXPECT_EQ(monitor.delivery_counters()[0].failed, 0U);
  EXPECT_EQ(monitor.delivery_counters()[0].delivered, 1U);
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
}

}  // namespace
}  // namespace feedwatch
