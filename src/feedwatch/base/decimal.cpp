#include "feedwatch/base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace feedwatch {
namespace {

__extension__ using Magnitude = unsigned __int128;

constexpr auto max_positive = static_cast<Magnitude>(Decimal::max_mantissa);
constexpr int max_digits = 39;  // scale 38, and the zero before the point

constexpr auto powers_of_ten = [] {
  std::array<Magnitude, Decimal::max_scale + 1> table{};
  Magnitude power = 1;
  for (Magnitude& entry : table) {
    entry = power;
    power *= 10;
  }
  return table;
}();

constexpr Magnitude power_of_ten(int exponent) {
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

constexpr Magnitude magnitude(Decimal::Mantissa mantissa) {
  const auto bits = static_cast<Magnitude>(mantissa);
  return mantissa < 0 ? Magnitude{0} - bits : bits;
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What the characters say, before it is known whether it fits.
struct Parts {
  bool negative = false;
  Magnitude digits = 0;
  bool overflow = false;
  int fraction_digits = 0;
  int exponent = 0;
};

/// Reads a JSON number from front to back. Every step answers whether the text may go on.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool number(Parts& parts) {
    parts.negative = take('-');
    if (!integer(parts)) return false;
    if (take('.') && !fraction(parts)) return false;
    if ((take('e') || take('E')) && !exponent(parts)) return false;
    return rest_.empty();
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool next_is_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

  unsigned next_digit() {
    const auto digit = static_cast<unsigned>(rest_.front() - '0');
    rest_.remove_prefix(1);
    return digit;
  }

  void append(Parts& parts) {
    const unsigned digit = next_digit();
    // 2^121 itself still fits when negative: exact range checks follow in fit().
    if (parts.digits > (max_positive - digit + 1U) / 10U) parts.overflow = true;
    parts.digits = parts.digits * 10U + digit;
  }

  bool integer(Parts& parts) {
    if (take('0')) return !next_is_digit();
    if (!next_is_digit()) return false;
    while (next_is_digit()) append(parts);
    return true;
  }

  bool fraction(Parts& parts) {
    if (!next_is_digit()) return false;
    while (next_is_digit()) {
      append(parts);
      parts.fraction_digits = std::min(parts.fraction_digits + 1, exponent_bound);
    }
    return true;
  }

  bool exponent(Parts& parts) {
    const bool negative = take('-');
    if (!negative) take('+');
    if (!next_is_digit()) return false;
    int value = 0;
    while (next_is_digit()) {
      value = std::min(value * 10 + static_cast<int>(next_digit()), exponent_bound);
    }
    parts.exponent = negative ? -value : value;
    return true;
  }

  /// Far beyond any scale that fits, and safe to multiply by ten.
  static constexpr int exponent_bound = 1'000'000;

  std::string_view rest_;
};

/// Multiplies by 10^exponent; false when that leaves 128 bits. Zero stays zero at any exponent.
bool shift(Magnitude& digits, int exponent) {
  if (digits == 0) return true;
  if (exponent > Decimal::max_scale) return false;
  return !__builtin_mul_overflow(digits, power_of_ten(exponent), &digits);
}

std::expected<Decimal, DecimalError> fit(Parts parts) {
  const auto too_many = std::unexpected(DecimalError::too_many_digits);
  int scale = parts.fraction_digits - parts.exponent;
  if (scale < 0) {
    if (!shift(parts.digits, -scale)) return too_many;
    scale = 0;
  }
  const Magnitude limit = parts.negative ? max_positive + 1 : max_positive;
  if (parts.overflow || scale > Decimal::max_scale || parts.digits > limit) return too_many;
  const Magnitude bits = parts.negative ? Magnitude{0} - parts.digits : parts.digits;
  return Decimal{static_cast<Decimal::Mantissa>(bits), scale};
}

/// Orders a and b · 10^shift without leaving 128 bits.
std::strong_ordering compare_scaled(Magnitude a, Magnitude b, int shift) {
  const Magnitude power = power_of_ten(shift);
  Magnitude scaled = 0;
  if (!__builtin_mul_overflow(b, power, &scaled)) return a <=> scaled;
  // b · 10^shift is beyond 2^128, and a is not.
  return std::strong_ordering::less;
}

std::strong_ordering compare_magnitudes(const Decimal& a, const Decimal& b) {
  const int shift = a.scale() - b.scale();
  const Magnitude x = magnitude(a.mantissa());
  const Magnitude y = magnitude(b.mantissa());
  if (shift >= 0) return compare_scaled(x, y, shift);
  return 0 <=> compare_scaled(y, x, -shift);
}

constexpr int sign(const Decimal& d) {
  return static_cast<int>(d.is_positive()) - static_cast<int>(d.is_negative());
}

}  // namespace

std::expected<Decimal, DecimalError> Decimal::parse(std::string_view text) {
  if (text.empty()) return std::unexpected(DecimalError::empty);
  Parts parts;
  if (!Reader{text}.number(parts)) return std::unexpected(DecimalError::malformed);
  return fit(parts);
}

std::size_t Decimal::write(char* out) const {
  std::array<char, max_digits + 1> reversed{};
  int count = 0;
  for (Magnitude rest = magnitude(mantissa()); rest != 0 || count <= scale(); rest /= 10U) {
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

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  const int sign_a = sign(a);
  const int sign_b = sign(b);
  if (sign_a != sign_b) return sign_a <=> sign_b;
  return sign_a < 0 ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

}  // namespace feedwatch
