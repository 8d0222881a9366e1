/// Queued delivery and the life of subscriptions, on one thread and in virtual time.
#include "feedwatch/dispatch/queue.hpp"

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

class Queue : public World {
 protected:
  std::size_t run_queue(const std::string& name = "c", std::size_t limit = 100) {
    return monitor.queue(name)->run(clock, limit);
  }
  DeliveryCounters counters(std::size_t i = 0) const { return monitor.delivery_counters().at(i); }
  Callbacks counting_detached(int& detached) {
    Callbacks callbacks;
    callbacks.on_detached = [&detached](const auto&) { ++detached; };
    return callbacks;
  }
  const WorldClock clock{now};
};

TEST_F(Queue, IsTheDefaultAndTheMonitorMakesNoCall) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c"}, seen.callbacks());
  send(s, 100);
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(counters().pending, 1U);
  EXPECT_EQ(run_queue(), 1U);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100}));
  EXPECT_EQ(run_queue(), 0U);
}

TEST_F(Queue, ASlowConsumerGetsTheNewestPriceAndEveryExtreme) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c"}, seen.callbacks());
  for (const std::int64_t price : {100, 40, 160, 101}) {
    send(s, price);
    run(1s);
  }
  EXPECT_EQ(run_queue(), 1U) << "one entry, however long it waited";
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{101}));
  EXPECT_EQ(seen.windows[0].low, (Decimal{40, 0}));
  EXPECT_EQ(seen.windows[0].high, (Decimal{160, 0}));
  EXPECT_EQ(seen.windows[0].count, 4U);
  EXPECT_EQ(counters().conflated, 3U);
}

TEST_F(Queue, APriceThatGrewOldInTheQueueIsRefusedAndToldOnce) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .max_age = 5s}, seen.callbacks());
  send(s, 100);
  wait(5s + ns);
  run_queue();
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
  run(1h);
  run_queue();
  EXPECT_EQ(seen.refusals.size(), 1U);
  EXPECT_EQ(counters().refused, 1U);
  EXPECT_EQ(counters().episodes, 1U);
}

TEST_F(Queue, TheThrottleCountsFromTheCall) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c"}, seen.callbacks());
  send(s, 100);
  wait(90ms);
  run_queue();
  wait(20ms);
  send(s, 101);
  EXPECT_EQ(run_queue(), 0U) << "20 ms after the call";
  run(80ms - ns);
  EXPECT_EQ(run_queue(), 0U);
  run(ns);
  EXPECT_EQ(run_queue(), 1U);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 101}));
}

TEST_F(Queue, LevelsAreMergedAndComeBeforeThePrice) {
  const StreamId s = add("v/BTC/last", tight());
  std::vector<std::string> heard;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery&) { heard.emplace_back("price"); };
  callbacks.on_level = [&](const auto&, Level from, Level to) {
    heard.push_back(std::string(to_text(from)) + " " + std::string(to_text(to)));
  };
  monitor.subscribe(s, {.name = "c"}, callbacks);
  send(s, 100);
  run_queue();
  EXPECT_EQ(heard, (std::vector<std::string>{"unknown healthy", "price"}));
  run(20s);
  run_queue();
  EXPECT_EQ(heard.back(), "healthy stale") << "degraded had its time and is no news";
  send(s, 101);
  run(20s);
  const std::size_t before = heard.size();
  run_queue();
  EXPECT_EQ(heard.size(), before) << "it is where it was";
}

TEST_F(Queue, ANoticeInsideTheThrottleBringsNoPriceForward) {
  const StreamId s = add("v/BTC/last", tight());
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .max_age = 1h, .min_interval = 1h}, seen.callbacks());
  send(s, 100);
  run_queue();
  wait(1s);
  send(s, 101);
  run(4s);
  run_queue();
  EXPECT_EQ(seen.levels.size(), 2U);
  EXPECT_EQ(seen.prices.size(), 1U);
}

TEST_F(Queue, WakesWhenItTurnsNonEmpty) {
  const StreamId a = add("v/A/last");
  const StreamId b = add("v/B/last");
  Recorder seen;
  int woken = 0;
  monitor.subscribe(a, {.name = "c"}, seen.callbacks());
  monitor.subscribe(b, {.name = "c"}, seen.callbacks());
  monitor.queue("c")->set_wake([&] { ++woken; });
  EXPECT_EQ(woken, 1) << "an earlier runner may have left something";
  send(a, 1);
  send(b, 2);
  EXPECT_EQ(woken, 2);
  run_queue();
  wait(1s);
  send(b, 3);
  EXPECT_EQ(woken, 3);
  monitor.queue("c")->set_wake([&] { woken += 10; });
  EXPECT_EQ(woken, 13);
  run_queue();
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{1, 2, 3})) << "in the order handed over";
}

