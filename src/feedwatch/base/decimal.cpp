#include "feedwatch/base/decimal.hpp"

#include <charconv>
#include <iterator>

#include "feedwatch/base/uint256.hpp"

namespace feedwatch {
namespace {

constexpr int max_digits = 39;  // scale 38, and the zero before the point

constexpr Uint128 magnitude(Decimal::Mantissa mantissa) {
  const auto bits = static_cast<Uint128>(mantissa);
  return mantissa < 0 ? Uint128{0} - bits : bits;
}

/// Orders a and b · 10^shift without leaving 128 bits.
std::strong_ordering compare_scaled(Uint128 a, Uint128 b, int shift) {
  const Uint128 power = power_of_ten(shift);
  Uint128 scaled = 0;
  if (!__builtin_mul_overflow(b, power, &scaled)) return a <=> scaled;
  // b · 10^shift is beyond 2^128, and a is not.
  return std::strong_ordering::less;
}

std::strong_ordering compare_magnitudes(const Decimal& a, const Decimal& b) {
  const int shift = a.scale() - b.scale();
  const Uint128 x = magnitude(a.mantissa());
  const Uint128 y = magnitude(b.mantissa());
  if (shift >= 0) return compare_scaled(x, y, shift);
  return 0 <=> compare_scaled(y, x, -shift);
}

constexpr int sign(const Decimal& d) {
  return static_cast<int>(d.is_positive()) - static_cast<int>(d.is_negative());
}

}  // namespace

std::size_t Decimal::write(char* out) const {
  std::array<char, max_digits + 1> reversed{};
  int count = 0;
  for (Uint128 rest = magnitude(mantissa()); rest != 0 || count <= scale(); rest /= 10U) {
    reversed[static_cast<std::size_t>(count++)] =
        static_cast<char>('0' + static_cast<int>(rest % 10U));
  }
  char* end = out;
  if (is_negative()) *end++ = '-';
  while (count > 0) {
    *end++ = reversed[static_cast<std::size_t>(--count)];
    if (count == scale() && count > 0) *end++ = '.';
  }
  return static_cast<std::size_t>(std::distance(out, end));
}

std::string Decimal::to_string() const {
  std::array<char, max_text> buffer{};
  return std::string{buffer.data(), write(buffer.data())};
}

double Decimal::to_double() const {
  std::array<char, max_text> buffer{};
  const std::size_t length = write(buffer.data());
  double value = 0;
  std::from_chars(buffer.data(), buffer.data() + length, value);
  return value;
}

std::strong_ordering Decimal::compare_scales(const Decimal& a, const Decimal& b) {
  const int sign_a = sign(a);
  const int sign_b = sign(b);
  if (sign_a != sign_b) return sign_a <=> sign_b;
  return sign_a < 0 ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

}  // namespace feedwatch
