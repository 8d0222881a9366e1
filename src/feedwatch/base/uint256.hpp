#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

/// Unsigned integers wide enough for the products and aligned sums of decimals. Only what decimals
/// need; pure values, any thread, no allocation.
namespace feedwatch {

__extension__ using Uint128 = unsigned __int128;

constexpr int bit_width(Uint128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64U);
  return static_cast<int>(high != 0 ? 64 + std::bit_width(high)
                                    : std::bit_width(static_cast<std::uint64_t>(value)));
}

/// value = high · 2^128 + low.
struct Uint256 {
  Uint128 high = 0;  ///< first: the order of the members is the order of the values
  Uint128 low = 0;

  constexpr bool is_zero() const { return (high | low) == 0; }
  friend constexpr auto operator<=>(const Uint256&, const Uint256&) = default;
};

constexpr int bit_width(const Uint256& value) {
  return value.high != 0 ? 128 + bit_width(value.high) : bit_width(value.low);
}

/// Precondition: the sum is below 2^256.
constexpr Uint256 sum(const Uint256& a, const Uint256& b) {
  const Uint128 low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1U : 0U), low};
}

/// Precondition: a >= b.
constexpr Uint256 difference(const Uint256& a, const Uint256& b) {
  return {a.high - b.high - (a.low < b.low ? 1U : 0U), a.low - b.low};
}

/// The whole product.
constexpr Uint256 product(Uint128 a, Uint128 b) {
  constexpr auto word = [](Uint128 value) { return static_cast<std::uint64_t>(value); };
  const Uint128 low = Uint128{word(a)} * word(b);
  const Uint128 left = (a >> 64U) * word(b);
  const Uint128 right = (b >> 64U) * word(a);
  const Uint128 middle = (low >> 64U) + word(left) + word(right);
  return {(a >> 64U) * (b >> 64U) + (left >> 64U) + (right >> 64U) + (middle >> 64U),
          (middle << 64U) | word(low)};
}

/// a · b into `out`; false, with `out` untouched, when it is 2^256 or more.
constexpr bool multiply_into(const Uint256& a, Uint128 b, Uint256& out) {
  const Uint256 low = product(a.low, b);
  const Uint256 high = product(a.high, b);
  if (high.high != 0 || high.low + low.high < low.high) return false;
  out = {high.low + low.high, low.low};
  return true;
}

/// Precondition: 0 <= bits < 256, and nothing is shifted out.
constexpr Uint256 shifted_left(const Uint256& value, int bits) {
  if (bits >= 128) return {value.low << (bits - 128), 0};
  if (bits == 0) return value;
  return {(value.high << bits) | (value.low >> (128 - bits)), value.low << bits};
}

constexpr Uint256 halved(const Uint256& value) {
  return {value.high >> 1U, (value.low >> 1U) | (value.high << 127U)};
}

struct Quotient {
  Uint256 quotient, remainder;
};

/// Precondition: the divisor is not zero. A few ns where both fit 128 bits; else one step per bit
/// of the quotient, which only values of more than 36 digits need.
constexpr Quotient divide(const Uint256& dividend, const Uint256& divisor) {
  if (dividend.high == 0 && divisor.high == 0) {
    return {{0, dividend.low / divisor.low}, {0, dividend.low % divisor.low}};
  }
  Quotient result{{}, dividend};
  int steps = bit_width(dividend) - bit_width(divisor);
  if (steps < 0) return result;
  for (Uint256 part = shifted_left(divisor, steps); steps >= 0; --steps, part = halved(part)) {
    result.quotient = shifted_left(result.quotient, 1);
    if (result.remainder < part) continue;
    result.remainder = difference(result.remainder, part);
    result.quotient.low |= 1U;
  }
  return result;
}

/// 10^0 … 10^38: every power below 2^128.
inline constexpr auto powers_of_ten = [] {
  std::array<Uint128, 39> table{};
  Uint128 power = 1;
  for (Uint128& entry : table) {
    entry = power;
    power *= 10U;
  }
  return table;
}();

/// Precondition: 0 <= exponent <= 38.
constexpr Uint128 power_of_ten(int exponent) {
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

/// Precondition: 0 <= exponent <= 76.
constexpr Uint256 wide_power_of_ten(int exponent) {
  const int half = exponent / 2;
  return product(power_of_ten(half), power_of_ten(exponent - half));
}

}  // namespace feedwatch
