#pragma once

#include <cstdint>
#include <expected>

#include "feedwatch/base/decimal.hpp"

/// Arithmetic of decimals, without floating point. Whatever cannot be answered is refused as a
/// value: nothing wraps, nothing is wrong silently. No allocation; pure, any thread.
///
/// add, subtract and multiply are exact wherever the result fits: 122 bits, which is every result
/// of up to 36 digits, and 38 places. One that does not fit loses digits at its end, rounded
/// half-even once, at the largest scale where it fits; it is refused (out_of_range) when already
/// its integer part does not fit. So products below 5 · 10^-39 become zero. Functions with a scale
/// of their own round as they are told, and refuse what does not fit at that scale.
namespace feedwatch {

using DecimalResult = std::expected<Decimal, DecimalError>;

/// What becomes of a value between two that can be written. One that can be is never changed.
enum class Rounding : std::uint8_t {
  half_even,       ///< the nearer one; of two equally near, the one whose last digit is even
  toward_zero,     ///< the smaller magnitude: cuts digits off
  away_from_zero,  ///< the larger magnitude
  floor,           ///< the lesser value
  ceiling,         ///< the greater value
};

/// The scale is the larger of both, where that fits.
DecimalResult add(const Decimal& a, const Decimal& b);
/// As add(). Its sign is that of the comparison of a with b, always: a rounded one is never zero.
DecimalResult subtract(const Decimal& a, const Decimal& b);
/// The scale is the sum of both, at most 38, where that fits: 1.50 · 2.0 = 3.000.
DecimalResult multiply(const Decimal& a, const Decimal& b);

/// Of results: the first error goes through, so that a formula is one expression with one check.
inline DecimalResult add(const DecimalResult& a, const DecimalResult& b) {
  return a && b ? add(*a, *b) : a ? b : a;
}
inline DecimalResult subtract(const DecimalResult& a, const DecimalResult& b) {
  return a && b ? subtract(*a, *b) : a ? b : a;
}
inline DecimalResult multiply(const DecimalResult& a, const DecimalResult& b) {
  return a && b ? multiply(*a, *b) : a ? b : a;
}

/// a / b with exactly `scale` fraction digits, rounded once from the exact quotient. Errors:
/// division_by_zero; out_of_range when the quotient does not fit at that scale, or the scale is not
/// 0 … 38.
DecimalResult divide(const Decimal& a, const Decimal& b, int scale, Rounding rounding);

/// The same value with exactly `scale` fraction digits, filled with zeros or rounded. Errors:
/// out_of_range as divide().
DecimalResult rescale(const Decimal& value, int scale, Rounding rounding);

/// At most `scale` fraction digits: never fills, so always fits. Errors: out_of_range when the
/// scale is not 0 … 38.
DecimalResult round(const Decimal& value, int scale, Rounding rounding);

/// The multiple of `tick_size` that the rounding chooses (half_even: of two equally near, the even
/// multiple), with the scale of `tick_size`. Errors: not_positive for a tick size of zero or below;
/// out_of_range when the result does not fit at that scale.
DecimalResult to_tick(const Decimal& price, const Decimal& tick_size, Rounding rounding);

/// Exact, same scale. Errors: out_of_range for min_mantissa, which has no positive counterpart.
constexpr DecimalResult negate(const Decimal& value) {
  if (value.mantissa() == Decimal::min_mantissa) return std::unexpected(DecimalError::out_of_range);
  return Decimal{-value.mantissa(), value.scale()};
}

/// As negate().
constexpr DecimalResult abs(const Decimal& value) {
  return value.is_negative() ? negate(value) : value;
}

/// By value; of two equal ones, a as it is written.
constexpr Decimal min(const Decimal& a, const Decimal& b) {
  return b < a ? b : a;
}
constexpr Decimal max(const Decimal& a, const Decimal& b) {
  return a < b ? b : a;
}

}  // namespace feedwatch
