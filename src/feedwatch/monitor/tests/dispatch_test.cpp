#include <stdexcept>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class Dispatch : public World {
 protected:
  Subscription subscribe(StreamId s, Recorder& recorder, std::string name = "consumer",
                         Duration max_age = 5s) {
    return monitor.subscribe(
        s, {.name = std::move(name), .delivery = DeliveryMode::in_line, .max_age = max_age},
        recorder.callbacks());
  }
  DeliveryCounters counters(std::size_t i = 0) const { return monitor.delivery_counters().at(i); }
};

TEST_F(Dispatch, ThreeTicksInAWindowAreTwoDeliveriesAndTheLastIsTheNewest) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen);
  for (const std::int64_t price : {100, 90, 101}) {
    send(s, price);
    wait(10ms);
  }
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100}));
  run(70ms - ns);
  EXPECT_EQ(seen.prices.size(), 1U) << "the window ends 100 ms after the delivery";
  run(ns);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 101}));
  EXPECT_EQ(counters().received, 3U);
  EXPECT_EQ(counters().delivered, 2U);
  EXPECT_EQ(counters().conflated, 1U);
  EXPECT_EQ(seen.windows[1].low, (Decimal{90, 0})) << "the wick is not lost";
  EXPECT_EQ(seen.windows[1].high, (Decimal{101, 0}));
  EXPECT_EQ(seen.windows[1].count, 2U);
}

/// A stream that a callback puts in the place of its own gets its prices like any other.
TEST_F(Dispatch, AStreamBornInACallbackAtTheSamePlaceIsDelivered) {
  Monitor full({.capacity = 1, .anchor = anchor});
  const StreamId first = full.add_stream(options_of("v/A/last"), now).value();
  std::uint64_t delivered = 0;
  StreamId second;
  Callbacks count;
  count.on_price = [&](const Delivery&) { ++delivered; };
  Callbacks replace;
  replace.on_price = [&](const Delivery&) {
    full.remove_stream(first, now);
    second = full.add_stream(options_of("v/B/last"), now).value();
    full.subscribe(second, {.name = "b", .delivery = DeliveryMode::in_line}, count);
  };
  full.subscribe(first, {.name = "a", .delivery = DeliveryMode::in_line}, replace);
  full.apply(tick(first, 1), now);
  ASSERT_EQ(second.index(), first.index());
  for (int i = 0; i < 10; ++i) {
    now += 200ms;
    full.apply(tick(second, 1 + i), now);
    while (full.next_deadline() <= now) full.on_time(now);
  }
  EXPECT_EQ(delivered, 10U);
}

/// A window ends ten times a second: what each leaves behind must not come back as a stall.
TEST_F(Dispatch, WindowsLeaveNothingBehindInTheWheel) {
  constexpr int streams = 50;
  Monitor many({.capacity = streams, .anchor = anchor});
  std::vector<StreamId> ids;
  Callbacks nothing;
  nothing.on_price = [](const Delivery&) {};
  for (int i = 0; i < streams; ++i) {
    ids.push_back(many.add_stream(options_of("v/S" + std::to_string(i) + "/last"), now).value());
    many.subscribe(ids.back(), {.name = "c", .delivery = DeliveryMode::in_line}, nothing);
  }
  std::size_t most = 0;
  for (const MonoTime end = now + 200s; now < end; now += 40ms) {
    while (many.next_deadline() <= now) {
      many.on_time(many.next_deadline());
      many.on_time(now);
    }
    for (const StreamId id : ids) many.apply(tick(id, 1), now);
    most = std::max(most, many.deadlines_held());
  }
  EXPECT_LE(most, 10U * streams);
}

