// Differential: every operation and rounding against big integers of Boost, on random values of
// every size, on the ends of the range and one beside them, and on ties.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/base/tests/big_decimal.hpp"

namespace feedwatch {
namespace {

using testing::big;
using testing::BigInt;
using testing::ten_to;
using Mantissa = Decimal::Mantissa;

constexpr int rounds = 20'000;
constexpr std::array all_roundings{Rounding::half_even, Rounding::toward_zero,
                                   Rounding::away_from_zero, Rounding::floor, Rounding::ceiling};

// ---- the rules once more, from their words

BigInt rounded(const BigInt& dividend, const BigInt& divisor, Rounding rounding) {
  const BigInt numerator = divisor < 0 ? BigInt{-dividend} : dividend;
  const BigInt denominator = divisor < 0 ? BigInt{-divisor} : divisor;
  BigInt low = numerator / denominator;  // Boost cuts toward zero
  if (low * denominator > numerator) low -= 1;
  if (low * denominator == numerator) return low;
  const BigInt high = low + 1;
  const BigInt below = numerator - low * denominator;
  const BigInt above = high * denominator - numerator;
  switch (rounding) {
    case Rounding::half_even:
      if (below == above) return low % 2 == 0 ? low : high;
      return below < above ? low : high;
    case Rounding::toward_zero:
      return numerator < 0 ? high : low;
    case Rounding::away_from_zero:
      return numerator < 0 ? low : high;
    case Rounding::floor:
      return low;
    case Rounding::ceiling:
      return high;
  }
  return low;
}

bool fits(const BigInt& mantissa) {
  return mantissa <= big(Decimal::max_mantissa) && mantissa >= big(Decimal::min_mantissa);
}

std::string text_of(const BigInt& mantissa, int scale) {
  return mantissa.str() + "e-" + std::to_string(scale);
}

std::string text_of(const DecimalResult& result) {
  return result ? text_of(big(result->mantissa()), result->scale())
                : std::string{to_text(result.error())};
}

std::string at_scale(const BigInt& dividend, const BigInt& divisor, int scale, Rounding rounding) {
  const BigInt mantissa = rounded(dividend * ten_to(scale), divisor, rounding);
  return fits(mantissa) ? text_of(mantissa, scale) : "out_of_range";
}

/// The largest scale at which `mantissa` · 10^-scale fits, and what kind of answer that was.
std::string fitted(const BigInt& mantissa, int scale, std::map<std::string, int>& kinds) {
  for (int kept = std::min(scale, Decimal::max_scale); kept >= 0; --kept) {
    const BigInt power = ten_to(scale - kept);
    const BigInt shorter = rounded(mantissa, power, Rounding::half_even);
    if (!fits(shorter)) continue;
    ++kinds[shorter * power != mantissa ? "rounded" : kept == scale ? "exact" : "zeros dropped"];
    return text_of(shorter, kept);
  }
  ++kinds["refused"];
  return "out_of_range";
}

// ---- operands

Decimal usual(Random& random) {
  const auto mantissa = static_cast<std::int64_t>(random.next()) >> (4 + random.below(60));
  return {mantissa, static_cast<int>(random.below(12))};
}

Decimal edge(Random& random) {
  const auto beside = static_cast<Mantissa>(random.below(3)) - 1;
  const int scale = static_cast<int>(random.below(Decimal::max_scale + 1));
  switch (random.below(4)) {
    case 0:
      return {Decimal::max_mantissa - 1 + beside, scale};
    case 1:
      return {Decimal::min_mantissa + 1 + beside, scale};
    case 2:
      return {beside, scale};
    default:
      return {static_cast<Mantissa>(power_of_ten(static_cast<int>(random.below(37)))) + beside,
              scale};
  }
}

Decimal any_decimal(Random& random) {
  switch (random.below(4)) {
    case 0:
      return usual(random);
    case 1:
      return edge(random);
    default:
      return testing::random_decimal(random);
  }
}

std::string shown(const Decimal& a, const Decimal& b) {
  return a.to_string() + " and " + b.to_string();
}

// ---- sums and products

struct Sums {
  std::map<std::string, int> kinds;

  static BigInt at(const Decimal& d, int scale) {
    return big(d.mantissa()) * ten_to(scale - d.scale());
  }

