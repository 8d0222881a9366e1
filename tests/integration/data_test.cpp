// What the data themselves say: deltas without a price, sequences that begin again, prices that
// stand still.

#include <gtest/gtest.h>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::Heals;

void expect_calm(const World& world, MonoTime since) {
  for (const Seen& change : world.events(EventType::stream_level)) {
    EXPECT_LT(change.event.at, since) << change.event.subject << " " << change.event.text;
  }
  EXPECT_TRUE(world.events(EventType::repair_started).empty()) << world.story();
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

TEST(Data, ABybitDeltaWithoutLastPriceConfirmsAndDoesNotCarry) {
  const std::string stream = "BTCUSDT/last";
  World world({.exchange = {.venue = "bybit-linear", .symbols = {"BTCUSDT"}, .rate = 20},
               .streams = {stream}});
  world.start_healthy();
  const MonoTime fault =
      world.inject({.kind = FaultKind::partial_deltas_only, .heals = Heals::never});
  ASSERT_TRUE(world.wait([&] {
    const Slot slot = world.slot(stream);
    return slot.confirmed > fault + 3s && slot.confirmed > slot.carried + 2500ms;
  })) << world.story();
  const Slot slot = world.slot(stream);
  EXPECT_LE(slot.carried, fault + 200ms);  // what was under way
  EXPECT_EQ(world.level(stream), Level::healthy);
  const auto carried = world.price(stream, {.max_age = 2s});
  ASSERT_FALSE(carried);
  EXPECT_EQ(carried.error().code, RefusalCode::too_old);
  const auto confirmed = world.price(stream, {.max_age = 2s, .accept_confirmed = true});
  ASSERT_TRUE(confirmed) << to_text(confirmed.error().code);
  EXPECT_EQ(confirmed->prices, slot.prices);
  EXPECT_GT(confirmed->receive_age, 2s);
  expect_calm(world, fault);
}

class SequenceRestart : public testing::TestWithParam<const char*> {};

TEST_P(SequenceRestart, GoesOnWithTheNewNumbers) {
  const std::string stream = "BTCUSDT/quote";
  World world(
      {.exchange = {.venue = GetParam(), .symbols = {"BTCUSDT"}, .rate = 20}, .streams = {stream}});
  world.start_healthy();
  ASSERT_TRUE(world.wait([&] { return world.slot(stream).seq > 100; }));
  const std::uint64_t before = world.slot(stream).seq;
  const MonoTime fault = world.inject({.kind = FaultKind::sequence_restart});
  ASSERT_TRUE(world.wait([&] { return world.slot(stream).seq < before; }, 10s)) << world.story();
  // At the worst five older ticks over a second have to show that they rise among themselves.
  EXPECT_LE(world.now() - fault, 5s);
  const std::uint64_t ticks = world.slot(stream).ticks;
  EXPECT_TRUE(world.wait([&] { return world.slot(stream).ticks > ticks + 5; }));
  expect_calm(world, fault);
}

INSTANTIATE_TEST_SUITE_P(Venues, SequenceRestart, testing::Values("binance-usdm", "bybit-linear"),
                         [](const auto& instance) {
                           return instance.param == std::string_view("binance-usdm") ? "binance"
                                                                                     : "bybit";
                         });

TEST(Data, AFrozenPriceIsSaidAgainAndThereforeFresh) {
  const std::string stream = "BTCUSDT/mark";
  World world({.exchange = {.venue = "binance-usdm", .symbols = {"BTCUSDT"}}, .streams = {stream}});
  world.start_healthy();
  const MonoTime fault = world.inject({.kind = FaultKind::frozen_price, .heals = Heals::never});
  ASSERT_TRUE(world.wait([&] {
    const Slot slot = world.slot(stream);
    return slot.carried > fault + 4s && slot.carried > slot.changed + 3s;
  })) << world.story();
  EXPECT_TRUE(world.price(stream, {.max_age = 2s}));
  EXPECT_EQ(world.level(stream), Level::healthy);
  expect_calm(world, fault);
}

}  // namespace
}  // namespace feedwatch::integration