/// A short window begins and ends many times inside a long one of the same stream.
TEST_F(Dispatch, LongAndShortWindowsOfOneStreamLeaveLittleBehind) {
  const StreamId s = add("v/BTC/last");
  Recorder quick;
  Recorder daily;
  monitor.subscribe(s, {.name = "quick", .delivery = DeliveryMode::in_line, .min_interval = 1ms},
                    quick.callbacks());
  monitor.subscribe(s, {.name = "daily", .delivery = DeliveryMode::in_line, .min_interval = 1h},
                    daily.callbacks());
  std::size_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    send(s, 100 + i % 7);
    now += 300us;
    while (monitor.next_deadline() <= now) monitor.on_time(now);
    most = std::max(most, monitor.deadlines_held());
  }
  EXPECT_LE(most, 1'100U) << "those of a second";
  for (bool last = false; now < t0 + 1h;) {
    if (!last && now > t0 + 1h - 4s) {
      send(s, 200);
      last = true;
    }
    now = std::max(now, monitor.next_deadline());
    monitor.on_time(now);
  }
  EXPECT_EQ(daily.prices.size(), 2U) << "the window's end brings the newest price";
}

TEST_F(Dispatch, TheWindowsEndIsADeadlineOfTheMonitor) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen);
  send(s, 100);
  send(s, 101);
  EXPECT_LE(monitor.next_deadline(), t0 + 100ms);
  monitor.on_time(t0 + 100ms - ns);
  EXPECT_EQ(seen.prices.size(), 1U);
  EXPECT_EQ(monitor.next_deadline(), t0 + 100ms) << "exact when it is near";
}

TEST_F(Dispatch, ConsumersAreThrottledEachForItself) {
  const StreamId s = add("v/BTC/last");
  Recorder fast;
  Recorder slow;
  monitor.subscribe(s, {.name = "fast", .delivery = DeliveryMode::in_line, .min_interval = 0ms},
                    fast.callbacks());
  monitor.subscribe(s, {.name = "slow", .delivery = DeliveryMode::in_line, .min_interval = 1s},
                    slow.callbacks());
  for (int i = 0; i < 5; ++i) {
    send(s, 100 + i);
    wait(10ms);
  }
  EXPECT_EQ(fast.prices.size(), 5U);
  EXPECT_EQ(slow.prices.size(), 1U);
  run(1s);
  EXPECT_EQ(slow.prices, (std::vector<std::int64_t>{100, 104}));
}

TEST_F(Dispatch, APriceTooOldIsHeldBackAndTheConsumerToldOnce) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen, "guarded", 5s);
  Tick old = tick(s, 100);
  wait(6s);
  send(old);
  send(old);
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
  EXPECT_EQ(counters().refused, 2U);
  send(s, 101);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{101})) << "recovery ends the episode";
  run(6s);
  EXPECT_EQ(seen.refusals.size(), 2U) << "and the next one is told again";
  EXPECT_EQ(counters().episodes, 2U);
}

TEST_F(Dispatch, GrowingOldWithoutAnyTickIsFoundByATimerAtItsNanosecond) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen, "guarded", 5s);
  send(s, 100);
  run(5s);
  EXPECT_TRUE(seen.refusals.empty());
  run(ns);
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
  run(1h);
  EXPECT_EQ(seen.refusals.size(), 1U) << "once per episode";
}

TEST_F(Dispatch, NeverReceivedIsToldOnce) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen);
  run(30s);
  EXPECT_TRUE(seen.refusals.empty());
  run(1h);
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::never_received}));
}

TEST_F(Dispatch, ALostLineRefusesUntilAFreshTick) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen);
  send(s, 100);
  Tick backlog = tick(s, 101);
  wait(1s);
  monitor.on_line_lost(s, now);
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::awaiting_fresh}));
  EXPECT_EQ(refusal(s, 1h), RefusalCode::awaiting_fresh);
  wait(10ms);
  send(backlog);
  EXPECT_EQ(refusal(s, 1h), RefusalCode::awaiting_fresh) << "it was on its way before the loss";
  EXPECT_EQ(seen.prices.size(), 1U);
  wait(1s);
  epoch = 2;
  send(s, 102);
  EXPECT_FALSE(refusal(s, 1h).has_value());
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 102}));
  EXPECT_EQ(seen.windows.back().count, 1U) << "what was refused is in no window";
}

