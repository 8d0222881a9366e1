// Venues spread over threads: one board, one control, and nobody notices but the scheduler.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
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

/// Wants and gives up streams of one venue as fast as its thread takes it.
void come_and_go(World& world, const std::string& venue, Kind kind) {
  for (int i = 0; i < 200; ++i) {
    world.app().with_shard(venue, [&](engine::Shard& shard) {
      const StreamKey key{venue, symbols[i % 2 == 0 ? 0 : 1], kind};
      EXPECT_TRUE(shard.want(key, "owner" + std::to_string(i % 3), Duration::zero()));
      static_cast<void>(shard.unwant(key, "owner" + std::to_string((i + 1) % 3)));
    });
  }
}

TEST(Shards, LeasesComeAndGoOnAllOfThemWhileOthersRead) {
  World world(three_venues());
  world.start_healthy();
  std::vector<std::thread> owners;
  owners.emplace_back([&] { come_and_go(world, "bybit-linear", Kind::index); });
  owners.emplace_back([&] { come_and_go(world, "binance-usdm", Kind::index); });
  owners.emplace_back([&] { come_and_go(world, "binance-spot", Kind::last); });
  const Monitor& monitor = world.app().monitor();
  for (int i = 0; i < 2000; ++i) {
    for (const char* venue : {"bybit-linear", "binance-usdm"}) {
      static_cast<void>(
          monitor.price({venue, "BTCUSDT", Kind::index}, {.max_age = 10s}, world.now()));
      EXPECT_TRUE(monitor.price({venue, "BTCUSDT", Kind::mark}, {.max_age = 10s}, world.now()));
    }
  }
  for (std::thread& owner : owners) owner.join();
  EXPECT_TRUE(world.app().stop());
  EXPECT_TRUE(world.app().stop()) << "idempotent";
}

TEST(Shards, OneThatCannotStartIsAnErrorOfAll) {
  WorldOptions options{.exchange = {.venue = "binance-usdm", .symbols = symbols},
                       .streams = streams_of(symbols, "mark")};
  options.others = {{.exchange = {.venue = "binance-spot", .symbols = symbols},
                     .streams = streams_of(symbols, "mark")}};
  options.shards = 2;
  World world(options);
  try {
    world.start();
    ADD_FAILURE() << "binance-spot has no mark prices";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no channel for kind 'mark'"));
  }
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
