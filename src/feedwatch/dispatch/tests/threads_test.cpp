/// Queued delivery with real threads: the monitor ticks, subscribes and unsubscribes at full speed
/// while consumers' threads make the calls. For the thread sanitizer, and for what must hold in
/// every interleaving.
#include <array>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

/// A clock that the monitor's thread moves and all read.
class SteppedClock final : public Clock {
 public:
  MonoTime now() const override { return mono_from_ns(ns_.load()); }
  WallTime wall_now() const override { return anchor.at(now()); }
  void advance(Duration d) { ns_.fetch_add(d.count()); }

 private:
  std::atomic<std::int64_t> ns_{to_ns(t0)};
};

/// Runs a queue without pause until told to stop, then once more.
class Runner {
 public:
  Runner(std::shared_ptr<ConsumerQueue> queue, const Clock& clock)
      : thread_([this, queue = std::move(queue), &clock] {
          while (!stop_.load()) {
            if (queue->run(clock, 8) == 0) std::this_thread::yield();
          }
          queue->run(clock, 1'000'000);
        }) {}
  ~Runner() { finish(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  void finish() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Threads : public ::testing::Test {
 protected:
  StreamId add(const std::string& symbol) {
    return monitor.add_stream(options_of("v/" + symbol + "/last"), clock.now()).value();
  }
  void send(StreamId stream, std::int64_t price) {
    Tick tick;
    tick.stream = stream;
    tick.prices.price = Decimal{price, 0};
    tick.fields.price = true;
    tick.mono_recv = clock.now();
    tick.ts_recv = anchor.at(tick.mono_recv);
    tick.epoch = 1;
    monitor.apply(tick, tick.mono_recv);
  }
  void run_deadlines() {
    while (monitor.next_deadline() <= clock.now()) monitor.on_time(clock.now());
  }

  SteppedClock clock;
  Monitor monitor{{.capacity = 64, .anchor = anchor}};
};

/// What one consumer's thread has seen of one stream whose n-th price is n.
struct Seen {
  std::int64_t last = 0;
  std::uint64_t calls = 0;
  std::uint64_t counted = 0;
  MonoTime at = MonoTime::min();
  int faults = 0;

  /// Prices rise, so a window without a gap and without a repeat begins where the last one ended.
  void on_price(const Delivery& delivery, MonoTime now, Duration min_interval) {
    const auto price = static_cast<std::int64_t>(delivery.price.prices.price.mantissa());
    const auto low = static_cast<std::int64_t>(delivery.window.low.mantissa());
    const auto high = static_cast<std::int64_t>(delivery.window.high.mantissa());
    if (low != last + 1 || high != price) ++faults;
    if (delivery.window.count != price - last) ++faults;
    if (calls > 0 && now < at + min_interval) ++faults;
    last = price;
    counted += delivery.window.count;
    ++calls;
    at = now;
  }
};

class ThreadedDelivery : public Threads, public ::testing::WithParamInterface<Duration> {};

TEST_P(ThreadedDelivery, EveryTickIsInExactlyOneWindowAndTheLastIsDelivered) {
  constexpr std::size_t stream_count = 3;
  constexpr std::int64_t tick_count = 50'000;
  const Duration interval = GetParam();
  std::array<std::array<Seen, stream_count>, 2> seen;
  std::vector<StreamId> streams;
  for (std::size_t i = 0; i < stream_count; ++i) streams.push_back(add("S" + std::to_string(i)));
  std::deque<Runner> runners;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    const std::string name = "c" + std::to_string(c);
    Callbacks callbacks;
    callbacks.on_price = [&, c](const Delivery& delivery) {
      const auto i = static_cast<std::size_t>(delivery.stream.symbol().back() - '0');
      // The moment of the judgement, not of this line.
      const MonoTime called =
          mono_from_ns(to_ns(t0) + (delivery.price.ts_recv - anchor.wall).count()) +
          delivery.price.receive_age;
      seen[c][i].on_price(delivery, called, interval);
    };
    const ConsumerOptions options{.name = name, .max_age = 1h, .min_interval = interval};
    for (const StreamId s : streams) monitor.subscribe(s, options, callbacks);
    runners.emplace_back(monitor.queue(name), clock);
  }
  for (std::int64_t n = 1; n <= tick_count; ++n) {
    for (const StreamId s : streams) send(s, n);
    clock.advance(10us);
    run_deadlines();
  }
  clock.advance(interval);
  run_deadlines();
  // A call just made may leave a price pending that its own window holds back.
  for (int i = 0; i < 1000; ++i) {
    std::this_thread::yield();
    clock.advance(interval);
    run_deadlines();
  }
  for (Runner& runner : runners) runner.finish();
  for (const auto& consumer : seen) {
    for (const Seen& stream : consumer) {
      EXPECT_EQ(stream.faults, 0);
      EXPECT_EQ(stream.last, tick_count);
      EXPECT_EQ(stream.counted, static_cast<std::uint64_t>(tick_count));
    }
  }
  for (const DeliveryCounters& c : monitor.delivery_counters()) {
    EXPECT_EQ(c.received, c.delivered + c.conflated);
    EXPECT_EQ(c.pending, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Intervals, ThreadedDelivery,
                         ::testing::Values(Duration{0}, Duration{50us}, Duration{5ms}));

/// A subscription as its consumer sees it: no call may come after its end.
struct Life {
  std::atomic<bool> over{false};
  std::atomic<int> detached{0};
  std::atomic<int> late{0};
};

TEST_F(Threads, NoCallComesAfterTheEndInThousandsOfInterleavings) {
  constexpr int rounds = 3'000;
  std::deque<Life> lives;
  std::vector<StreamId> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(add("S" + std::to_string(i)));
  // Keeps the name, and so the queue, alive.
  const ConsumerOptions options{.name = "c", .min_interval = 0ms};
  monitor.subscribe(streams[3], options, {});
  Runner runner(monitor.queue("c"), clock);
  Random random(3);
  std::atomic<std::uint64_t> calls{0};
  std::int64_t price = 0;
  for (int round = 0; round < rounds; ++round) {
    Life& life = lives.emplace_back();
    const std::size_t chosen = random.below(3);
    const StreamId s = streams[chosen];
    ConsumerOptions own = options;
    own.name = "own" + std::to_string(round % 7);
    Callbacks callbacks;
    callbacks.on_price = [&](const Delivery&) {
      calls.fetch_add(1);
      if (life.over.load()) life.late.fetch_add(1);
      if (calls.load() % 5 == 0) throw std::runtime_error("consumer");
    };
    callbacks.on_level = [&](const auto&, Level, Level) {
      if (life.over.load()) life.late.fetch_add(1);
    };
    callbacks.on_detached = [&](const auto&) { life.detached.fetch_add(1); };
    const Subscription subscription = monitor.subscribe(s, own, callbacks);
    ASSERT_TRUE(subscription);
    Runner consumer(monitor.queue(own.name), clock);
    for (std::uint64_t ticks = random.below(6); ticks > 0; --ticks) {
      send(s, ++price);
      if (random.below(4) == 0) std::this_thread::yield();
    }
    if (random.below(8) == 0) {
      monitor.remove_stream(s, clock.now());
      streams[chosen] = add("S" + std::to_string(chosen));
    } else {
      monitor.unsubscribe(subscription);
      life.over.store(true);
      EXPECT_EQ(life.detached.load(), 1) << "before unsubscribe returns";
    }
    consumer.finish();
    clock.advance(1us);
  }
  runner.finish();
  for (const Life& life : lives) {
    EXPECT_EQ(life.late.load(), 0);
    EXPECT_EQ(life.detached.load(), 1);
  }
  EXPECT_GT(calls.load(), 0U);
}

TEST_F(Threads, UnsubscribeWaitsForTheCallThatRuns) {
  const StreamId s = add("BTC");
  std::atomic<bool> inside{false};
  std::atomic<bool> finished{false};
  Callbacks slow;
  slow.on_price = [&](const Delivery&) {
    inside.store(true);
    inside.notify_all();
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
    finished.store(true);
  };
  slow.on_detached = [&](const auto&) { EXPECT_TRUE(finished.load()); };
  const Subscription subscription = monitor.subscribe(s, {.name = "slow"}, slow);
  Runner runner(monitor.queue("slow"), clock);
  send(s, 1);
  inside.wait(false);
  monitor.unsubscribe(subscription);
  EXPECT_TRUE(finished.load());
}

TEST_F(Threads, EndedFromACallbackOfAnotherTheRunningCallIsNotWaitedFor) {
  const StreamId s = add("BTC");
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::atomic<int> detached{0};
  Callbacks slow;
  slow.on_price = [&](const Delivery&) {
    inside.store(true);
    inside.notify_all();
    leave.wait(false);
  };
  slow.on_detached = [&](const auto&) {
    EXPECT_TRUE(leave.load()) << "the call has ended";
    detached.fetch_add(1);
  };
  const Subscription victim = monitor.subscribe(s, {.name = "slow"}, slow);
  Runner runner(monitor.queue("slow"), clock);
  send(s, 1);
  inside.wait(false);
  Callbacks ending;
  ending.on_price = [&](const Delivery&) { monitor.unsubscribe(victim); };
  monitor.subscribe(s, {.name = "ending", .delivery = DeliveryMode::in_line}, ending);
  send(s, 2);  // would hang here if it waited
  EXPECT_EQ(detached.load(), 0);
  leave.store(true);
  leave.notify_all();
  runner.finish();
  EXPECT_EQ(detached.load(), 1);
}

TEST_F(Threads, ASlowConsumerDelaysNobody) {
  const StreamId s = add("BTC");
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::vector<std::int64_t> prices;
  Callbacks slow;
  slow.on_price = [&](const Delivery& delivery) {
    prices.push_back(static_cast<std::int64_t>(delivery.price.prices.price.mantissa()));
    inside.store(true);
    inside.notify_all();
    leave.wait(false);
  };
  Recorder fast;
  monitor.subscribe(s, {.name = "slow", .max_age = 1h}, slow);
  monitor.subscribe(s, {.name = "fast", .delivery = DeliveryMode::in_line, .min_interval = 0ms},
                    fast.callbacks());
  Runner runner(monitor.queue("slow"), clock);
  send(s, 1);
  inside.wait(false);
  for (std::int64_t price = 2; price <= 1000; ++price) {
    clock.advance(1ms);
    run_deadlines();
    send(s, price);
  }
  EXPECT_EQ(fast.prices.size(), 1000U);
  leave.store(true);
  leave.notify_all();
  runner.finish();
  EXPECT_EQ(prices, (std::vector<std::int64_t>{1, 1000})) << "then the newest, nothing between";
}

}  // namespace
}  // namespace feedwatch