TEST_F(Dispatch, AnOldPriceInTheWindowIsNoExtreme) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen, "guarded", 5s);
  send(s, 100);
  wait(10ms);
  Tick old = tick(s, 50);
  old.ts_event = old.ts_recv - 70s;
  send(old);
  wait(40ms);
  send(s, 101);
  run(50ms);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 101}));
  EXPECT_EQ(seen.windows.back().low, (Decimal{101, 0})) << "nobody may act on the 50";
  EXPECT_EQ(counters().refused, 1U);
  EXPECT_EQ(seen.refusals.size(), 1U);
}

TEST_F(Dispatch, DuplicateSubscriptionIsOne) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  const Subscription first = subscribe(s, seen);
  EXPECT_EQ(subscribe(s, seen), first);
  send(s, 100);
  EXPECT_EQ(seen.prices.size(), 1U);
  EXPECT_EQ(monitor.delivery_counters().size(), 1U);
}

TEST_F(Dispatch, UnsubscribeInsideTheDispatchStopsLaterCallsOfThisTick) {
  const StreamId s = add("v/BTC/last");
  Recorder second;
  Subscription victim;
  Callbacks first;
  first.on_price = [&](const Delivery&) { monitor.unsubscribe(victim); };
  monitor.subscribe(s, {.name = "first", .delivery = DeliveryMode::in_line}, first);
  victim = subscribe(s, second, "second");
  send(s, 100);
  EXPECT_TRUE(second.prices.empty());
  run(1h);
  EXPECT_TRUE(second.prices.empty());
  EXPECT_TRUE(second.refusals.empty());
  EXPECT_EQ(monitor.delivery_counters().size(), 1U);
}

TEST_F(Dispatch, AConsumerMayUnsubscribeItselfTwice) {
  const StreamId s = add("v/BTC/last");
  int calls = 0;
  Subscription self;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery&) {
    ++calls;
    monitor.unsubscribe(self);
    monitor.unsubscribe(self);
  };
  self = monitor.subscribe(s, {.name = "once", .delivery = DeliveryMode::in_line}, callbacks);
  send(s, 100);
  wait(1s);
  send(s, 101);
  EXPECT_EQ(calls, 1);
}

TEST_F(Dispatch, AnOldHandleNeverEndsALaterSubscription) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  const Subscription gone = subscribe(s, seen, "a");
  monitor.unsubscribe(gone);
  subscribe(s, seen, "b");
  monitor.unsubscribe(gone);
  send(s, 100);
  EXPECT_EQ(seen.prices.size(), 1U);
}

TEST_F(Dispatch, AThrowingConsumerIsCountedAndStopsNobody) {
  const StreamId s = add("v/BTC/last");
  Callbacks throwing;
  throwing.on_price = [](const Delivery&) { throw std::runtime_error("consumer"); };
  throwing.on_level = [](const StreamKey&, Level, Level) { throw 1; };
  monitor.subscribe(s, {.name = "throwing", .delivery = DeliveryMode::in_line}, throwing);
  Recorder seen;
  subscribe(s, seen, "calm");
  send(s, 100);
  EXPECT_EQ(seen.prices.size(), 1U);
  EXPECT_EQ(counters(0).failed, 1U);
  EXPECT_EQ(counters(0).delivered, 0U);
  EXPECT_EQ(counters(0).notices_failed, 1U);
  EXPECT_EQ(counters(1).delivered, 1U);
}

/// A clock that callbacks put on by what they take.
struct WorkClock final : Clock {
  MonoTime now() const override { return at; }
  WallTime wall_now() const override { return anchor.at(at); }
  MonoTime at = t0;
};

