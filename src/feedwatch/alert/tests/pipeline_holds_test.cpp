#include <gtest/gtest.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/alert/pipeline.hpp"

namespace feedwatch::alert {
namespace {

constexpr MonoTime t0{1'000s};

Finding found(const std::string& name, Duration hold = {}) {
  Finding finding;
  finding.name = finding.identity = name;
  finding.since = t0;
  finding.hold = hold;
  return finding;
}

/// A cause that comes up while a finding waits for its hold is as good as one that was there
/// before.
TEST(PipelineHolds, cause_that_comes_later_holds_back_what_was_pending) {
  Pipeline pipeline{PipelineOptions{}};
  Finding child = found("line_down", 10s);
  child.explained_by = {"monitor_suspect"};
  pipeline.observe(child);
  EXPECT_EQ(pipeline.settle(t0).size(), 1U) << "pending";
  pipeline.observe(found("monitor_suspect"));
  pipeline.settle(t0 + 5s);
  pipeline.settle(t0 + 20s);
  ASSERT_EQ(pipeline.open().size(), 1U);
  EXPECT_EQ(pipeline.open()[0].name, "monitor_suspect");
  EXPECT_TRUE(pipeline.pending().empty());
  // It ends, and what it held back has been true for longer than its hold.
  pipeline.clear("monitor_suspect", t0 + 20s, Evidence::seen);
  pipeline.settle(t0 + 80s);
  pipeline.settle(t0 + 81s);
  ASSERT_EQ(pipeline.open().size(), 1U);
  EXPECT_EQ(pipeline.open()[0].name, "line_down");
  EXPECT_EQ(pipeline.open()[0].started, t0);
}

TEST(PipelineHolds, finding_with_a_repeat_of_its_own_is_told_so_often) {
  Pipeline pipeline{PipelineOptions{}};
  Finding always = found("Watchdog");
  always.repeat = 5min;
  pipeline.observe(always);
  ASSERT_EQ(pipeline.settle(t0).size(), 1U);
  EXPECT_EQ(pipeline.next_deadline(), t0 + 5min);
  const auto again = pipeline.settle(t0 + 5min);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].change.type, Change::Type::repeated);
  EXPECT_EQ(again[0].change.at, t0 + 5min);
}

}  // namespace
}  // namespace feedwatch::alert
