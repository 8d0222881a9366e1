#include "feedwatch/base/decimal_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "feedwatch/base/uint256.hpp"

namespace feedwatch::decimal_reader {
namespace {

constexpr auto max_positive = static_cast<Uint128>(Decimal::max_mantissa);

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What the characters say, before it is known whether it fits.
struct Parts {
  bool negative = false;
  Uint128 digits = 0;
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
    // Far enough below 2^128 for the next digit; the exact limits are checked in fit().
    if (parts.digits > (max_positive + 1U) / 10U) parts.overflow = true;
    parts.digits = parts.digits * 10U + next_digit();
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
bool shift(Uint128& digits, int exponent) {
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
  const Uint128 limit = parts.negative ? max_positive + 1 : max_positive;
  if (parts.overflow || scale > Decimal::max_scale || parts.digits > limit) return too_many;
  const Uint128 bits = parts.negative ? Uint128{0} - parts.digits : parts.digits;
  return Decimal{static_cast<Decimal::Mantissa>(bits), scale};
}

/// Appends digits while there are any, to an accumulator that the caller knows to be wide enough;
/// returns where they end.
const char* take_digits(const char* next, const char* end, std::uint64_t& digits) {
  for (; next != end; ++next) {
    const unsigned digit = static_cast<unsigned char>(*next) - unsigned{'0'};
    if (digit > 9) break;  // one comparison: what is below '0' wraps
    digits = digits * 10U + digit;
  }
  return next;
}

}  // namespace

std::expected<Decimal, DecimalError> read_any(std::string_view text) {
  if (text.empty()) return std::unexpected(DecimalError::empty);
  Parts parts;
  if (!Reader{text}.number(parts)) return std::unexpected(DecimalError::malformed);
  return fit(parts);
}

bool read_usual(std::string_view text, Decimal& out) {
  const char* next = text.data();
  const char* const end = next + text.size();
  const bool negative = text.starts_with('-');
  if (negative) ++next;
  if (end - next > usual_characters) return false;
  const char* const integer = next;
  std::uint64_t digits = 0;
  next = take_digits(next, end, digits);
  if (next == integer || (*integer == '0' && next - integer > 1)) return false;
  std::ptrdiff_t scale = 0;
  if (next != end) {
    if (*next != '.') return false;
    const char* const fraction = ++next;
    next = take_digits(next, end, digits);
    scale = next - fraction;
    if (scale == 0 || next != end) return false;
  }
  const auto mantissa = static_cast<Decimal::Mantissa>(digits);
  out = Decimal{negative ? -mantissa : mantissa, static_cast<int>(scale)};
  return true;
}

}  // namespace feedwatch::decimal_reader

// Here and not in decimal.cpp, so that the usual reader is compiled into it.
std::expected<feedwatch::Decimal, feedwatch::DecimalError> feedwatch::Decimal::parse(
    std::string_view text) {
  if (Decimal usual; decimal_reader::read_usual(text, usual)) return usual;
  return decimal_reader::read_any(text);
}
