#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "feedwatch/app/disk_watch.hpp"
#include "feedwatch/app/loop_meter.hpp"
#include "feedwatch/app/process_usage.hpp"
#include "feedwatch/embed/system_clock.hpp"

namespace feedwatch::app {
namespace {

TEST(LoopMeter, counts_how_late_beats_come_and_remembers_the_worst_for_a_while) {
  LoopMeter meter;
  MonoTime now{1h};
  MonoTime due = meter.beat(now);
  EXPECT_EQ(due, now + 500ms);
  EXPECT_EQ(meter.lags().count, 0U) << "the first has no time it was due at";
  due = meter.beat(due + 300ms);
  EXPECT_EQ(meter.lag(), 300ms);
  EXPECT_EQ(meter.lags().count, 1U);
  const MonoTime late = due;
  while (due < late + 29s) due = meter.beat(due);
  EXPECT_EQ(meter.lag(), 300ms);
  while (due < late + 90s) due = meter.beat(due);
  EXPECT_EQ(meter.lag(), 0ms);
  EXPECT_EQ(meter.beat_at(), due - 500ms);
}

TEST(DiskUsage, of_a_path_that_is_not_there_yet_is_that_of_its_nearest_folder) {
  const auto root = disk_usage("state directory", "/");
  EXPECT_EQ(root.error, "");
  EXPECT_GT(root.total_bytes, 0U);
  const auto missing = disk_usage("database", "/no-such-folder/a/b.db");
  EXPECT_EQ(missing.error, "");
  EXPECT_EQ(missing.total_bytes, root.total_bytes);
  EXPECT_EQ(missing.path, "/no-such-folder/a/b.db");
}

TEST(DiskWatch, knows_from_the_start_and_ends_at_once) {
  const embed::SystemClock clock;
  const MonoTime began = clock.now();
  {
    const DiskWatch watch({{"state directory", "/"}}, clock);
    ASSERT_EQ(watch.evidence().size(), 1U);
    EXPECT_GT(watch.evidence()[0].total_bytes, 0U);
  }
  EXPECT_LT(clock.now() - began, 5s);
}

TEST(ProcessUsage, is_plausible) {
  const api::ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes, 1'000'000U);
  EXPECT_GE(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GE(usage.open_fds, 3U);
  EXPECT_GE(usage.max_fds, usage.open_fds);
  EXPECT_GE(usage.threads, 1U);
  const double now = to_seconds(embed::SystemClock().wall_now().time_since_epoch());
  EXPECT_NEAR(usage.start_time_seconds, now, 3'600);
  EXPECT_LE(usage.start_time_seconds, now + 2);
}

TEST(CoreDumps, are_off) {
  const pid_t child = ::fork();
  if (child == 0) {
    forbid_core_dumps();
    struct rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    ::_exit(limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace feedwatch::app
