#include "feedwatch/base/doubling.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace feedwatch {
namespace {

TEST(Doubling, begins_with_the_first_and_ends_with_the_greatest) {
  EXPECT_EQ(doubling(1s, 1min, 0), 1s);
  EXPECT_EQ(doubling(1s, 1min, 1), 1s);
  EXPECT_EQ(doubling(1s, 1min, 2), 2s);
  EXPECT_EQ(doubling(1s, 1min, 6), 32s);
  EXPECT_EQ(doubling(1s, 1min, 7), 1min);
  EXPECT_EQ(doubling(1s, 1min, std::numeric_limits<std::uint64_t>::max()), 1min);
  EXPECT_EQ(doubling(2min, 1min, 1), 1min);
}

}  // namespace
}  // namespace feedwatch
