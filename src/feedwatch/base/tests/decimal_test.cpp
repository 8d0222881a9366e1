#include "feedwatch/base/decimal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

namespace feedwatch {
namespace {

constexpr const char* max_text_value = "2658455991569831745807614120560689151";   // 2^121 - 1
constexpr const char* above_max_value = "2658455991569831745807614120560689152";  // 2^121

Decimal decimal(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Decimal{});
}

DecimalError refusal(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_FALSE(parsed.has_value()) << text << " was read as " << parsed->to_string();
  return parsed.has_value() ? DecimalError{} : parsed.error();
}

TEST(Decimal, PlainNotationRoundTripsWithItsTrailingZeros) {
  const std::vector<std::string> texts{"0",
                                       "0.0",
                                       "0.00000000",
                                       "1",
                                       "-1",
                                       "10",
                                       "28145.10",
                                       "-28145.10",
                                       "0.5",
                                       "0.00100",
                                       "-0.5",
                                       "1.000",
                                       "100.00",
                                       "65000",
                                       "0.10",
                                       "9.9",
                                       "12345.678",
                                       std::string{"-"} + max_text_value,
                                       max_text_value,
                                       "0." + std::string(37, '0') + "1",
                                       "1." + std::string(36, '0')};
  for (const std::string& text : texts) EXPECT_EQ(decimal(text).to_string(), text);
}

TEST(Decimal, KeepsMantissaAndScale) {
  EXPECT_EQ(decimal("28145.10").mantissa(), 2814510);
  EXPECT_EQ(decimal("28145.10").scale(), 2);
  EXPECT_EQ(decimal("-0.5").mantissa(), -5);
}

TEST(Decimal, TakesEveryIntegerOfUpTo64Bits) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Decimal::from_integer(0).to_string(), "0");
  EXPECT_EQ(Decimal::from_integer(lowest).to_string(), "-9223372036854775808");
  EXPECT_EQ(Decimal::from_integer(~std::uint64_t{0}).to_string(), "18446744073709551615");
  EXPECT_EQ(Decimal::from_integer(std::uint8_t{255}).to_string(), "255");
}

TEST(Decimal, ExponentFormsArePrintedPlain) {
  EXPECT_EQ(decimal("1.5e-7").to_string(), "0.00000015");
  EXPECT_EQ(decimal("2E3").to_string(), "2000");
  EXPECT_EQ(decimal("1E+2").to_string(), "100");
  EXPECT_EQ(decimal("1.50e1").to_string(), "15.0");
  EXPECT_EQ(decimal("-2.5e0").to_string(), "-2.5");
  EXPECT_EQ(decimal("0E-18").to_string(), "0.000000000000000000");
  EXPECT_EQ(decimal("0e999999999999").to_string(), "0");
  EXPECT_EQ(decimal("1e0000000000000002").to_string(), "100");
  EXPECT_EQ(decimal("1e-38").scale(), 38);
}

TEST(Decimal, MinusZeroIsZero) {
  EXPECT_EQ(decimal("-0").to_string(), "0");
  EXPECT_EQ(decimal("-0.00").to_string(), "0.00");
  EXPECT_FALSE(decimal("-0.00").is_negative());
  EXPECT_EQ(decimal("-0"), decimal("0"));
}

TEST(Decimal, RefusesWhatIsNotANumber) {
  EXPECT_EQ(refusal(""), DecimalError::empty);
  for (const std::string_view text :
       {"NaN",  "nan",   "Infinity", "-inf", "inf", "0x10", "1_000", "1,000", "1,5",  " 1",
        "1 ",   "1\n",   "+1",       "-",    "--1", "-+1",  ".",     "1.",    ".5",   "-.5",
        "1..2", "1.2.3", "1e",       "1e+",  "1E-", "e5",   "1e5.0", "1ee5",  "1e 5", "00",
        "007",  "-00.5", "1-",       "1a",   "a",   "null", "\"1\"", "١"}) {
    EXPECT_EQ(refusal(text), DecimalError::malformed) << text;
  }
  EXPECT_EQ(refusal(std::string_view{"1\0", 2}), DecimalError::malformed);
  EXPECT_EQ(refusal(std::string_view{"\0", 1}), DecimalError::malformed);
}

