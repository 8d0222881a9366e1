// Venues spread over threads: one board, one control, and nobody notices but the scheduler.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT"};

WorldOptions three_venues() {
  WorldOptions options{.exchange = {.venue = "binance-usdm", .symbols = symbols},
                       .streams = streams_of(symbols, "mark")};
  options.others = {{.exchange = {.venue = "bybit-linear", .symbols = symbols},
                     .streams = streams_of(symbols, "mark")},
                    {.exchange = {.venue = "binance-spot", .symbols = symbols},
                     .streams = streams_of(symbols, "quote")}};
  options.shards = 2;
  return options;
}

std::thread::id thread_of(World& world, std::string_view venue) {
  std::thread::id thread;
  world.app().with_shard(venue, [&](engine::Shard&) { thread = std::this_thread::get_id(); });
  return thread;
}

TEST(Shards, AVenueIsOneThreads) {
  World world(three_venues());
  world.start_healthy();
  EXPECT_NE(thread_of(world, "binance-usdm"), thread_of(world, "bybit-linear"));
  EXPECT_EQ(thread_of(world, "binance-usdm"), thread_of(world, "binance-spot"));
}

TEST(Shards, PricesOfAllAreReadInOnePlace) {
  World world(three_venues());
  world.start_healthy();
  const Monitor& monitor = world.app().monitor();
  for (const auto& [venue, kind] :
       {std::pair{"binance-usdm", Kind::mark}, std::pair{"bybit-linear", Kind::mark},
        std::pair{"binance-spot", Kind::quote}}) {
    const auto price = monitor.price({venue, "ETHUSDT", kind}, {.max_age = 10s}, world.now());
    EXPECT_TRUE(price) << venue;
  }
}

TEST(Shards, ALeaseIsGivenByTheShardThatHasTheVenue) {
  World world(three_venues());
  world.start_healthy();
  const StreamKey key{"bybit-linear", "BTCUSDT", Kind::index};
  world.app().with_shard("bybit-linear", [&](engine::Shard& shard) {
    EXPECT_TRUE(shard.want(key, "test", Duration::zero()));
  });
  EXPECT_TRUE(world.wait([&] {
    return world.app().monitor().price(key, {.max_age = 10s}, world.now()).has_value();
  })) << world.story();
}

TEST(Shards, AnOutageOfOneVenueIsNoneOfTheOthers) {
  World world(three_venues());
  world.start_healthy();
  world.begin_outage();
  const StreamKey other{"bybit-linear", "BTCUSDT", Kind::mark};
  ASSERT_TRUE(world.wait([&] { return world.level("BTCUSDT/mark") == Level::stale; }))
      << world.story();
  EXPECT_TRUE(world.app().monitor().price(other, {.max_age = 5s}, world.now()));
}

TEST(Lines, TwoCarryEachStream) {
  WorldOptions options{.exchange = {.venue = "bybit-linear", .symbols = symbols},
                       .streams = streams_of(symbols, "quote")};
  options.lines = 2;
  World world(options);
  world.start_healthy();
  const auto carry = [&] {
    return std::ranges::count_if(world.lines(), [](const auto& line) {
      return line.status.route == "linear" && line.status.up && line.status.topics == 2;
    });
  };
  EXPECT_TRUE(world.wait([&] { return carry() == 2; })) << world.story();
}

}  // namespace
}  // namespace feedwatch::integration
