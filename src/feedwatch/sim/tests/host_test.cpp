#include "feedwatch/sim/host.hpp"

#include <gtest/gtest.h>

#include <string>

namespace feedwatch::sim {
namespace {

struct HostTest : testing::Test {
  VirtualClock clock;
  EventQueue queue;
  Host host{clock, queue};

  void run_until(MonoTime end) {
    while (queue.next() <= end) {
      auto entry = queue.pop();
      clock.advance_to(entry.at);
      entry.task();
    }
    clock.advance_to(end);
  }
};

TEST_F(HostTest, ReadsAreStampedNowWhileItRuns) {
  clock.advance_to(world_start + 5s);
  EXPECT_EQ(host.stamp().mono_recv, world_start + 5s);
  EXPECT_EQ(host.stamp().ts_recv, world_start_wall + 5s);
  EXPECT_FALSE(host.stamp().stalled);
}

TEST_F(HostTest, AfterAStallReadsCarryTheTimeOfThePollBefore) {
  ReadStamp seen;
  host.set_drain([&] { seen = host.stamp(); });
  clock.advance_to(world_start + 5s);
  host.pause(10s);
  run_until(world_start + 15s);
  EXPECT_TRUE(seen.stalled);
  EXPECT_EQ(seen.mono_recv, world_start + 5s);
  EXPECT_EQ(seen.ts_recv, world_start_wall + 5s);
  EXPECT_FALSE(host.stamp().stalled) << "only what waited is old";
}

TEST_F(HostTest, APauseOfExactlyTheLimitIsNoStall) {
  ReadStamp seen;
  host.set_drain([&] { seen = host.stamp(); });
  host.pause(Host::stall_limit);
  run_until(world_start + 1s);
  EXPECT_FALSE(seen.stalled);
  host.pause(Host::stall_limit + 1ns);
  run_until(world_start + 2s);
  EXPECT_TRUE(seen.stalled);
}

TEST_F(HostTest, AfterAPauseSocketsComeFirstThenCompletionsThenDeadlines) {
  std::string order;
  host.set_drain([&] { order += 's'; });
  SimWakeup wakeup{clock, host};
  wakeup.set_target([&] { order += 'd'; });
  wakeup.arm(world_start + 1s);
  host.post(world_start + 2s, [&] { order += 'c'; });
  host.pause(10s);
  run_until(world_start + 9s);
  EXPECT_EQ(order, "");
  run_until(world_start + 10s);
  EXPECT_EQ(order, "scd");
}

TEST_F(HostTest, AWallStepMovesTheHostsClockOnly) {
  clock.step_host_wall(1h);
  EXPECT_EQ(clock.wall_now(), world_start_wall + 1h);
  EXPECT_EQ(clock.true_wall(), world_start_wall);
  EXPECT_EQ(clock.now(), world_start);
  EXPECT_EQ(host.stamp().ts_recv, world_start_wall) << "venue stamps meet anchored time";
}

TEST_F(HostTest, ArmingReplacesTheEarlierMoment) {
  int fired = 0;
  SimWakeup wakeup{clock, host};
  wakeup.set_target([&] { ++fired; });
  wakeup.arm(world_start + 1s);
  wakeup.arm(world_start + 3s);
  run_until(world_start + 2s);
  EXPECT_EQ(fired, 0);
  run_until(world_start + 4s);
  EXPECT_EQ(fired, 1);
  wakeup.arm(world_start + 5s);
  wakeup.disarm();
  run_until(world_start + 6s);
  EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace feedwatch::sim