TEST(Decimal, RefusesOneDigitTooManyAndTakesTheLastThatFits) {
  EXPECT_EQ(decimal(max_text_value).to_string(), max_text_value);
  EXPECT_EQ(refusal(above_max_value), DecimalError::too_many_digits);
  // The negative range reaches one further.
  EXPECT_EQ(decimal(std::string{"-"} + above_max_value).to_string(),
            std::string{"-"} + above_max_value);
  EXPECT_EQ(refusal("-2658455991569831745807614120560689153"), DecimalError::too_many_digits);
  EXPECT_EQ(decimal("1e36").to_string(), "1" + std::string(36, '0'));
  EXPECT_EQ(refusal("3e36"), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("1e37"), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("1e-39"), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("1e-99999999999999999999"), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("1e99999999999999999999"), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("0." + std::string(39, '0')), DecimalError::too_many_digits);
  EXPECT_EQ(refusal(std::string(1'000'000, '9')), DecimalError::too_many_digits);
  EXPECT_EQ(refusal("0." + std::string(3'000'000, '0')), DecimalError::too_many_digits);
}

TEST(Decimal, ComparesByValueAndNotByText) {
  EXPECT_EQ(decimal("1.50"), decimal("1.5"));
  EXPECT_FALSE(identical(decimal("1.50"), decimal("1.5")));
  EXPECT_TRUE(identical(decimal("1.50"), decimal("1.50")));
  EXPECT_LT(decimal("1.49"), decimal("1.5"));
  EXPECT_GT(decimal("-1.49"), decimal("-1.5"));
  EXPECT_LT(decimal("-0.1"), decimal("0"));
  EXPECT_LT(decimal("-1"), decimal("0.00000000000000000000000000000000000001"));
}

TEST(Decimal, ComparesTheEndsOfTheRangeWithoutOverflow) {
  const Decimal largest = decimal(max_text_value);
  const Decimal lowest = decimal(std::string{"-"} + above_max_value);
  const Decimal smallest = decimal("1e-38");
  EXPECT_GT(largest, smallest);
  EXPECT_LT(smallest, largest);
  EXPECT_LT(lowest, decimal("-1e-38"));
  EXPECT_GT(decimal("-1e-38"), lowest);
  EXPECT_LT(lowest, largest);
  EXPECT_EQ(lowest, lowest);
  const Decimal dense{largest.mantissa(), 38};
  EXPECT_GT(dense, decimal("0.026"));
  EXPECT_LT(dense, decimal("0.027"));
}

TEST(Decimal, WritesAtMostMaxText) {
  std::array<char, Decimal::max_text> buffer{};
  const Decimal longest{decimal(std::string{"-"} + above_max_value).mantissa(), 38};
  const std::size_t length = longest.write(buffer.data());
  EXPECT_EQ(length, 41U);
  EXPECT_EQ((std::string{buffer.data(), length}), "-0.02658455991569831745807614120560689152");
}

TEST(Decimal, ToDoubleIsTheNearestDouble) {
  for (const char* text : {"0", "0.1", "28145.10", "-0.30000000000000004", "9007199254740993",
                           "0.000000000000000000000000000000000001", max_text_value}) {
    EXPECT_EQ(decimal(text).to_double(), std::strtod(text, nullptr)) << text;
  }
}

TEST(Decimal, ErrorsHaveWords) {
  EXPECT_EQ(to_text(DecimalError::empty), "empty");
  EXPECT_EQ(to_text(DecimalError::malformed), "malformed");
  EXPECT_EQ(to_text(DecimalError::too_many_digits), "too_many_digits");
  EXPECT_EQ(to_text(DecimalError::out_of_range), "out_of_range");
  EXPECT_EQ(to_text(DecimalError::division_by_zero), "division_by_zero");
  EXPECT_EQ(to_text(DecimalError::not_positive), "not_positive");
}

}  // namespace
}  // namespace feedwatch
