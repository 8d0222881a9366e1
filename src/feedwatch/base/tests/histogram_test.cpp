#include "feedwatch/base/histogram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::array<Duration, 3> bounds{1ms, 10ms, 1s};

TEST(Histogram, counts_what_is_at_most_a_bound) {
  Histogram histogram(bounds);
  for (const Duration value : {Duration{-5}, Duration{1ms}, Duration{1ms} + 1ns, Duration{1s},
                               Duration{1s} + 1ns, Duration{1h}}) {
    histogram.observe(value);
  }
  const Histogram::Snapshot taken = histogram.snapshot();
  EXPECT_THAT(taken.buckets, ElementsAre(Pair(1ms, 2U), Pair(10ms, 3U), Pair(1s, 4U)));
  EXPECT_EQ(taken.count, 6U);
  EXPECT_EQ(taken.sum, 1h + 2s + 2ms + 2ns - 5ns);
}

TEST(Histogram, begins_empty) {
  const Histogram::Snapshot taken = Histogram(latency_bounds).snapshot();
  EXPECT_EQ(taken.count, 0U);
  EXPECT_EQ(taken.buckets.size(), latency_bounds.size());
  EXPECT_TRUE(std::ranges::is_sorted(latency_bounds));
}

}  // namespace
}  // namespace feedwatch
