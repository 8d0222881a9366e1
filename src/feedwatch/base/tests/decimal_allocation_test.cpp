// Reading, comparing and computing decimals takes no memory.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/base/tests/count_allocations.hpp"

namespace feedwatch {
namespace {

constexpr std::array<std::string_view, 6> texts{"28145.10",
                                                "-0.00000015",
                                                "1.5e-7",
                                                "2658455991569831745807614120560689151",
                                                "0.00000000000000000000000000000000000001",
                                                "NaN"};

/// Everything there is, in the order of the headers; how much of it succeeded.
int use_all(const Decimal& a, const Decimal& b) {
  const std::array results{add(a, b),
                           subtract(a, b),
                           multiply(a, b),
                           divide(a, b, 8, Rounding::half_even),
                           rescale(a, 3, Rounding::floor),
                           round(b, 3, Rounding::ceiling),
                           to_tick(a, b, Rounding::toward_zero),
                           negate(a),
                           abs(b)};
  int succeeded = 0;
  for (const DecimalResult& result : results) succeeded += result ? 1 : 0;
  std::array<char, Decimal::max_text> text{};
  return succeeded + (a < b || a == b ? 1 : 0) + static_cast<int>(max(a, b).write(text.data()));
}

TEST(DecimalAllocation, NothingIsAllocated) {
  if (!testing::counts_allocations) {
    GTEST_SKIP() << "allocations are the sanitizer's business in this build";
  }
  const std::uint64_t before = testing::allocations.load();
  int done = 0;
  for (const std::string_view a : texts) {
    for (const std::string_view b : texts) {
      done += use_all(Decimal::parse(a).value_or(Decimal{}), Decimal::parse(b).value_or(Decimal{}));
    }
  }
  EXPECT_EQ(testing::allocations.load() - before, 0U);
  EXPECT_GT(done, 200);
}

TEST(DecimalAllocation, TheCounterCounts) {
  if (!testing::counts_allocations) {
    GTEST_SKIP() << "allocations are the sanitizer's business in this build";
  }
  const std::uint64_t before = testing::allocations.load();
  const std::string longer_than_its_own_buffer(100, '1');
  EXPECT_EQ(testing::allocations.load() - before, 1U);
  EXPECT_EQ(longer_than_its_own_buffer.size(), 100U);
}

}  // namespace
}  // namespace feedwatch
