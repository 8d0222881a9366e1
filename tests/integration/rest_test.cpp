// The venue's REST is away or tells us off: prices go on, and it is left in peace.

#include <gtest/gtest.h>

#include "world.hpp"

namespace feedwatch::integration {
namespace {

using exchange::FaultKind;
using exchange::FaultSpec;
using exchange::Heals;

constexpr Duration on_sockets = 3s;  ///< what sockets and threads may take, on a busy machine

/// One stream by name, which needs no REST, and a pattern that only REST can expand.
WorldOptions with_fault(FaultSpec fault) {
  WorldOptions options{.exchange = {.venue = "binance-usdm", .symbols = {"BTCUSDT", "ETHUSDT"}},
                       .streams = {"BTCUSDT/mark", "*/index"}};
  options.exchange.faults.push_back(std::move(fault));
  return options;
}

/// How long after the first request the second came, by the moments the exchange wrote down.
Duration second_request_after(World& world) {
  EXPECT_TRUE(world.wait([&] { return world.counters().rest_requests >= 2; }));
  const auto times =
      world.on_exchange([](const exchange::Exchange& it) { return it.desk().rest_times(); });
  return times.at(1) - times.at(0);
}

void expect_undisturbed(World& world) {
  EXPECT_TRUE(world.price("BTCUSDT/mark", {.max_age = 2s}));
  EXPECT_EQ(world.counters().dials, 1U);
  EXPECT_TRUE(world.alerts("firing").empty()) << world.story();
  EXPECT_TRUE(world.wait([&] { return world.level("ETHUSDT/index") == Level::healthy; }))
      << world.story();
}

TEST(Rest, TooManyRequestsAreAnsweredByWaitingAsLongAsTold) {
  World world(with_fault({.kind = FaultKind::rest_429,
                          .heals = Heals::after,
                          .duration = 11s,
                          .status = 429,
                          .retry_after = 12s}));
  world.start();
  EXPECT_GE(second_request_after(world), 12s);
  expect_undisturbed(world);
}

TEST(Rest, AnUnavailableOneIsAskedAgainAndStopsNoPrice) {
  World world(with_fault(
      {.kind = FaultKind::rest_down, .heals = Heals::after, .duration = 5s, .status = 503}));
  world.start();
  const Duration pause = second_request_after(world);
  EXPECT_GE(pause, 10s);
  EXPECT_LE(pause, 10s + on_sockets);
  expect_undisturbed(world);
}

}  // namespace
}  // namespace feedwatch::integration
