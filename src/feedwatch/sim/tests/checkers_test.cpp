#include "feedwatch/sim/checkers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "feedwatch/sim/runner.hpp"

namespace feedwatch::sim {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

Scenario parsed(std::string_view text) {
  auto scenario = parse_scenario(text, "test.scenario");
  EXPECT_TRUE(scenario) << scenario.error().text();
  return std::move(*scenario);
}

/// A world with a hand in it that the checkers know nothing of.
std::vector<std::string> breaches_of(std::string_view text,
                                     const std::function<void(World&)>& hand) {
  const Scenario scenario = parsed(text);
  World world(scenario.world);
  Checkers checkers(world);
  world.set_on_instant([&](MonoTime now) { checkers.on_instant(now); });
  EXPECT_TRUE(world.start());
  EXPECT_TRUE(world.run_until(world_start + 20s));
  hand(world);
  EXPECT_TRUE(world.run_until(world_start + 60s));
  checkers.finish();
  return checkers.breaches();
}

constexpr std::string_view one_stream = "venue alpha clocked X/mark every 1s\npolicy * tight\n";

TEST(Checkers, HaveNothingToSayOfAGoodRun) {
  EXPECT_THAT(breaches_of(one_stream, [](World&) {}), IsEmpty());
}

TEST(Checkers, FindARowThatNobodyDecided) {
  const auto found = breaches_of(one_stream, [](World& world) {
    world.journal().commit({.idempotency_key = "x", .rows = {StreamTransitionRow{}}}, [](auto) {});
  });
  EXPECT_THAT(found, Contains(HasSubstr("invariant 2 broken")));
}

TEST(Checkers, FindAnAlertWithoutACause) {
  // Every connection is reset, which no step of the scenario says.
  const auto found = breaches_of(one_stream, [](World& world) {
    for (Duration at = 20s; at < 60s; at += 100ms) {
      world.schedule(world_start + at, Turn::world, [&world] {
        for (std::uint32_t conn = 1; conn < 50; ++conn) world.network().server_reset(ConnId{conn});
      });
    }
  });
  EXPECT_THAT(found, Contains(HasSubstr("invariant 3 broken")));
}

TEST(Checkers, FindASubscriptionTakenBackWithoutARepair) {
  const auto found = breaches_of(
      one_stream, [](World& world) { world.network().send_text(ConnId{1}, "unsub 77 mark:X"); });
  EXPECT_THAT(found, Contains(HasSubstr("without a repair of its own")));
}

TEST(Checkers, FindMoreMessagesThanOurShare) {
  const auto found = breaches_of(one_stream, [](World& world) {
    for (int i = 0; i < 3; ++i) world.network().send_ping(ConnId{1}, "x");
  });
  EXPECT_THAT(found, Contains(HasSubstr("client messages within 1s, ours are 2 of 10")));
}

// A lease that ended long ago excuses nothing.
TEST(Checkers, ForgetALeaseThatEnded) {
  const auto found = breaches_of(one_stream, [](World& world) {
    const StreamKey key{.venue = "alpha", .symbol = "X", .kind = Kind::mark};
    EXPECT_TRUE(world.want(key, "other", Duration{}));
    world.unwant(key, "other");
    world.schedule(world_start + 50s, Turn::world,
                   [&] { world.network().send_text(ConnId{1}, "unsub 77 mark:X"); });
  });
  EXPECT_THAT(found, Contains(HasSubstr("without a repair of its own")));
}

// … and one that ends while the host sleeps, when it wakes.
TEST(Checkers, ExcuseALeaseThatEndsInASuspendWhenItIsOver) {
  EXPECT_THAT(run_scenario(parsed("venue alpha clocked Y/mark every 1s also X\n"
                                  "at 10s want alpha/X/mark for 20s\n"
                                  "fault at 25s monitor suspend 30s\n"
                                  "expect at 56s alpha/X/mark unwatched\n"))
                  .failures,
              IsEmpty());
}

// What waited while the host was stopped is old when it is applied, and its window begins then.
TEST(Checkers, CountAConsumersWindowFromWhenATickWasApplied) {
  const Scenario scenario = parsed(
      "venue alpha clocked X/mark every 1s no-time\n"
      "consumer slow max-age 30s every 5s on alpha/X/mark\n"
      "fault at 30.5s monitor stall 10s\n"
      "expect at 60s alpha/X/mark healthy\n");
  EXPECT_THAT(run_scenario(scenario).failures, IsEmpty());
}

}  // namespace
}  // namespace feedwatch::sim