TEST_F(Queue, WhatALevelsCallTakesIsInTheAgeOfThePriceBehindIt) {
  const StreamId s = add("v/BTC/last");
  std::vector<RefusalCode> refusals;
  int prices = 0;
  Callbacks slow;
  slow.on_level = [&](const StreamKey&, Level, Level) { wait(10s); };
  slow.on_price = [&](const Delivery&) { ++prices; };
  slow.on_refused = [&](const StreamKey&, const Refusal& why) { refusals.push_back(why.code); };
  monitor.subscribe(s, {.name = "c", .max_age = 5s}, slow);
  send(s, 100);  // its level and its price wait in one entry
  run_queue();
  EXPECT_EQ(prices, 0) << "ten seconds old when its turn comes";
  EXPECT_EQ(refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
  EXPECT_EQ(counters().refused, 1U);
}

TEST_F(Queue, TakesAsManyAsItIsAskedTo) {
  Recorder seen;
  for (int i = 0; i < 5; ++i) {
    monitor.subscribe(add("v/S" + std::to_string(i) + "/last"), {.name = "c"}, seen.callbacks());
  }
  for (std::uint32_t i = 0; i < 5; ++i) send(StreamId{i}, 1 + i);
  EXPECT_EQ(run_queue("c", 2), 2U);
  EXPECT_FALSE(monitor.queue("c")->empty());
  EXPECT_EQ(run_queue("c", 9), 3U);
  EXPECT_TRUE(monitor.queue("c")->empty());
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(Queue, OutlivesItsMonitor) {
  auto other = std::make_unique<Monitor>(MonitorOptions{.capacity = 4, .anchor = anchor});
  const StreamId s = other->add_stream(options_of("v/BTC/last"), now).value();
  int detached = 0;
  other->subscribe(s, {.name = "c"}, counting_detached(detached));
  other->apply(tick(s, 1), now);
  const auto queue = other->queue("c");
  other.reset();
  EXPECT_EQ(detached, 1);
  EXPECT_EQ(queue->run(clock, 10), 0U);
}

TEST_F(Queue, UnsubscribedBeforeItsTurnThereIsNoCall) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  Callbacks callbacks = seen.callbacks();
  int detached = 0;
  callbacks.on_detached = [&](const auto&) { ++detached; };
  const Subscription subscription = monitor.subscribe(s, {.name = "c"}, callbacks);
  send(s, 100);
  const auto queue = monitor.queue("c");
  monitor.unsubscribe(subscription);
  EXPECT_EQ(detached, 1);
  queue->run(clock, 10);
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(detached, 1);
}

TEST_F(Queue, ACallbackMayEndItsOwnSubscriptionOnTheMonitorsThread) {
  const StreamId s = add("v/BTC/last");
  std::vector<std::string> heard;
  Subscription self;
  Callbacks callbacks;
  callbacks.on_level = [&](const auto&, Level, Level) {
    monitor.unsubscribe(self);
    heard.emplace_back("level");
  };
  callbacks.on_price = [&](const Delivery&) { heard.emplace_back("price"); };
  callbacks.on_detached = [&](const auto&) { heard.emplace_back("detached"); };
  self = monitor.subscribe(s, {.name = "c"}, callbacks);
  send(s, 100);
  run_queue();
  EXPECT_EQ(heard, (std::vector<std::string>{"level", "detached"}));
}

TEST_F(Queue, ANameBeginsAnewWithItsQueueWhenAllItsSubscriptionsHaveEnded) {
  const StreamId s = add("v/BTC/last");
  Recorder first;
  Recorder second;
  const Subscription subscription = monitor.subscribe(s, {.name = "c"}, first.callbacks());
  const auto queue = monitor.queue("c");
  send(s, 100);
  EXPECT_EQ(monitor.subscribe(s, {.name = "c", .max_age = 1s}, second.callbacks()), Subscription{})
      << "a name has one set of options";
  monitor.unsubscribe(subscription);
  EXPECT_TRUE(monitor.subscribe(s, {.name = "c", .max_age = 1s}, second.callbacks()));
  EXPECT_EQ(monitor.queue("c"), queue);
  send(s, 101);
  queue->run(clock, 10);
  EXPECT_TRUE(first.prices.empty());
  EXPECT_EQ(second.prices, (std::vector<std::int64_t>{101}));
}

TEST_F(Queue, NothingPilesUpForAConsumerWhoNeverRuns) {
  const StreamId s = add("v/BTC/last");
  monitor.subscribe(s, {.name = "c", .min_interval = 0ms}, {});
  const StreamId other = add("v/ETH/last");
  for (int i = 0; i < 10'000; ++i) {
    const Subscription subscription =
        monitor.subscribe(other, {.name = "c", .min_interval = 0ms}, {});
    send(other, 1 + i);
    monitor.unsubscribe(subscription);
    EXPECT_LT(subscription.id & 0xffff'ffffU, 200U) << "places are used again";
  }
}

TEST_F(Queue, AThrowingConsumerIsCounted) {
  const StreamId s = add("v/BTC/last");
  Callbacks throwing;
  throwing.on_price = [](const Delivery&) { throw std::runtime_error("consumer"); };
  throwing.on_level = [](const auto&, Level, Level) { throw 1; };
  monitor.subscribe(s, {.name = "c"}, throwing);
  send(s, 100);
  EXPECT_EQ(run_queue(), 1U);
  EXPECT_EQ(counters().failed, 1U);
  EXPECT_EQ(counters().delivered, 0U);
  EXPECT_EQ(counters().notices_failed, 1U);
}

TEST_F(Queue, TheAgeInFlightIsThatOfTheLastCall) {
  const StreamId s = add("v/BTC/last");
  monitor.subscribe(s, {.name = "c"}, {});
  send(s, 100);
  wait(250ms);
  run_queue();
  EXPECT_NEAR(to_seconds(counters().in_flight), 0.25, 0.25 / 1024);
}

}  // namespace
}  // namespace feedwatch
