// Lines that die, lie or are refused: issue "what it must show", on sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::Heals;
using testing::HasSubstr;

constexpr Duration on_sockets = 500ms;  ///< what sockets and threads may take beyond a limit
const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"};

WorldOptions marks() {
  return {.exchange = {.venue = "binance-usdm", .symbols = symbols},
          .streams = streams_of(symbols, "mark")};
}

MonoTime newest(const World& world, std::string_view kind) {
  MonoTime newest{};
  for (const std::string& stream : streams_of(symbols, kind)) {
    newest = std::max(newest, world.slot(stream).carried);
  }
  return newest;
}

/// From the last data before a half-open line to the first of its replacement.
Duration half_open_gap(World& world, std::string_view kind) {
  const MonoTime fault = world.inject({.kind = FaultKind::half_open, .heals = Heals::on_reconnect});
  MonoTime last = newest(world, kind);
  EXPECT_TRUE(world.wait([&] {
    const MonoTime seen = newest(world, kind);
    if (seen <= fault + 200ms) last = seen;  // was under way when the fault began
    return seen > fault + 1500ms;
  })) << world.story();
  const Duration gap = newest(world, kind) - last;
  EXPECT_TRUE(world.wait([&] {
    return std::ranges::all_of(streams_of(symbols, kind), [&](const std::string& stream) {
      return world.slot(stream).carried > last + 1s && world.level(stream) == Level::healthy;
    });
  })) << world.story();
  return gap;
}

TEST(Line, AHalfOpenOneWhoseChannelsOweDataIsReplacedByTheirSilence) {
  World world(marks());
  world.start_healthy();
  const Duration gap = half_open_gap(world, "mark");
  EXPECT_GT(gap, 3s);  // three missed periods
  EXPECT_LE(gap, 4s + 1s + on_sockets) << world.story();
}

