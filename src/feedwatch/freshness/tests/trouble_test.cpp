#include "feedwatch/freshness/trouble.hpp"

#include <gtest/gtest.h>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

TEST(Flaps, SixChangesWithinTenMinutesToTheNanosecond) {
  for (const Duration late : {0ns, 1ns}) {
    Flaps flaps;
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(flaps.add(t0 + i * 1min));
    EXPECT_EQ(flaps.add(t0 + 10min + late), late == 0ns);
  }
}

TEST(Flaps, AreOverWhenTenMinutesHoldOneChange) {
  Flaps flaps;
  flaps.add(t0);
  flaps.add(t0 + 1min);
  EXPECT_EQ(flaps.calm_from(), t0 + 10min);
  EXPECT_EQ(flaps.forgotten_from(), t0 + 11min);
}

/// Levels and refusals stay truthful; that the stream flaps is said beside them, once.
TEST_F(World, AStreamThatFlapsSaysSoFromTheSixthChangeUntilItIsCalm) {
  const StreamId s = add("v/BTC/mark", tight());
  std::vector<bool> told;
  const auto look = [&] {
    for (const StreamChange& change : changes()) {
      if (change.type == StreamChange::Type::flapping) told.push_back(change.active);
    }
    return monitor.unchecked_slot(s).flapping;
  };
  send(s, 100);
  for (int outage = 1; outage <= 3; ++outage) {
    run(4s);  // degraded, and back
    EXPECT_FALSE(look()) << outage;
    send(s, 100);
  }
  EXPECT_TRUE(look());
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  for (int i = 0; i < 599; ++i) {
    run(1s);
    send(s, 100);
  }
  EXPECT_TRUE(look()) << "the fifth change is younger than ten minutes";
  run(2s);
  EXPECT_FALSE(look());
  EXPECT_EQ(told, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace feedwatch