  void check(const Decimal& a, const Decimal& b) {
    const int scale = std::max(a.scale(), b.scale());
    EXPECT_EQ(text_of(add(a, b)), fitted(at(a, scale) + at(b, scale), scale, kinds)) << shown(a, b);
    EXPECT_EQ(text_of(subtract(a, b)), fitted(at(a, scale) - at(b, scale), scale, kinds))
        << shown(a, b);
  }
};

void expect_every_kind(const std::map<std::string, int>& kinds) {
  for (const char* kind : {"exact", "zeros dropped", "rounded", "refused"}) {
    EXPECT_TRUE(kinds.contains(kind)) << kind << " never happened";
  }
}

TEST(DecimalMathProperty, AddsAndSubtractsAsBigIntegersDo) {
  Random random{1};
  Sums sums;
  for (int i = 0; i < rounds; ++i) sums.check(any_decimal(random), any_decimal(random));
  expect_every_kind(sums.kinds);
}

TEST(DecimalMathProperty, SumsAtTheEndsOfTheRange) {
  Random random{2};
  Sums sums;
  for (int i = 0; i < rounds; ++i) {
    const Decimal a = any_decimal(random);
    const Mantissa end = a.is_negative() ? Decimal::min_mantissa : Decimal::max_mantissa;
    // a + b is the end of the range, or one unit before or behind it.
    const Mantissa b = end - a.mantissa() + static_cast<Mantissa>(random.below(3)) - 1;
    if (fits(big(b))) sums.check(a, {b, a.scale()});
  }
  EXPECT_GT(sums.kinds["exact"], rounds / 4);
  EXPECT_GT(sums.kinds["rounded"], rounds / 10);
  EXPECT_TRUE(sums.kinds.contains("refused"));
}

struct Products {
  std::map<std::string, int> kinds;