TEST(Line, AHalfOpenOneIsReplacedWithinElevenSecondsOfItsLastFrame) {
  World world({.exchange = {.venue = "binance-usdm", .symbols = symbols},
               .streams = streams_of(symbols, "quote")});
  world.start_healthy();
  const Duration gap = half_open_gap(world, "quote");
  EXPECT_GT(gap, 10s);  // five seconds without a frame, five without a pong
  EXPECT_LE(gap, 11s + on_sockets) << world.story();
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

TEST(Line, AYoungOneThatIsCutHasDataAgainWithinASecond) {
  World world({.exchange = {.venue = "binance-usdm", .symbols = symbols},
               .streams = streams_of(symbols, "quote")});
  world.start_healthy();
  const MonoTime cut = world.inject({.kind = FaultKind::close, .heals = Heals::never});
  ASSERT_TRUE(world.wait([&] {
    return world.counters().opened == 2 && newest(world, "quote") > cut + 20ms;
  })) << world.story();
  EXPECT_LE(newest(world, "quote") - cut, 1s) << world.story();
  EXPECT_EQ(world.counters().dials, 2U);
}

TEST(Line, AcceptThenCloseIsDialledWithinTheSharedLimitAndIsOneAlert) {
  constexpr Duration spell = 30s;
  World world({.exchange = {.venue = "bybit-linear", .symbols = symbols},
               .streams = streams_of(symbols, "quote")});
  world.start_healthy();
  const std::uint64_t before = world.counters().dials;
  const MonoTime fault = world.inject(
      {.kind = FaultKind::accept_then_close, .heals = Heals::after, .duration = spell});
  world.inject({.kind = FaultKind::close});
  ASSERT_TRUE(world.wait([&] { return world.now() >= fault + spell; }, spell + 1s));

  const engine::VenueStatus venue = world.venues().at(0);
  const std::uint64_t dials = world.counters().dials - before;
  EXPECT_LE(venue.dials_in_window, venue.dial_share);
  EXPECT_EQ(venue.dial_share, 100U);  // a fifth of the 500 dials the venue allows in 5 minutes
  EXPECT_GE(dials, 4U) << "it gave up";
  EXPECT_LE(dials, 12U) << "the share is one dial in 3 s, kept up for ever";

  ASSERT_TRUE(world.wait([&] { return newest(world, "quote") > fault + spell; }));
  EXPECT_LE(newest(world, "quote") - (fault + spell), 6s + on_sockets) << world.story();
  ASSERT_TRUE(world.wait([&] { return !world.alerts("resolved").empty(); })) << world.story();
  EXPECT_EQ(world.alerts("firing").size(), 1U) << world.story();
  EXPECT_THAT(world.alerts("firing").at(0).event.subject, HasSubstr("line_down"));
  EXPECT_EQ(world.alerts("resolved").size(), 1U) << world.story();
}

TEST(Line, AnUpgradeNobodyAnswersIsGivenUpAndDialledAgain) {
  WorldOptions options = marks();
  options.exchange.faults.push_back(
      {.kind = FaultKind::upgrade_never_answered, .heals = Heals::on_reconnect});
  World world(options);
  const MonoTime began = world.now();
  world.start();
  ASSERT_TRUE(world.wait([&] { return world.counters().dials_ignored == 1; }));
  EXPECT_EQ(world.level("BTCUSDT/mark"), Level::unknown);
  EXPECT_FALSE(world.price("BTCUSDT/mark", {.max_age = 1h}));
  ASSERT_TRUE(world.wait([&] { return world.level("BTCUSDT/mark") == Level::healthy; }));
  // Ten seconds for the phase, the pathfinder's four, one period of the channel.
  EXPECT_GT(world.now() - began, 10s);
  EXPECT_LE(world.now() - began, 15s + on_sockets) << world.story();
  EXPECT_EQ(world.counters().dials, 2U);
}

TEST(Line, ARefusalWithRetryAfterIsObeyedAndIsOneAlert) {
  constexpr Duration retry_after = 8s;
  World world(marks());
  world.start_healthy();
  const std::uint64_t before = world.counters().dials;
  world.inject({.kind = FaultKind::handshake_status,
                .heals = Heals::after,
                .duration = retry_after - 1s,
                .status = 418,
                .retry_after = retry_after});
  world.inject({.kind = FaultKind::close});
  ASSERT_TRUE(world.wait([&] { return world.counters().dials_refused == 1; }));
  ASSERT_TRUE(world.wait([&] { return world.view("BTCUSDT/mark").reason == Reason::rate_limited; }))
      << world.story();
  EXPECT_THAT(world.lines().at(0).status.detail, HasSubstr("418"));

  ASSERT_TRUE(world.wait([&] { return world.counters().dials == before + 2; }));
  const auto dials =
      world.on_exchange([](const exchange::Exchange& it) { return it.desk().dial_times(); });
  EXPECT_GE(dials.at(before + 1) - dials.at(before), retry_after) << "dialled too early";
  EXPECT_EQ(world.counters().dials_refused, 1U);
  ASSERT_TRUE(world.wait([&] { return !world.alerts("resolved").empty(); })) << world.story();
  EXPECT_EQ(world.alerts("firing").size(), 1U) << world.story();
  EXPECT_THAT(world.alerts("firing").at(0).event.subject, HasSubstr("rate_limited"));
  EXPECT_EQ(world.level("BTCUSDT/mark"), Level::healthy);
}

TEST(Line, AnAcknowledgementIsNotData) {
  WorldOptions options = marks();
  options.exchange.faults.push_back({.kind = FaultKind::ack_without_data,
                                     .symbols = {"XRPUSDT"},
                                     .heals = Heals::on_resubscribe});
  World world(options);
  world.start();
  const auto healthy = [&](std::string_view stream) {
    return world.wait([&] { return world.level(stream) == Level::healthy; });
  };
  ASSERT_TRUE(healthy("BTCUSDT/mark")) << world.story();
  EXPECT_EQ(world.level("XRPUSDT/mark"), Level::unknown);
  const MonoTime wanted = world.slot("XRPUSDT/mark").level_since;
  ASSERT_TRUE(healthy("XRPUSDT/mark")) << world.story();
  const Slot slot = world.slot("XRPUSDT/mark");
  // Three seconds for the first data, then one subscription of its own.
  EXPECT_GT(slot.changed - wanted, 3s);
  EXPECT_LE(slot.changed - wanted, 5s + on_sockets) << world.story();
  for (const Seen& repair : world.events(EventType::repair_started)) {
    EXPECT_EQ(repair.event.subject, "binance-usdm/XRPUSDT/mark");
    EXPECT_EQ(repair.event.repair->step, engine::RepairStep::resubscribe);
  }
  EXPECT_EQ(world.counters().dials, 1U);
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

TEST(Line, AnAnnouncedCloseIsPreemptedAndMissesNoPrice) {
  World world({.exchange = {.venue = "okx", .symbols = {"BTC-USDT-SWAP"}, .rate = 10},
               .streams = {"BTC-USDT-SWAP/mark"}});
  world.start_healthy();
  const MonoTime told =
      world.inject({.kind = FaultKind::announce_close, .heals = Heals::never, .delay = 3s});
  Duration oldest{};
  ASSERT_TRUE(world.wait([&] {
    oldest = std::max(oldest, world.now() - world.slot("BTC-USDT-SWAP/mark").carried);
    return world.counters().closed >= 1 && world.now() - told > 4s;
  })) << world.story();
  EXPECT_EQ(world.counters().opened, 2U);
  EXPECT_LT(oldest, 1s) << "a mark price comes 200 ms after a change";
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
}

TEST(Line, WhatAVenueSaysOfItselfExplainsItsSilence) {
  World world({.exchange = {.venue = "bybit-linear", .symbols = {"BTCUSDT"}, .rate = 10},
               .streams = {"BTCUSDT/quote"}});
  world.start_healthy();
  constexpr Duration spell = 13s;  // three periods of the book are 9 s
  world.inject({.kind = FaultKind::says_halted, .heals = Heals::after, .duration = spell + 5s});
  world.inject({.kind = FaultKind::silent_symbol,
                .symbols = {"BTCUSDT"},
                .heals = Heals::after,
                .duration = spell});
  EXPECT_TRUE(world.wait([&] {
    const engine::StreamView view = world.view("BTCUSDT/quote");
    return view.level != Level::healthy && view.reason == Reason::venue_halt && !view.fault;
  })) << world.story();
  EXPECT_TRUE(world.wait([&] { return world.level("BTCUSDT/quote") == Level::healthy; }));
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
  EXPECT_TRUE(world.events(EventType::repair_started).empty()) << world.story();
}

}  // namespace
}  // namespace feedwatch::integration
