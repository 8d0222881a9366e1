#include "feedwatch/embed/delivery_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch::embed {
namespace {

class Delivery : public ::testing::Test {
 protected:
  void SetUp() override {
    StreamOptions options;
    options.key = StreamKey::parse("v/BTC/last").value();
    stream = monitor.add_stream(options, clock.now()).value();
  }
  void send(std::int64_t price) {
    Tick tick;
    tick.stream = stream;
    tick.prices.price = Decimal{price, 0};
    tick.fields.price = true;
    tick.mono_recv = clock.now();
    tick.ts_recv = clock.wall_now();
    monitor.apply(tick, tick.mono_recv);
  }
  /// Waits for the consumer's thread to get that far.
  static void await(std::atomic<std::int64_t>& last, std::int64_t price) {
    for (std::int64_t seen = last.load(); seen != price; seen = last.load()) last.wait(seen);
  }

  SystemClock clock;
  Monitor monitor{{.capacity = 4}};
  StreamId stream;
};

TEST_F(Delivery, CallsOnItsOwnThreadAndSleepsBetween) {
  std::atomic<std::int64_t> last{0};
  std::thread::id caller;
  Callbacks callbacks;
  callbacks.on_price = [&](const feedwatch::Delivery& delivery) {
    caller = std::this_thread::get_id();
    last.store(static_cast<std::int64_t>(delivery.price.prices.price.mantissa()));
    last.notify_all();
  };
  monitor.subscribe(stream, {.name = "c", .min_interval = 0ms}, callbacks);
  const DeliveryThread thread({monitor.queue("c")}, clock);
  for (const std::int64_t price : {1, 2, 3}) {
    send(price);
    await(last, price);
  }
  EXPECT_NE(caller, std::this_thread::get_id());
}

TEST_F(Delivery, TakesOverWhatWasQueuedBefore) {
  std::atomic<std::int64_t> last{0};
  Callbacks callbacks;
  callbacks.on_price = [&](const feedwatch::Delivery&) {
    last.store(1);
    last.notify_all();
  };
  monitor.subscribe(stream, {.name = "c"}, callbacks);
  send(7);
  const DeliveryThread thread({monitor.queue("c")}, clock);
  await(last, 1);
}

TEST_F(Delivery, EndsWhileCallsAreDue) {
  std::atomic<int> calls{0};
  Callbacks callbacks;
  callbacks.on_price = [&](const feedwatch::Delivery&) { calls.fetch_add(1); };
  monitor.subscribe(stream, {.name = "c", .min_interval = 0ms}, callbacks);
  for (int i = 0; i < 100; ++i) {
    const DeliveryThread thread({monitor.queue("c")}, clock);
    send(1 + i);
  }
  const int before = calls.load();
  send(1000);
  EXPECT_EQ(calls.load(), before) << "nobody is there to call";
  EXPECT_FALSE(monitor.queue("c")->empty());
}

}  // namespace
}  // namespace feedwatch::embed
