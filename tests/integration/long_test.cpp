// What takes minutes on real sockets: the numbers of issue "what it must show" at their full
// length. Virtual time proves the same in seconds (tests/scenarios); ./x long runs these, ./x test
// does not.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outage.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::Heals;
using testing::HasSubstr;

constexpr Duration on_sockets = 500ms;  ///< what sockets and threads may take beyond a limit
constexpr Duration level_accuracy = 50ms;

WorldOptions marks(const std::vector<std::string>& symbols, Preset preset) {
  return {.exchange = {.venue = "binance-usdm", .symbols = symbols, .rate = 1},
          .streams = streams_of(symbols, "mark"),
          .preset = preset};
}

/// When the newest transition to a level became true and when we heard of it.
std::optional<Seen> to_level(const World& world, std::string_view stream, Level level,
                             MonoTime after) {
  std::optional<Seen> found;
  for (const Seen& change : world.events(EventType::stream_level, stream)) {
    if (change.event.at > after && change.event.to == level) found = change;
  }
  return found;
}

void expect_level_at(const World& world, std::string_view stream, Level level, Duration age) {
  const MonoTime last_tick = world.slot(stream).carried;
  const auto change = to_level(world, stream, level, last_tick);
  ASSERT_TRUE(change) << world.story();
  EXPECT_GE(change->event.at - last_tick, age - level_accuracy);
  EXPECT_LE(change->event.at - last_tick, age + level_accuracy);
  EXPECT_LE(change->seen - last_tick, age + level_accuracy + on_sockets);
}

TEST(Long, OneOfFiftySilentComesToTheDocumentedLevelsAtTheirMoments) {
  std::vector<std::string> symbols;
  for (int i = 0; i < 50; ++i) symbols.push_back(fmt::format("S{:02}USDT", i));
  const std::string patient = "S07USDT/mark";
  World world(marks(symbols, Preset::coarse));
  world.start_healthy();
  const MonoTime fault = world.inject({.kind = FaultKind::silent_symbol,
                                       .symbols = {"S07USDT"},
                                       .route = "market",
                                       .heals = Heals::never});
  ASSERT_TRUE(
      world.wait([&] { return to_level(world, patient, Level::stale, fault).has_value(); }, 320s))
      << world.story();
  expect_level_at(world, patient, Level::degraded, 180s);
  expect_level_at(world, patient, Level::stale, 300s);
  for (const Seen& change : world.events(EventType::stream_level)) {
    if (change.event.at < fault) continue;
    EXPECT_EQ(change.event.subject, "binance-usdm/" + patient) << world.story();
  }
  // Half a minute of silence is told of as repairs that came to nothing; what the levels say takes
  // its place, and never stands beside it.
  const auto fired = world.alerts("firing");
  ASSERT_EQ(fired.size(), 2U) << world.story();
  EXPECT_THAT(fired.front().event.subject, HasSubstr("repair_exhausted"));
  EXPECT_THAT(fired.back().event.subject, HasSubstr("price_staleness"));
  EXPECT_EQ(world.alerts("resolved").size(), 1U) << world.story();
}

TEST(Long, FiveMinutesOfAcceptThenCloseStayWithinTheShareAndAreOneAlert) {
  constexpr Duration spell = 5min;
  World world(marks(outage_symbols, Preset::tight));
  world.start_healthy();
  const std::uint64_t before = world.counters().dials;
  const MonoTime fault = world.inject(
      {.kind = FaultKind::accept_then_close, .heals = Heals::after, .duration = spell});
  world.inject({.kind = FaultKind::close});
  ASSERT_TRUE(world.wait([&] { return world.now() >= fault + spell; }, spell + 1s));
  const engine::VenueStatus venue = world.venues().at(0);
  EXPECT_EQ(venue.dial_share, 60U);  // a fifth of the 300 dials the venue allows in 5 minutes
  EXPECT_LE(venue.dials_in_window, venue.dial_share);
  EXPECT_LE(world.counters().dials - before, venue.dial_share);
  EXPECT_GE(world.counters().dials - before, 10U) << "it gave up";
  EXPECT_EQ(world.alerts("firing").size(), 1U) << world.story();

  ASSERT_TRUE(world.wait([&] { return world.level("BTCUSDT/mark") == Level::healthy; }))
      << world.story();
  ASSERT_TRUE(world.wait([&] { return !world.alerts("resolved").empty(); }, 60s)) << world.story();
  EXPECT_EQ(world.alerts("firing").size(), 1U) << world.story();
  EXPECT_THAT(world.alerts("firing").front().event.subject, HasSubstr("line_down"));
}

TEST(Long, ThirtyMinutesOfOutageEndWithFreshDataWithinSixSeconds) {
  World world(marks(outage_symbols, Preset::coarse));
  expect_outage_survived(world, 30min);
}

}  // namespace
}  // namespace feedwatch::integration
