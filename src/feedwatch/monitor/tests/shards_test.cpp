#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "feedwatch/monitor/monitor.hpp"

/// Monitors of several shards, each on its thread, on one board.
namespace feedwatch {
namespace {

constexpr std::size_t capacity = 100;

StreamOptions stream_of(const std::string& venue) {
  StreamOptions options;
  options.key = {venue, "S", Kind::last};
  return options;
}

TEST(MonitorShards, APatternLooksAtPlacesThatAnotherShardWrites) {
  const auto ground = std::make_shared<board::Ground>(
      board::heap_memory(PriceBoard::bytes_for(capacity)), capacity, board::Identity{});
  Monitor one({.capacity = capacity, .ground = ground, .shard = 0});
  Monitor other({.capacity = capacity, .ground = ground, .shard = 1});
  const MonoTime now{1h};
  const auto theirs = other.add_stream(stream_of("y"), now);
  ASSERT_TRUE(theirs);
  const auto ours = one.add_stream(stream_of("x"), now);
  ASSERT_TRUE(ours);
  ASSERT_GT(ours->index(), theirs->index()) << "the other's place is among those looked at";
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      Tick tick;
      tick.stream = *theirs;
      tick.prices.price = Decimal{100 + i % 7, 0};
      tick.fields.price = true;
      tick.mono_recv = now + std::chrono::microseconds(i);
      tick.epoch = 1;
      other.apply(tick, tick.mono_recv);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const Subscription subscription = one.subscribe_matching(
        "*", {.name = "consumer", .delivery = DeliveryMode::in_line}, {.on_price = [](auto&) {}});
    EXPECT_TRUE(subscription);
    one.unsubscribe(subscription);
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace feedwatch
