/// The path every price takes allocates nothing once it has been walked.
#include "feedwatch/base/tests/count_allocations.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class Allocation : public World {
 protected:
  void SetUp() override {
    if (!testing::counts_allocations)
      GTEST_SKIP() << "allocations are the sanitizer's business in this build";
  }
};

TEST_F(Allocation, ApplyAllocatesNothingInSteadyState) {
  StreamOptions options = options_of("v/BTC/last", tight());
  options.seq_orders = true;
  const StreamId s = add(options);
  std::uint64_t calls = 0;
  Callbacks callbacks;
  callbacks.on_price = [&calls](const Delivery&) { ++calls; };
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, callbacks);
  std::vector<StreamChange> taken;
  const auto second_of_ticks = [&] {
    for (int i = 0; i < 100; ++i) {
      now += 10ms;
      Tick made = tick(s, 100 + i);
      made.ts_event = made.ts_recv - 3ms;
      made.seq = static_cast<std::uint64_t>(to_ns(now));
      monitor.apply(made, now);
      if (monitor.next_deadline() <= now) monitor.on_time(now);
    }
  };
  second_of_ticks();
  monitor.take_changes(taken);
  const std::uint64_t before = testing::allocations.load();
  for (int i = 0; i < 100; ++i) second_of_ticks();
  EXPECT_EQ(testing::allocations.load() - before, 0U);
  EXPECT_GT(calls, 900U);
}

TEST_F(Allocation, ReadingAllocatesNothing) {
  const StreamId s = add("v/BTC/last");
  send(s, 100);
  const StreamKey key = monitor.options(s).key;
  const std::uint64_t before = testing::allocations.load();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(monitor.price(s, {.max_age = 1s}, now).has_value());
    EXPECT_TRUE(monitor.price(key, {.max_age = 1s}, now).has_value());
    EXPECT_FALSE(monitor.price(s, {.max_age = 1s}, now + 2s).has_value());
  }
  EXPECT_EQ(testing::allocations.load() - before, 0U);
}

}  // namespace
}  // namespace feedwatch