  void check(const Decimal& a, const Decimal& b) {
    const BigInt mantissa = big(a.mantissa()) * big(b.mantissa());
    EXPECT_EQ(text_of(multiply(a, b)), fitted(mantissa, a.scale() + b.scale(), kinds))
        << shown(a, b);
  }
};

TEST(DecimalMathProperty, MultipliesAsBigIntegersDo) {
  Random random{3};
  Products products;
  for (int i = 0; i < rounds; ++i) products.check(any_decimal(random), any_decimal(random));
  expect_every_kind(products.kinds);
}

/// Products within a few units of the end of the range, or of ten times that: there a digit less
/// decides, and ties are frequent.
TEST(DecimalMathProperty, ProductsAtTheEndsOfTheRange) {
  Random random{4};
  Products products;
  for (int i = 0; i < rounds; ++i) {
    const Mantissa a = static_cast<Mantissa>(testing::random_bits(random)) >>
                       static_cast<int>(8 + random.below(120));
    const Mantissa divisor = a == 0 ? 1 : a;
    const Mantissa end = Decimal::max_mantissa * (random.below(2) == 0 ? 1 : 10);
    const Mantissa b = end / divisor + static_cast<Mantissa>(random.below(5)) - 2;
    if (!fits(big(b))) continue;
    const auto scale = [&random] { return static_cast<int>(random.below(3)); };
    products.check({divisor, scale()}, {b, scale()});
  }
  EXPECT_GT(products.kinds["exact"], rounds / 20);
  EXPECT_GT(products.kinds["rounded"], rounds / 20);
  EXPECT_GT(products.kinds["refused"], rounds / 20);
}

// ---- roundings

void expect_quotients(const Decimal& a, const Decimal& b, int scale) {
  // a / b = (ma · 10^sb) / (mb · 10^sa)
  const BigInt dividend = big(a.mantissa()) * ten_to(b.scale());
  const BigInt divisor = big(b.mantissa()) * ten_to(a.scale());
  for (const Rounding rounding : all_roundings) {
    EXPECT_EQ(text_of(divide(a, b, scale, rounding)), at_scale(dividend, divisor, scale, rounding))
        << shown(a, b) << " at " << scale;
  }
}

int any_scale(Random& random) {
  return static_cast<int>(random.below(Decimal::max_scale + 1));
}

TEST(DecimalMathProperty, DividesAsBigIntegersDo) {
  Random random{5};
  for (int i = 0; i < rounds; ++i) {
    const Decimal a = any_decimal(random);
    const Decimal b = any_decimal(random);
    if (!b.is_zero()) expect_quotients(a, b, any_scale(random));
  }
}

TEST(DecimalMathProperty, QuotientsOnTiesAndBesideThem) {
  Random random{6};
  for (int i = 0; i < rounds; ++i) {
    const Mantissa half = static_cast<std::int64_t>(random.next()) >> (8 + random.below(54));
    if (half == 0) continue;
    // (2k + 1) · half / (2 · half) = k + 1/2
    const auto odd = 2 * static_cast<Mantissa>(random.below(1'000'000)) + 1;
    const auto beside = static_cast<Mantissa>(random.below(3)) - 1;
    const int scale = static_cast<int>(random.below(20));
    expect_quotients({odd * half + beside, scale}, {2 * half, static_cast<int>(random.below(5))},
                     scale - static_cast<int>(random.below(3)) < 0 ? 0 : scale);
  }
}

TEST(DecimalMathProperty, QuotientsAtTheEndsOfTheRange) {
  Random random{7};
  int fitting = 0;
  int refused = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto power = static_cast<int>(random.below(Decimal::max_scale + 1));
    const Mantissa end =
        random.below(2) == 0 ? Decimal::max_mantissa - 1 : Decimal::min_mantissa + 1;
    const Decimal a{end - 1 + static_cast<Mantissa>(random.below(3)), power};
    const Decimal b{random.below(2) == 0 ? 1 : -1, static_cast<int>(random.below(3))};
    const int scale = std::max(0, power - static_cast<int>(random.below(3)));
    expect_quotients(a, b, scale);
    (divide(a, b, scale, Rounding::half_even) ? fitting : refused) += 1;
  }
  EXPECT_GT(fitting, rounds / 10);
  EXPECT_GT(refused, rounds / 10);
}

TEST(DecimalMathProperty, RoundsAndRescalesAsBigIntegersDo) {
  Random random{8};
  for (int i = 0; i < rounds; ++i) {
    const Decimal value = any_decimal(random);
    const int scale = any_scale(random);
    for (const Rounding rounding : all_roundings) {
      const std::string expected =
          at_scale(big(value.mantissa()), ten_to(value.scale()), scale, rounding);
      EXPECT_EQ(text_of(rescale(value, scale, rounding)), expected) << value.to_string();
      EXPECT_EQ(text_of(round(value, scale, rounding)),
                scale < value.scale() ? expected : text_of(value))
          << value.to_string();
    }
  }
}

void expect_ticks(const Decimal& price, const Decimal& tick) {
  // The multiple: (mp · 10^st) / (mt · 10^sp)
  const BigInt dividend = big(price.mantissa()) * ten_to(tick.scale());
  const BigInt divisor = big(tick.mantissa()) * ten_to(price.scale());
  for (const Rounding rounding : all_roundings) {
    const BigInt mantissa = rounded(dividend, divisor, rounding) * big(tick.mantissa());
    EXPECT_EQ(text_of(to_tick(price, tick, rounding)),
              fits(mantissa) ? text_of(mantissa, tick.scale()) : "out_of_range")
        << shown(price, tick);
  }
}

TEST(DecimalMathProperty, RoundsToTicksAsBigIntegersDo) {
  Random random{9};
  for (int i = 0; i < rounds; ++i) {
    const Decimal price = any_decimal(random);
    const Decimal tick = any_decimal(random);
    if (tick.is_positive()) expect_ticks(price, tick);
    const Decimal usual_tick{1 + static_cast<Mantissa>(random.below(1000)),
                             static_cast<int>(random.below(9))};
    expect_ticks(usual(random), usual_tick);
    // k and a half ticks, or one unit beside.
    const Mantissa odd = 2 * static_cast<Mantissa>(random.below(1'000'000)) - 999'999;
    const auto beside = static_cast<Mantissa>(random.below(3)) - 1;
    expect_ticks({odd * usual_tick.mantissa() * 5 + beside, usual_tick.scale() + 1}, usual_tick);
  }
}

TEST(DecimalMathProperty, NegatesAsBigIntegersDo) {
  Random random{10};
  for (int i = 0; i < rounds; ++i) {
    const Decimal value = any_decimal(random);
    const BigInt mantissa = big(value.mantissa());
    EXPECT_EQ(text_of(negate(value)),
              fits(-mantissa) ? text_of(-mantissa, value.scale()) : "out_of_range");
    const BigInt positive = mantissa < 0 ? BigInt{-mantissa} : mantissa;
    EXPECT_EQ(text_of(abs(value)),
              fits(positive) ? text_of(positive, value.scale()) : "out_of_range");
  }
}

}  // namespace
}  // namespace feedwatch
