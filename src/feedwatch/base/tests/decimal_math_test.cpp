#include "feedwatch/base/decimal_math.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace feedwatch {
namespace {

constexpr std::array all_roundings{Rounding::half_even, Rounding::toward_zero,
                                   Rounding::away_from_zero, Rounding::floor, Rounding::ceiling};
constexpr Decimal largest{Decimal::max_mantissa, 0};
constexpr Decimal lowest{Decimal::min_mantissa, 0};

Decimal d(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Decimal{});
}

/// The text of the result, or the word of its error.
std::string shown(const DecimalResult& result) {
  return result ? result->to_string() : std::string{to_text(result.error())};
}

/// The texts of an operation under every rounding, in their order.
template <typename Operation>
std::vector<std::string> under_all(Operation operation) {
  std::vector<std::string> texts;
  for (const Rounding rounding : all_roundings) texts.push_back(shown(operation(rounding)));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(DecimalMath, AddsAndSubtractsAtTheLargerScale) {
  EXPECT_EQ(shown(add(d("1.5"), d("0.25"))), "1.75");
  EXPECT_EQ(shown(add(d("0.1"), d("0.2"))), "0.3");
  EXPECT_EQ(shown(add(d("1.50"), d("-1.5"))), "0.00");
  EXPECT_EQ(shown(subtract(d("65114.30"), d("65117.19"))), "-2.89");
  EXPECT_EQ(shown(subtract(d("0"), d("0.000"))), "0.000");
}

TEST(DecimalMath, SumsThatDoNotFitLoseTheirLastDigitsHalfEven) {
  const Decimal tenths{Decimal::max_mantissa, 1};  // …068915.1
  EXPECT_EQ(shown(add(tenths, d("0.1"))), "265845599156983174580761412056068915");
  EXPECT_EQ(shown(add(tenths, d("0.4"))), "265845599156983174580761412056068916");
  // 2.5 and 3.5 at the end: to the even one, down and up.
  EXPECT_EQ(shown(add(Decimal{Decimal::max_mantissa - 8, 1}, d("1.2"))),
            "265845599156983174580761412056068916");
  EXPECT_EQ(shown(add(tenths, d("1.4"))), "265845599156983174580761412056068916");
}

TEST(DecimalMath, RefusesASumWhoseIntegerPartDoesNotFit) {
  EXPECT_EQ(shown(add(largest, d("1"))), "out_of_range");
  EXPECT_EQ(shown(add(largest, d("0"))), largest.to_string());
  EXPECT_EQ(shown(subtract(lowest, d("1"))), "out_of_range");
  EXPECT_EQ(shown(subtract(d("0"), lowest)), "out_of_range");
  EXPECT_EQ(shown(subtract(d("-1"), lowest)), largest.to_string());
  EXPECT_EQ(shown(add(lowest, largest)), "-1");
}

TEST(DecimalMath, MultipliesWithTheSumOfBothScales) {
  EXPECT_EQ(shown(multiply(d("1.50"), d("2.0"))), "3.000");
  EXPECT_EQ(shown(multiply(d("-0.5"), d("0.5"))), "-0.25");
  EXPECT_EQ(shown(multiply(d("-0.5"), d("0.00"))), "0.000");
  EXPECT_EQ(shown(multiply(d("65117.19"), d("0.013"))), "846.52347");
}

TEST(DecimalMath, ProductsKeepAllTheirPlacesOrAsManyAsFit) {
  // Exact once the zeros at the end are gone.
  EXPECT_EQ(shown(multiply(d("1000000000000000000.0"), d("1000000000000000000.0"))),
            "1" + std::string(36, '0'));
  EXPECT_EQ(shown(multiply(d("1e-38"), d("10"))), "0." + std::string(36, '0') + "10");
  EXPECT_EQ(shown(multiply(d("1e-20"), d("1.0e-18"))), "0." + std::string(37, '0') + "1");
  // Beyond the last place: half-even, down to zero.
  EXPECT_EQ(shown(multiply(d("1e-38"), d("0.5"))), "0." + std::string(38, '0'));
  EXPECT_EQ(shown(multiply(d("1e-38"), d("0.51"))), "0." + std::string(37, '0') + "1");
  EXPECT_EQ(shown(multiply(d("3e-38"), d("0.5"))), "0." + std::string(37, '0') + "2");
  EXPECT_EQ(shown(multiply(largest, d("2"))), "out_of_range");
  EXPECT_EQ(shown(multiply(lowest, d("1"))), lowest.to_string());
  EXPECT_EQ(shown(multiply(lowest, d("-1"))), "out_of_range");
}

TEST(DecimalMath, DividesAtTheScaleAskedFor) {
  const auto quotient = [](std::string_view a, std::string_view b, int scale) {
    return under_all([=](Rounding r) { return divide(d(a), d(b), scale, r); });
  };
  EXPECT_EQ(quotient("1", "8", 3), (Texts(5, "0.125")));
  EXPECT_EQ(quotient("1", "3", 2), (Texts{"0.33", "0.33", "0.34", "0.33", "0.34"}));
  EXPECT_EQ(quotient("-2", "3", 2), (Texts{"-0.67", "-0.66", "-0.67", "-0.67", "-0.66"}));
  EXPECT_EQ(quotient("1", "8", 2), (Texts{"0.12", "0.12", "0.13", "0.12", "0.13"}));
  EXPECT_EQ(quotient("3", "8", 2), (Texts{"0.38", "0.37", "0.38", "0.37", "0.38"}));
  EXPECT_EQ(quotient("1", "-1000", 2), (Texts{"0.00", "0.00", "-0.01", "-0.01", "0.00"}));
}

TEST(DecimalMath, RefusesADivisionItCannotWrite) {
  constexpr auto half_even = Rounding::half_even;
  EXPECT_EQ(shown(divide(d("1"), d("0.00"), 2, half_even)), "division_by_zero");
  EXPECT_EQ(shown(divide(d("0"), d("0"), -1, half_even)), "division_by_zero");
  EXPECT_EQ(shown(divide(d("1"), d("1"), -1, half_even)), "out_of_range");
  EXPECT_EQ(shown(divide(d("1"), d("1"), 39, half_even)), "out_of_range");
  EXPECT_EQ(shown(divide(d("1"), d("1"), 36, half_even)), "1." + std::string(36, '0'));
  EXPECT_EQ(shown(divide(d("1"), d("1"), 37, half_even)), "out_of_range");
  EXPECT_EQ(shown(divide(largest, d("1e-38"), 38, half_even)), "out_of_range");
  EXPECT_EQ(shown(divide(lowest, d("-1"), 0, half_even)), "out_of_range");
  EXPECT_EQ(shown(divide(lowest, d("1"), 0, half_even)), lowest.to_string());
  EXPECT_EQ(shown(divide(d("0"), d("1e-38"), 38, half_even)), "0." + std::string(38, '0'));
}

TEST(DecimalMath, RescalesToExactlyAndRoundsToAtMost) {
  constexpr auto half_even = Rounding::half_even;
  EXPECT_EQ(shown(rescale(d("1.5"), 3, half_even)), "1.500");
  EXPECT_EQ(shown(round(d("1.5"), 3, half_even)), "1.5");
  EXPECT_EQ(shown(rescale(largest, 1, half_even)), "out_of_range");
  EXPECT_EQ(shown(round(largest, 1, half_even)), largest.to_string());
  EXPECT_EQ(shown(round(d("1.5"), -1, half_even)), "out_of_range");
  EXPECT_EQ(shown(round(d("1.5"), 39, half_even)), "out_of_range");
  EXPECT_EQ(under_all([](Rounding r) { return round(d("2.5"), 0, r); }),
            (Texts{"2", "2", "3", "2", "3"}));
  EXPECT_EQ(under_all([](Rounding r) { return round(d("-3.50"), 0, r); }),
            (Texts{"-4", "-3", "-4", "-4", "-3"}));
}

TEST(DecimalMath, RoundsAPriceToATick) {
  const auto on_tick = [](std::string_view price, std::string_view tick) {
    return under_all([=](Rounding r) { return to_tick(d(price), d(tick), r); });
  };
  EXPECT_EQ(on_tick("28145.17", "0.10"),
            (Texts{"28145.20", "28145.10", "28145.20", "28145.10", "28145.20"}));
  EXPECT_EQ(on_tick("28145.1", "0.10"), (Texts(5, "28145.10")));
  EXPECT_EQ(on_tick("0.125", "0.05"), (Texts{"0.10", "0.10", "0.15", "0.10", "0.15"}));
  EXPECT_EQ(on_tick("17", "2.5"), (Texts{"17.5", "15.0", "17.5", "15.0", "17.5"}));
  EXPECT_EQ(on_tick("-17", "2.5"), (Texts{"-17.5", "-15.0", "-17.5", "-17.5", "-15.0"}));
  EXPECT_EQ(on_tick("1234", "100"), (Texts{"1200", "1200", "1300", "1200", "1300"}));
}

TEST(DecimalMath, RefusesATickThatIsNoneOrTooFine) {
  EXPECT_EQ(shown(to_tick(d("1"), d("0.00"), Rounding::floor)), "not_positive");
  EXPECT_EQ(shown(to_tick(d("1"), d("-0.01"), Rounding::floor)), "not_positive");
  EXPECT_EQ(shown(to_tick(largest, d("0.5"), Rounding::floor)), "out_of_range");
  EXPECT_EQ(shown(to_tick(largest, d("2"), Rounding::ceiling)), "out_of_range");
}

TEST(DecimalMath, NegatesAllButTheLowest) {
  EXPECT_EQ(shown(negate(d("1.50"))), "-1.50");
  EXPECT_EQ(shown(negate(d("0.0"))), "0.0");
  EXPECT_EQ(shown(abs(d("-1.50"))), "1.50");
  EXPECT_EQ(shown(abs(d("1.50"))), "1.50");
  EXPECT_EQ(shown(negate(lowest)), "out_of_range");
  EXPECT_EQ(shown(abs(lowest)), "out_of_range");
  EXPECT_EQ(shown(negate(largest)), "-" + largest.to_string());
}

TEST(DecimalMath, MinAndMaxGoByValueAndKeepTheFirstOfTwoEqual) {
  EXPECT_EQ(min(d("1.5"), d("1.25")).to_string(), "1.25");
  EXPECT_EQ(max(d("1.5"), d("1.25")).to_string(), "1.5");
  EXPECT_EQ(min(d("1.50"), d("1.5")).to_string(), "1.50");
  EXPECT_EQ(max(d("1.5"), d("1.50")).to_string(), "1.5");
}

// ---- the formulas of protection, in the steps their callers take

/// price · (1 + percent / 100)
DecimalResult moved(const Decimal& price, const Decimal& percent) {
  return multiply(price, add(Decimal::from_integer(1), multiply(percent, d("0.01"))));
}

TEST(DecimalMath, TheFirstErrorOfAFormulaGoesThrough) {
  const DecimalResult broken = divide(d("1"), d("0"), 0, Rounding::floor);
  EXPECT_EQ(shown(add(d("1"), broken)), "division_by_zero");
  EXPECT_EQ(shown(subtract(broken, add(largest, largest))), "division_by_zero");
  EXPECT_EQ(shown(multiply(add(largest, largest), broken)), "out_of_range");
  EXPECT_EQ(shown(multiply(add(d("1"), d("2")), subtract(d("1"), d("3")))), "-6");
}

TEST(DecimalMath, TargetsAndStopsAreExact) {
  EXPECT_EQ(shown(moved(d("28145.10"), d("0.2"))), "28201.39020");  // E·(1+2c), c = 0.1 %
  EXPECT_EQ(shown(moved(d("28145.10"), d("-0.2"))), "28088.80980");
  const auto tolerance = [](std::string_view hours) {
    return min(*multiply(d(hours), d("0.5")), Decimal::from_integer(10));
  };
  EXPECT_EQ(shown(moved(d("100"), tolerance("3.5"))), "101.7500");
  EXPECT_EQ(shown(moved(d("100"), tolerance("25"))), "110.00");
  // A stop below the peak by 1.5 %, on the tick that triggers no earlier.
  EXPECT_EQ(shown(to_tick(*moved(d("65117.19"), d("-1.5")), d("0.10"), Rounding::floor)),
            "64140.40");
}

TEST(DecimalMath, DivergenceOfExactlyOnePercentIsNotMore) {
  const auto diverges = [](std::string_view last, std::string_view mark) {
    const Decimal distance = *abs(*subtract(d(last), d(mark)));
    return distance > *multiply(d(mark), d("0.01"));
  };
  EXPECT_FALSE(diverges("101.00", "100"));
  EXPECT_FALSE(diverges("99", "100"));
  EXPECT_TRUE(diverges("101.00000001", "100"));
  EXPECT_EQ(shown(divide(d("2.89"), d("65117.19"), 8, Rounding::half_even)), "0.00004438");
}

}  // namespace
}  // namespace feedwatch
