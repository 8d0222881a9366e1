// Differential: against big integers of Boost.
#include "feedwatch/base/uint256.hpp"

#include <gtest/gtest.h>

#include "feedwatch/base/tests/big_decimal.hpp"

namespace feedwatch {
namespace {

using testing::big;
using testing::BigInt;
using testing::random_bits;

constexpr int rounds = 20'000;

Uint128 random_128(Random& random) {
  return random_bits(random) >> random.below(128);
}

Uint256 random_256(Random& random) {
  if (random.below(3) == 0) return {0, random_128(random)};
  return {random_128(random), random_bits(random)};
}

BigInt limit() {
  return BigInt{1} << 256U;
}

TEST(Uint256, AddsSubtractsAndOrders) {
  Random random{1};
  for (int i = 0; i < rounds; ++i) {
    const Uint256 a = halved(random_256(random));
    const Uint256 b = halved(random_256(random));
    EXPECT_EQ(big(sum(a, b)), big(a) + big(b));
    EXPECT_EQ(a < b, big(a) < big(b));
    EXPECT_EQ(difference(sum(a, b), b), a);
    EXPECT_EQ(big(halved(a)), big(a) / 2);
    EXPECT_EQ(bit_width(a), a.is_zero() ? 0 : static_cast<int>(msb(big(a))) + 1);
  }
}

TEST(Uint256, MultipliesAndSaysWhenItDoesNotFit) {
  Random random{2};
  int fitted = 0;
  for (int i = 0; i < rounds; ++i) {
    const Uint256 a = random_256(random);
    const Uint128 b = random_128(random);
    EXPECT_EQ(big(product(a.low, b)), big(a.low) * big(b));
    Uint256 out{7, 7};
    const BigInt expected = big(a) * big(b);
    const bool fits = multiply_into(a, b, out);
    ASSERT_EQ(fits, expected < limit());
    EXPECT_EQ(big(out), fits ? expected : big(Uint256{7, 7}));
    fitted += fits ? 1 : 0;
  }
  EXPECT_GT(fitted, rounds / 10);
  EXPECT_LT(fitted, rounds * 9 / 10);
}

TEST(Uint256, Divides) {
  Random random{3};
  for (int i = 0; i < rounds; ++i) {
    const Uint256 a = random_256(random);
    Uint256 b = random_256(random);
    if (b.is_zero()) b.low = 1;
    const auto [quotient, remainder] = divide(a, b);
    EXPECT_EQ(big(quotient), big(a) / big(b));
    EXPECT_EQ(big(remainder), big(a) % big(b));
  }
}

TEST(Uint256, DividesAtTheEnds) {
  const Uint256 most{~Uint128{0}, ~Uint128{0}};
  EXPECT_EQ(divide(most, {0, 1}).quotient, most);
  EXPECT_EQ(divide(most, most).quotient, (Uint256{0, 1}));
  EXPECT_EQ(divide({0, 5}, most).remainder, (Uint256{0, 5}));
  EXPECT_EQ(divide({1, 0}, {0, 1U << 4U}).quotient, (Uint256{0, Uint128{1} << 124U}));
}

TEST(Uint256, ShiftsByEveryAmount) {
  for (int bits = 0; bits < 256; ++bits) {
    EXPECT_EQ(big(shifted_left({0, 1}, bits)), BigInt{1} << bits);
  }
}

TEST(Uint256, PowersOfTen) {
  for (int exponent = 0; exponent <= 76; ++exponent) {
    EXPECT_EQ(big(wide_power_of_ten(exponent)), testing::ten_to(exponent));
  }
}

}  // namespace
}  // namespace feedwatch
