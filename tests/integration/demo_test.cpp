// The demo proves itself: every fault it injects has to be met as promised.

#include <gtest/gtest.h>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

TEST(Demo, AMinuteEndsWellAndItsSummaryHasThePromisedKeys) {
  Process demo({FEEDWATCH_PROGRAM, "demo", "--for", "60s", "--json"});
  const MonoTime began = now();
  ASSERT_EQ(demo.wait(90s), 0) << demo.err() << demo.out();
  EXPECT_GE(now() - began, 60s);
  EXPECT_LE(now() - began, 70s);

  const auto summary = nlohmann::json::parse(demo.out(), nullptr, false);
  ASSERT_TRUE(summary.is_object()) << demo.out();
  EXPECT_EQ(summary.at("ok"), true);
  EXPECT_GE(summary.at("duration_seconds"), 60.0);
  EXPECT_GT(summary.at("streams"), 0);
  EXPECT_GT(summary.at("ticks"), 0);
  ASSERT_GE(summary.at("faults").size(), 4U);
  for (const auto& fault : summary.at("faults")) {
    for (const char* key :
         {"kind", "target", "at_seconds", "suspected_seconds", "level_changes", "refused_seconds",
          "repairs", "healthy_seconds", "alerts_opened", "alerts_resolved"}) {
      EXPECT_TRUE(fault.contains(key)) << key;
    }
    for (const auto& change : fault.at("level_changes")) {
      EXPECT_TRUE(change.contains("level") && change.contains("seconds")) << change;
    }
    for (const auto& repair : fault.at("repairs")) {
      EXPECT_TRUE(repair.contains("step") && repair.contains("seconds") && repair.contains("ok"));
    }
    EXPECT_GT(fault.at("healthy_seconds"), fault.at("at_seconds")) << fault;
  }
}

}  // namespace
}  // namespace feedwatch::integration
