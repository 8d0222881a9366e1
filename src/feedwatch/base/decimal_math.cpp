#include "feedwatch/base/decimal_math.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/uint256.hpp"

namespace feedwatch {
namespace {

using Mantissa = Decimal::Mantissa;

constexpr std::unexpected<DecimalError> refused(DecimalError error) {
  return std::unexpected{error};
}

constexpr bool is_scale(int scale) {
  return scale >= 0 && scale <= Decimal::max_scale;
}

constexpr bool fits(Mantissa mantissa) {
  return mantissa >= Decimal::min_mantissa && mantissa <= Decimal::max_mantissa;
}

/// Below 2^60: the product with another such mantissa, or with 10^18, needs no more than 120 bits.
constexpr bool is_small(Mantissa mantissa) {
  constexpr Mantissa limit = Mantissa{1} << 60U;
  return mantissa < limit && mantissa > -limit;
}
constexpr int small_shift = 18;

constexpr Uint128 magnitude(Mantissa mantissa) {
  const auto bits = static_cast<Uint128>(mantissa);
  return mantissa < 0 ? Uint128{0} - bits : bits;
}

/// ±magnitude · 10^-scale, before it is known whether a Decimal holds it. Zero has either sign.
struct Wide {
  bool negative = false;
  Uint256 magnitude;
  int scale = 0;
};

constexpr bool fits(const Wide& value) {
  const Mantissa end = value.negative ? Decimal::min_mantissa : Decimal::max_mantissa;
  return is_scale(value.scale) && value.magnitude <= Uint256{0, magnitude(end)};
}

DecimalResult written(const Wide& value) {
  if (!fits(value)) return refused(DecimalError::out_of_range);
  const auto mantissa = static_cast<Mantissa>(value.magnitude.low);
  return Decimal{value.negative ? -mantissa : mantissa, value.scale};
}

/// Whether the magnitude of an inexact quotient goes up by one.
bool rounds_up(const Quotient& parts, const Uint256& divisor, bool negative, Rounding rounding) {
  if (parts.remainder.is_zero()) return false;
  switch (rounding) {
    case Rounding::half_even:
      break;
    case Rounding::toward_zero:
      return false;
    case Rounding::away_from_zero:
      return true;
    case Rounding::floor:
      return negative;
    case Rounding::ceiling:
      return !negative;
  }
  const Uint256 missing = difference(divisor, parts.remainder);
  const bool is_odd = (parts.quotient.low & 1U) != 0;
  return parts.remainder > missing || (parts.remainder == missing && is_odd);
}

/// Preconditions: the divisor is not zero, the quotient is below 2^256 - 1.
Uint256 rounded(const Uint256& dividend, const Uint256& divisor, bool negative, Rounding rounding) {
  const Quotient parts = divide(dividend, divisor);
  const bool up = rounds_up(parts, divisor, negative, rounding);
  return sum(parts.quotient, {0, up ? 1U : 0U});
}

/// A number of digits that must go for the magnitude to fit; it may take one or two more.
int least_excess(const Wide& value) {
  constexpr int bits_that_fit = 122;  // -2^121 has that many
  constexpr int log2_per = 30'102;    // of 100'000: a little less than log10(2)
  const int excess = bit_width(value.magnitude) - bits_that_fit;
  return std::max({0, value.scale - Decimal::max_scale, excess * log2_per / 100'000});
}

/// The largest scale at which it fits, rounded half-even once. Preconditions: scale <= 76.
DecimalResult fitted(const Wide& value) {
  for (int excess = least_excess(value); excess <= value.scale; ++excess) {
    const Uint256 magnitude =
        rounded(value.magnitude, wide_power_of_ten(excess), value.negative, Rounding::half_even);
    const Wide shorter{value.negative, magnitude, value.scale - excess};
    if (fits(shorter)) return written(shorter);
  }
  return refused(DecimalError::out_of_range);
}

struct Term {
  Mantissa mantissa = 0;
  int scale = 0;
};

Uint256 magnitude_at(const Term& term, int scale) {
  return product(magnitude(term.mantissa), power_of_ten(scale - term.scale));
}

DecimalResult wide_sum(const Term& a, const Term& b) {
  const int scale = std::max(a.scale, b.scale);
  Wide larger{a.mantissa < 0, magnitude_at(a, scale), scale};
  Wide smaller{b.mantissa < 0, magnitude_at(b, scale), scale};
  if (larger.magnitude < smaller.magnitude) std::swap(larger, smaller);
  larger.magnitude = larger.negative == smaller.negative
                         ? sum(larger.magnitude, smaller.magnitude)
                         : difference(larger.magnitude, smaller.magnitude);
  return fitted(larger);
}

/// Of mantissas that may be one beyond the range: subtract() negates the lowest.
DecimalResult sum_of(Term a, Term b) {
  if (a.scale < b.scale) std::swap(a, b);
  const int shift = a.scale - b.scale;
  if (shift == 0 || (shift <= small_shift && is_small(b.mantissa))) {
    const auto power = static_cast<Mantissa>(power_of_ten(shift));
    const Mantissa mantissa = a.mantissa + b.mantissa * power;
    if (fits(mantissa)) return Decimal{mantissa, a.scale};
  }
  return wide_sum(a, b);
}

}  // namespace

DecimalResult add(const Decimal& a, const Decimal& b) {
  return sum_of({a.mantissa(), a.scale()}, {b.mantissa(), b.scale()});
}

DecimalResult subtract(const Decimal& a, const Decimal& b) {
  return sum_of({a.mantissa(), a.scale()}, {-b.mantissa(), b.scale()});
}

DecimalResult multiply(const Decimal& a, const Decimal& b) {
  const int scale = a.scale() + b.scale();
  if (scale <= Decimal::max_scale && is_small(a.mantissa()) && is_small(b.mantissa())) {
    return Decimal{a.mantissa() * b.mantissa(), scale};
  }
  return fitted({a.is_negative() != b.is_negative(),
                 product(magnitude(a.mantissa()), magnitude(b.mantissa())), scale});
}

DecimalResult divide(const Decimal& a, const Decimal& b, int scale, Rounding rounding) {
  if (b.is_zero()) return refused(DecimalError::division_by_zero);
  if (!is_scale(scale)) return refused(DecimalError::out_of_range);
  Uint256 dividend{0, magnitude(a.mantissa())};
  Uint256 divisor{0, magnitude(b.mantissa())};
  const int shift = scale + b.scale() - a.scale();
  if (shift < 0) {
    divisor = product(divisor.low, power_of_ten(-shift));
  } else {
    // Twice, because the shift is up to 76. A dividend beyond 256 bits has a quotient beyond 122.
    const int first = std::min(shift, Decimal::max_scale);
    if (!multiply_into(dividend, power_of_ten(first), dividend) ||
        !multiply_into(dividend, power_of_ten(shift - first), dividend)) {
      return refused(DecimalError::out_of_range);
    }
  }
  const bool negative = a.is_negative() != b.is_negative();
  return written({negative, rounded(dividend, divisor, negative, rounding), scale});
}

DecimalResult rescale(const Decimal& value, int scale, Rounding rounding) {
  return divide(value, Decimal::from_integer(1), scale, rounding);
}

DecimalResult round(const Decimal& value, int scale, Rounding rounding) {
  if (!is_scale(scale)) return refused(DecimalError::out_of_range);
  return value.scale() <= scale ? value : rescale(value, scale, rounding);
}

DecimalResult to_tick(const Decimal& price, const Decimal& tick_size, Rounding rounding) {
  if (!tick_size.is_positive()) return refused(DecimalError::not_positive);
  const int scale = std::max(price.scale(), tick_size.scale());
  const Uint256 dividend = magnitude_at({price.mantissa(), price.scale()}, scale);
  const Uint256 divisor = magnitude_at({tick_size.mantissa(), tick_size.scale()}, scale);
  const Quotient parts = divide(dividend, divisor);
  Uint256 multiple = difference(dividend, parts.remainder);
  if (rounds_up(parts, divisor, price.is_negative(), rounding)) multiple = sum(multiple, divisor);
  // A multiple of the tick has no more places than the tick: nothing remains here.
  const Uint256 power{0, power_of_ten(scale - tick_size.scale())};
  return written({price.is_negative(), divide(multiple, power).quotient, tick_size.scale()});
}

}  // namespace feedwatch
