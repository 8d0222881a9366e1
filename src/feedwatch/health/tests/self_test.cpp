#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/health/checks.hpp"

namespace feedwatch::health {
namespace {

using testing::HasSubstr;
constexpr Duration ns{1};
constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

SelfEvidence with(LoopEvidence loop) {
  SelfEvidence self;
  self.loops.push_back(std::move(loop));
  return self;
}

TEST(SelfCheck, nothing_wrong_is_healthy) {
  EXPECT_EQ(check_self({}).status, Status::healthy);
  EXPECT_EQ(check_self(with({.name = "control", .since_beat = 2s})).status, Status::healthy);
}

TEST(SelfCheck, remembers_a_stall_for_a_minute) {
  LoopEvidence loop{.name = "shard 0", .stalls = 2, .max_stall = 3s, .since_last_stall = 60s};
  EXPECT_EQ(check_self(with(loop)).status, Status::degraded);
  EXPECT_EQ(check_self(with(loop)).message,
            "the loop shard 0 stalled 60s ago, 2 stalls, longest 3.000s");
  EXPECT_EQ(check_self(with(loop)).error_count, 2U);
  loop.since_last_stall = 60s + ns;
  EXPECT_EQ(check_self(with(loop)).status, Status::healthy);
}

TEST(SelfCheck, a_recording_that_stopped_degrades) {
  SelfEvidence self;
  self.recording_failed = true;
  EXPECT_EQ(check_self(self).status, Status::degraded);
  EXPECT_THAT(*check_self(self).message, HasSubstr("recording stopped"));
}

TEST(SelfCheck, a_loop_that_does_not_answer_is_critical_after_two_seconds) {
  SelfEvidence self = with({.name = "shard 1", .since_beat = 2s + ns});
  EXPECT_EQ(check_self(self).status, Status::critical);
  EXPECT_EQ(check_self(self).message, "the loop shard 1 has not answered for 2.0s");
  self.loops.push_back({.name = "shard 2", .since_last_stall = 1s});
  EXPECT_EQ(check_self(self).status, Status::critical) << "a lesser finding hides nothing";
}

TEST(SelfCheck, timers_that_come_late_degrade) {
  EXPECT_EQ(check_self(with({.name = "control", .lag = 200ms})).status, Status::healthy);
  EXPECT_EQ(check_self(with({.name = "control", .lag = 200ms + ns})).status, Status::degraded);
}

TEST(SelfCheck, a_queue_over_half_its_bound_degrades) {
  SelfEvidence self;
  self.queues = {{.name = "journal", .length = 10, .capacity = 20},
                 {.name = "elsewhere", .length = 1'000'000}};
  EXPECT_EQ(check_self(self).status, Status::healthy);
  self.queues[0].length = 11;
  EXPECT_EQ(check_self(self).status, Status::degraded);
  EXPECT_EQ(check_self(self).message, "11 of 20 places of the journal are taken");
}

TEST(SelfCheck, a_disk_that_fills_degrades_and_a_full_one_is_critical) {
  const auto status = [](std::uint64_t free, std::uint64_t total) {
    SelfEvidence self;
    self.disks = {
        {.what = "database", .path = "/d", .free_bytes = free, .total_bytes = total, .error = {}}};
    return check_self(self).status;
  };
  EXPECT_EQ(status(1'024 * mib, 1'000'000 * mib), Status::healthy) << "1 GiB is enough";
  EXPECT_EQ(status(1'023 * mib, 1'000'000 * mib), Status::degraded);
  EXPECT_EQ(status(100 * mib, 2'000 * mib), Status::healthy) << "a twentieth of a small disk too";
  EXPECT_EQ(status(99 * mib, 2'000 * mib), Status::degraded);
  EXPECT_EQ(status(16 * mib, 100 * mib), Status::healthy);
  EXPECT_EQ(status(16 * mib - 1, 100 * mib), Status::critical);
}

TEST(SelfCheck, a_disk_nothing_is_known_of_is_told) {
  SelfEvidence self;
  self.disks = {{.what = "database", .path = "/d", .error = "No such file or directory"}};
  EXPECT_EQ(check_self(self).status, Status::degraded);
  EXPECT_EQ(check_self(self).message, "database /d: No such file or directory");
}

TEST(SelfCheck, a_step_of_the_wall_is_remembered_for_an_hour) {
  SelfEvidence self;
  self.clock_step = -3'600s;
  self.since_clock_step = 3'600s;
  EXPECT_EQ(check_self(self).status, Status::degraded);
  EXPECT_EQ(check_self(self).message, "the system clock was stepped by -3600.000s 3600s ago");
  self.since_clock_step = 3'600s + ns;
  EXPECT_EQ(check_self(self).status, Status::healthy);
  self.since_clock_step = 1s;
  self.clock_step = 1s;
  EXPECT_EQ(check_self(self).status, Status::healthy) << "no step";
}

TEST(LocalHealth, counts_findings_up_to_seven) {
  EXPECT_EQ(local_health_score({}), 0);
  SelfEvidence self = with({.name = "control", .since_beat = 3s, .since_last_stall = 1s});
  EXPECT_EQ(local_health_score(self), 2);
  for (int i = 0; i < 10; ++i) self.queues.push_back({.name = "q", .length = 1, .capacity = 1});
  EXPECT_EQ(local_health_score(self), 7);
}

}  // namespace
}  // namespace feedwatch::health
