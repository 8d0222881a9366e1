// Venues spread over threads: one board, one control, and nobody notices but the scheduler.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;

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

/// The venue's stamps of all prices of a stream, as a subscriber in line is called with them, while
/// after a third of the time the oldest line is cut.
std::vector<WallTime> stamps_delivered(World& world, const StreamKey& key, Duration span) {
  std::vector<WallTime> stamps;
  Subscription subscription;
  world.app().with_shard(key.venue, [&](engine::Shard& shard) {
    subscription = shard.monitor().subscribe(
        shard.monitor().find(key).value(),
        {.name = "test", .delivery = DeliveryMode::in_line, .min_interval = Duration::zero()},
        {.on_price = [&](const Delivery& delivery) {
          stamps.push_back(delivery.price.ts_event.value_or(WallTime{}));
        }});
  });
  world.inject({.kind = FaultKind::close, .route = "market", .at = span / 3, .connections = 1});
  const MonoTime end = world.now() + span;
  world.wait([&] { return world.now() >= end; }, span + 1s);
  world.app().with_shard(key.venue,
                         [&](engine::Shard& shard) { shard.monitor().unsubscribe(subscription); });
  return stamps;
}

TEST(Lines, OneOfTwoThatIsCutLeavesNoGapAndNoPriceTwice) {
  WorldOptions options{.exchange = {.venue = "binance-usdm", .symbols = symbols},
                       .streams = streams_of(symbols, "mark")};
  options.lines = 2;
  World world(options);
  world.start_healthy();
  ASSERT_TRUE(world.wait([&] {
    return std::ranges::count_if(world.lines(), [](const auto& line) { return line.status.up; }) ==
           2;
  })) << world.story();
  const auto stamps =
      stamps_delivered(world, {"binance-usdm", "BTCUSDT", Kind::mark}, Duration{6s});
  ASSERT_GE(stamps.size(), 5U) << world.story();
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    EXPECT_GT(stamps[i], stamps[i - 1]) << "a price came twice, or one went back";
    EXPECT_LE(stamps[i] - stamps[i - 1], 1500ms) << "one is missing";
  }
  EXPECT_FALSE(world.events(EventType::line_state).empty());
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

}  // namespace
}  // namespace feedwatch::integration
