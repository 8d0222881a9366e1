#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>

namespace feedwatch {

enum class DecimalError : std::uint8_t {
  empty,             ///< no characters at all
  malformed,         ///< not a decimal number (NaN, infinity, hex, stray characters)
  too_many_digits,   ///< a text: mantissa beyond signed 122 bits, or scale beyond 38
  out_of_range,      ///< arithmetic: the integer part does not fit, or the scale asked for
  division_by_zero,  ///< whatever the dividend
  not_positive,      ///< a tick size of zero or below
};

constexpr std::string_view to_text(DecimalError error) {
  constexpr std::array<std::string_view, 6> words{
      "empty", "malformed", "too_many_digits", "out_of_range", "division_by_zero", "not_positive"};
  return words[static_cast<std::size_t>(error)];
}

/// An exact decimal: value = mantissa · 10^-scale, as venues send prices.
///
/// Plain notation round-trips with its trailing zeros ("28145.10" stays "28145.10"); exponent forms
/// ("1.5e-7", "2E3") are accepted and printed plain. No floating point anywhere. Comparison is by
/// value: 1.50 == 1.5, although their texts differ. Arithmetic is in decimal_math.hpp, as functions
/// that can refuse. Trivially copyable; any thread.
class Decimal {
 public:
  __extension__ using Mantissa = __int128;
  static constexpr int max_scale = 38;
  static constexpr Mantissa max_mantissa = (Mantissa{1} << 121) - 1;  ///< 36 digits, and more
  static constexpr Mantissa min_mantissa = -max_mantissa - 1;

  constexpr Decimal() = default;
  /// Precondition: min_mantissa <= mantissa <= max_mantissa, 0 <= scale <= max_scale.
  constexpr Decimal(Mantissa mantissa, int scale)
      : low_(static_cast<std::uint64_t>(mantissa) << scale_bits | static_cast<unsigned>(scale)),
        high_(static_cast<std::int64_t>(mantissa >> (word_bits - scale_bits))) {}

  /// Any integer of up to 64 bits, with scale 0: always fits.
  template <std::integral Integer>
    requires(sizeof(Integer) <= sizeof(std::int64_t))
  static constexpr Decimal from_integer(Integer value) {
    return {static_cast<Mantissa>(value), 0};
  }

  /// Parses the whole text by the grammar of JSON numbers (RFC 8259 §6), quoted or not at the
  /// venue: no blanks, no leading '+', no "1." or ".5", no leading zeros as in "007". Minus zero is
  /// zero: "-0.00" prints "0.00". An exponent moves the point: "1.5e-7" has scale 8, "2E3" scale 0.
  /// Linear in the text, no allocation; reads nothing past its end.
  static std::expected<Decimal, DecimalError> parse(std::string_view text);

  /// Plain notation with exactly scale() fraction digits.
  std::string to_string() const;
  /// Writes to_string() into `out` (at least max_text bytes); returns the length.
  static constexpr std::size_t max_text = 48;
  std::size_t write(char* out) const;

  constexpr Mantissa mantissa() const {
    return static_cast<Mantissa>(high_) << (word_bits - scale_bits) | (low_ >> scale_bits);
  }
  constexpr int scale() const { return static_cast<int>(low_ & scale_mask); }
  constexpr bool is_zero() const { return high_ == 0 && (low_ >> scale_bits) == 0; }
  constexpr bool is_positive() const { return !is_negative() && !is_zero(); }
  constexpr bool is_negative() const { return high_ < 0; }
  /// Nearest double, for display and metrics only, never for decisions.
  double to_double() const;

  /// By value, exact for every pair (no overflow). A total order.
  [[gnu::always_inline]] friend constexpr std::strong_ordering operator<=>(const Decimal& a,
                                                                           const Decimal& b) {
    return a.scale() == b.scale() ? a.bits() <=> b.bits() : compare_scales(a, b);
  }
  [[gnu::always_inline]] friend constexpr bool operator==(const Decimal& a, const Decimal& b) {
    return identical(a, b) || (a.scale() != b.scale() && compare_scales(a, b) == 0);
  }
  /// Same mantissa and same scale: the venue sent the same characters.
  friend constexpr bool identical(const Decimal& a, const Decimal& b) {
    return a.low_ == b.low_ && a.high_ == b.high_;
  }

 private:
  static constexpr int word_bits = 64;
  static constexpr int scale_bits = 6;
  static constexpr std::uint64_t scale_mask = (1U << scale_bits) - 1U;

  /// Of two with one scale, the order of the bits is the order of the values.
  constexpr Mantissa bits() const { return static_cast<Mantissa>(high_) << word_bits | low_; }
  static std::strong_ordering compare_scales(const Decimal& a, const Decimal& b);

  // mantissa · 2^6 + scale as one 128-bit number: two words, so that a price is 16 bytes on the
  // board and two prices of one scale compare as integers.
  std::uint64_t low_ = 0;
  std::int64_t high_ = 0;
};
static_assert(sizeof(Decimal) == 16 && std::is_trivially_copyable_v<Decimal>);

}  // namespace feedwatch