TEST_F(Dispatch, CallsInLineThatTakeLongAreCounted) {
  WorkClock clock;
  Duration work{};
  Callbacks working;
  working.on_price = [&](const Delivery&) { clock.at += work; };
  working.on_level = [&](const StreamName&, Level, Level) { clock.at += work; };
  working.on_refused = [&](const StreamName&, const Refusal&) { clock.at += work; };
  const auto overruns = [&](const Clock* timing, Duration takes) {
    Monitor timed({.capacity = 4,
                   .anchor = anchor,
                   .memory = nullptr,
                   .identity = {},
                   .in_line_clock = timing});
    work = takes;
    const StreamId s = timed.add_stream(options_of("v/BTC/last"), t0).value();
    timed.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, working);
    timed.apply(tick(s, 1), t0);  // its level and its price
    const MonoTime old = t0 + 5s + ns;
    while (timed.next_deadline() <= old) timed.on_time(old);
    return timed.delivery_counters().at(0).overruns;
  };
  EXPECT_EQ(overruns(&clock, 1ms), 0U);
  EXPECT_EQ(overruns(&clock, 1ms + ns), 3U);
  EXPECT_EQ(overruns(nullptr, 1h), 0U) << "nobody times them";
}

TEST_F(Dispatch, LevelsAreToldToEveryConsumer) {
  const StreamId s = add("v/BTC/last", tight());
  Recorder seen;
  subscribe(s, seen);
  send(s, 100);
  run(20s);
  monitor.remove_stream(s, now);
  const std::vector<std::pair<Level, Level>> expected{{Level::unknown, Level::healthy},
                                                      {Level::healthy, Level::degraded},
                                                      {Level::degraded, Level::stale},
                                                      {Level::stale, Level::unknown}};
  EXPECT_EQ(seen.levels, expected);
}

TEST_F(Dispatch, RemovingTheStreamInsideItsOwnCallbackIsSafe) {
  const StreamId s = add("v/BTC/last");
  Callbacks callbacks;
  int calls = 0;
  callbacks.on_price = [&](const Delivery& delivery) {
    ++calls;
    monitor.remove_stream(s, now);
    EXPECT_EQ(delivery.stream.symbol(), "BTC");
  };
  monitor.subscribe(s, {.name = "remover", .delivery = DeliveryMode::in_line}, callbacks);
  Recorder other;
  subscribe(s, other, "other");
  send(s, 100);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(other.prices.empty());
  EXPECT_EQ(monitor.size(), 0U);
  EXPECT_TRUE(monitor.delivery_counters().empty());
}

TEST_F(Dispatch, SubscribingInsideACallbackWaitsForTheNextTick) {
  const StreamId s = add("v/BTC/last");
  Recorder later;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery&) { subscribe(s, later, "later"); };
  monitor.subscribe(s, {.name = "first", .delivery = DeliveryMode::in_line, .min_interval = 0ms},
                    callbacks);
  send(s, 100);
  EXPECT_TRUE(later.prices.empty());
  send(s, 101);
  EXPECT_EQ(later.prices, (std::vector<std::int64_t>{101}));
}

TEST_F(Dispatch, ConfirmationEndsAnEpisodeOfAConsumerThatAcceptsIt) {
  StreamOptions options = options_of("v/BTC/last");
  options.absent_is_unchanged = true;
  const StreamId s = add(options);
  Recorder seen;
  monitor.subscribe(
      s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 5s, .accept_confirmed = true},
      seen.callbacks());
  send(s, 100);
  run(6s);
  EXPECT_EQ(seen.refusals.size(), 1U);
  Tick delta = tick(s, 1);
  delta.fields = {};
  send(delta);
  run(6s);
  EXPECT_EQ(seen.refusals.size(), 2U);
}

TEST_F(Dispatch, EveryPriceReceivedHasOneFate) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  subscribe(s, seen, "c", 1s);
  for (int i = 0; i < 200; ++i) {
    Tick made = tick(s, 100 + i);
    if (i % 7 == 0) made.mono_recv -= 2s;
    send(made);
    run(Duration{(i % 13) * 17'000'000});
  }
  run(1s);
  const DeliveryCounters c = counters();
  EXPECT_EQ(c.received, 200U);
  EXPECT_EQ(c.received, c.delivered + c.conflated + c.refused + c.failed);
}

TEST_F(Dispatch, SubscribingToNothingGivesNoHandle) {
  Recorder seen;
  EXPECT_EQ(subscribe(StreamId{5}, seen), Subscription{});
}

}  // namespace
}  // namespace feedwatch
