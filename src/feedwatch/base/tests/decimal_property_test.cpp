// Differential: Decimal against big integers of Boost, on random values of every size and scale.
#include <gtest/gtest.h>

#include <string>

#include "feedwatch/base/tests/big_decimal.hpp"

namespace feedwatch {
namespace {

using testing::big;
using testing::BigInt;
using testing::random_decimal;

constexpr int rounds = 20'000;

/// value · 10^38, an integer for every Decimal.
BigInt scaled(const Decimal& d) {
  return big(d.mantissa()) * testing::ten_to(Decimal::max_scale - d.scale());
}

/// The plain notation by another way: a string of digits with the point put in.
std::string plain(const Decimal& d) {
  const BigInt mantissa = big(d.mantissa());
  std::string digits = BigInt{boost::multiprecision::abs(mantissa)}.str();
  const auto scale = static_cast<std::size_t>(d.scale());
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return mantissa < 0 ? "-" + digits : digits;
}

bool fits(Decimal::Mantissa mantissa) {
  return mantissa >= Decimal::min_mantissa && mantissa <= Decimal::max_mantissa;
}

/// A neighbour in value: the same number at another scale, sometimes one unit beside it.
Decimal near(const Decimal& d, Random& random) {
  Decimal::Mantissa mantissa = d.mantissa();
  int scale = d.scale();
  for (std::uint64_t steps = random.below(6); steps > 0; --steps) {
    if (scale == Decimal::max_scale) return d;
    mantissa *= 10;
    ++scale;
    if (!fits(mantissa)) return d;
  }
  mantissa += static_cast<int>(random.below(3)) - 1;
  return fits(mantissa) ? Decimal{mantissa, scale} : d;
}

void expect_same_order(const Decimal& a, const Decimal& b) {
  const BigInt x = scaled(a);
  const BigInt y = scaled(b);
  const std::string shown = a.to_string() + " and " + b.to_string();
  EXPECT_EQ(a < b, x < y) << shown;
  EXPECT_EQ(a == b, x == y) << shown;
  EXPECT_EQ(a > b, x > y) << shown;
}

TEST(DecimalProperty, ComparesAsBigIntegersDo) {
  Random random{1};
  for (int i = 0; i < rounds; ++i) {
    const Decimal a = random_decimal(random);
    expect_same_order(a, random_decimal(random));
    expect_same_order(a, near(a, random));
  }
}

TEST(DecimalProperty, PrintsAsBigIntegersDoAndReadsItBack) {
  Random random{2};
  for (int i = 0; i < rounds; ++i) {
    const Decimal d = random_decimal(random);
    EXPECT_EQ(d.to_string(), plain(d));
    const auto back = Decimal::parse(d.to_string());
    ASSERT_TRUE(back.has_value()) << plain(d);
    EXPECT_TRUE(identical(*back, d)) << plain(d);
  }
}

/// Whatever the text, parse() either refuses or gives a value that prints and reads as itself.
TEST(DecimalProperty, HostileTextNeverYieldsAnotherNumber) {
  constexpr std::string_view alphabet = "0123456789000..--++eEx ";
  Random random{3};
  int read = 0;
  for (int i = 0; i < rounds * 5; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(8); n > 0; --n)
      text += alphabet[random.below(alphabet.size())];
    const auto first = Decimal::parse(text);
    if (!first) continue;
    ++read;
    const auto second = Decimal::parse(first->to_string());
    ASSERT_TRUE(second.has_value()) << text;
    EXPECT_TRUE(identical(*first, *second)) << text;
  }
  EXPECT_GT(read, rounds / 10);
}

}  // namespace
}  // namespace feedwatch
