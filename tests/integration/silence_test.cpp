// One symbol falls silent while its line stays well: issue "what it must show", on sockets.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::Heals;

constexpr Duration on_sockets = 500ms;  ///< what sockets and threads may take beyond a limit
constexpr Duration level_accuracy = 50ms;
constexpr Duration on_threads =
    3s;  ///< until we hear of it, on a machine that has other things to do

const Seen* to_level(const std::vector<Seen>& changes, Level level) {
  const auto found =
      std::ranges::find_if(changes, [&](const Seen& change) { return change.event.to == level; });
  return found == changes.end() ? nullptr : &*found;
}

std::vector<std::string> fifty() {
  std::vector<std::string> symbols;
  for (int i = 0; i < 50; ++i) symbols.push_back(fmt::format("S{:02}USDT", i));
  return symbols;
}

TEST(Silence, OneOfFiftyIsNoticedRepairedAndJudgedInTimeAndTheOthersAreLeftAlone) {
  const std::string patient = "S07USDT/mark";
  World world({.exchange = {.venue = "binance-usdm", .symbols = fifty(), .rate = 1},
               .streams = streams_of(fifty(), "mark")});
  world.start_healthy();
  const MonoTime fault = world.inject({.kind = FaultKind::silent_symbol,
                                       .symbols = {"S07USDT"},
                                       .route = "market",
                                       .heals = Heals::never});
  ASSERT_TRUE(world.wait([&] {
    return to_level(world.events(EventType::stream_level, patient), Level::stale) != nullptr;
  })) << world.story();
  const MonoTime last_tick = world.slot(patient).carried;

  const auto repairs = world.events(EventType::repair_started, patient);
  ASSERT_FALSE(repairs.empty()) << world.story();
  EXPECT_EQ(repairs.front().event.repair->step, engine::RepairStep::resubscribe);
  EXPECT_GT(repairs.front().event.repair->started - last_tick, 3s);
  EXPECT_LE(repairs.front().event.repair->started - last_tick, 4s + on_sockets);

  const auto changes = world.events(EventType::stream_level, patient);
  const Seen* degraded = nullptr;
  for (const Seen& change : changes) {
    if (change.event.at > fault && change.event.to == Level::degraded) degraded = &change;
  }
  const Seen* stale = to_level(changes, Level::stale);
  ASSERT_NE(degraded, nullptr) << world.story();
  EXPECT_GE(degraded->event.at - last_tick, 3500ms - level_accuracy);
  EXPECT_LE(degraded->event.at - last_tick, 3500ms + level_accuracy);
  EXPECT_LE(degraded->seen - last_tick, 3500ms + level_accuracy + on_threads);
  EXPECT_GE(stale->event.at - last_tick, 10s - level_accuracy);
  EXPECT_LE(stale->event.at - last_tick, 10s + level_accuracy);
  EXPECT_LE(stale->seen - last_tick, 10s + level_accuracy + on_threads);
  EXPECT_FALSE(world.price(patient, {.max_age = 1h}));

  for (const Seen& change : world.events(EventType::stream_level)) {
    if (change.event.at < fault) continue;
    EXPECT_EQ(change.event.subject, "binance-usdm/" + patient) << world.story();
  }
  for (const Seen& repair : world.events(EventType::repair_started)) {
    EXPECT_EQ(repair.event.subject, "binance-usdm/" + patient) << world.story();
  }
  ASSERT_TRUE(world.wait([&] { return !world.alerts("firing").empty(); }));
  const auto alerts = world.alerts("firing");
  EXPECT_EQ(alerts.size(), 1U) << world.story();
  EXPECT_THAT(alerts.front().event.subject, testing::HasSubstr("price_staleness"));
}

TEST(Silence, WhatASubscriptionHealsIsNeverStaleAndWakesNobody) {
  const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"};
  World world({.exchange = {.venue = "binance-usdm", .symbols = symbols},
               .streams = streams_of(symbols, "mark")});
  world.start_healthy();
  const std::uint32_t epoch = world.slot("ETHUSDT/mark").epoch;
  const MonoTime fault = world.inject({.kind = FaultKind::silent_symbol,
                                       .symbols = {"XRPUSDT"},
                                       .route = "market",
                                       .heals = Heals::on_resubscribe});
  ASSERT_TRUE(world.wait([&] {
    const auto ended = world.events(EventType::repair_ended, "XRPUSDT/mark");
    return !ended.empty() && world.level("XRPUSDT/mark") == Level::healthy;
  })) << world.story();
  const auto ended = world.events(EventType::repair_ended, "XRPUSDT/mark");
  EXPECT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended.front().event.repair->step, engine::RepairStep::resubscribe);
  EXPECT_TRUE(ended.front().event.repair->ok);
  for (const Seen& change : world.events(EventType::stream_level)) {
    if (change.event.at < fault) continue;
    EXPECT_NE(change.event.to, Level::stale) << world.story();
  }
  EXPECT_EQ(world.slot("ETHUSDT/mark").epoch, epoch) << "another symbol was subscribed again";
  EXPECT_EQ(world.counters().dials, 1U);
}

}  // namespace
}  // namespace feedwatch::integration
