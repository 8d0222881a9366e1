// Prices that are old although they have just arrived, and venue clocks that are wrong.

#include <gtest/gtest.h>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::FaultSpec;
using exchange::Heals;

const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT",  "SOLUSDT", "XRPUSDT",
                                       "ADAUSDT", "DOGEUSDT", "LTCUSDT", "LINKUSDT"};
const std::string stream = "BTCUSDT/mark";

WorldOptions marks() {
  return {.exchange = {.venue = "binance-usdm", .symbols = symbols},
          .streams = streams_of(symbols, "mark")};
}

/// Twenty ticks of the channel, the first of each stream left out: the venue's clock is known.
void learn_offset(World& world) {
  ASSERT_TRUE(world.wait([&] { return world.slot(stream).ticks >= 5; }));
}

FaultSpec clock_off(Duration offset) {
  return {.kind = FaultKind::clock_offset, .heals = Heals::never, .offset = offset};
}

/// Waits for so many ticks that arrive from now on.
bool ticks_more(const World& world, std::uint64_t count) {
  const std::uint64_t before = world.slot(stream).ticks;
  return world.wait([&] { return world.slot(stream).ticks >= before + count; });
}

std::size_t changes_since(const World& world, MonoTime since) {
  const auto changes = world.events(EventType::stream_level);
  return static_cast<std::size_t>(
      std::ranges::count_if(changes, [&](const Seen& change) { return change.event.at >= since; }));
}

TEST(Clock, AQueueOfEightSecondsAtTheVenueGivesNoPriceToAGuardOfFive) {
  World world(marks());
  world.start_healthy();
  world.inject({.kind = FaultKind::queue_delay, .heals = Heals::never, .delay = 8s});
  std::uint64_t accepted = 0;
  const auto sample = [&] {
    const WallTime asked = embed::SystemClock().wall_now();  // before: we may be held up afterwards
    const auto price = world.price(stream, {.max_age = 5s, .basis = Basis::both});
    if (!price) return;
    ++accepted;
    EXPECT_LE(asked - *price->ts_event, 5s + 50ms);
  };
  ASSERT_TRUE(world.wait([&] {
    sample();
    return world.slot(stream).transit > 7500ms;
  })) << world.story();
  EXPECT_GT(accepted, 0U);

  // What arrives now is eight seconds old, however young it looks.
  accepted = 0;
  std::uint64_t too_old = 0;
  const MonoTime until = world.now() + 3s;
  while (world.now() < until) {
    const auto price = world.price(stream, {.max_age = 5s, .basis = Basis::both});
    accepted += price.has_value();
    too_old += !price && price.error().code == RefusalCode::too_old;
    const auto received = world.price(stream, {.max_age = 5s, .basis = Basis::receive});
    ASSERT_TRUE(received) << to_text(received.error().code) << "\n" << world.story();
    EXPECT_LE(received->receive_age, 2s);
    EXPECT_GE(*received->event_age, 7500ms);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(accepted, 0U);
  EXPECT_GT(too_old, 0U);
}

TEST(Clock, AVenueClockAheadChangesNoLevel) {
  World world(marks());
  world.start_healthy();
  learn_offset(world);
  const MonoTime fault = world.inject(clock_off(5s));
  ASSERT_TRUE(world.wait([&] { return world.slot(stream).clock_suspect; }, 5s));
  const auto suspected = world.price(stream, {.max_age = 2s, .basis = Basis::both});
  ASSERT_TRUE(suspected) << to_text(suspected.error().code);
  // Within its range of five seconds the offset follows, and the stamps are usable again.
  ASSERT_TRUE(ticks_more(world, 4));
  EXPECT_EQ(changes_since(world, fault), 0U) << world.story();
  EXPECT_TRUE(world.events(EventType::repair_started).empty()) << world.story();
  EXPECT_FALSE(world.slot(stream).clock_suspect);
  EXPECT_TRUE(world.price(stream, {.max_age = 2s, .basis = Basis::both}));
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

TEST(Clock, AVenueClockALittleBehindChangesNoLevel) {
  World world(marks());
  world.start_healthy();
  learn_offset(world);
  const MonoTime fault = world.inject(clock_off(-2s));
  ASSERT_TRUE(ticks_more(world, 4));
  EXPECT_GT(world.slot(stream).transit, 1900ms);
  EXPECT_EQ(changes_since(world, fault), 0U) << world.story();
  EXPECT_TRUE(world.events(EventType::repair_started).empty()) << world.story();
  EXPECT_TRUE(world.price(stream, {.max_age = 5s, .basis = Basis::both}));
}

// A clock that falls back cannot be told from prices that come late, so it counts as lateness: the
// guard refuses, the reason says why, and nothing is repaired that repair cannot help.
TEST(Clock, AVenueClockFarBehindIsLatenessAndNotSilence) {
  World world(marks());
  world.start_healthy();
  learn_offset(world);
  world.inject(clock_off(-5s));
  ASSERT_TRUE(ticks_more(world, 4));
  ASSERT_TRUE(world.wait([&] { return world.view(stream).reason == Reason::venue_lag; }))
      << world.story();
  EXPECT_EQ(world.level(stream), Level::degraded);
  EXPECT_FALSE(world.price(stream, {.max_age = 4s, .basis = Basis::both}));
  EXPECT_TRUE(world.price(stream, {.max_age = 4s, .basis = Basis::receive}));
  EXPECT_TRUE(world.events(EventType::repair_started).empty()) << world.story();
  EXPECT_TRUE(world.events(EventType::suspect).empty()) << world.story();
}

}  // namespace
}  // namespace feedwatch::integration
