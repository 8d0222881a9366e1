#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::venues::wire {

/// Goes through a message whose shape is known beforehand, for the few shapes that nearly all
/// messages have. It takes the plainest spelling and nothing else: no blanks, no escapes, no signs,
/// no exponents, numbers of at most 16 digits. Whatever it does not take, the general parser reads;
/// what it takes, the general parser would have read the same.
///
/// Every step answers whether it went well; after a false the scan is over. Needs frame_padding
/// readable bytes behind the text.
class FastScan {
 public:
  explicit FastScan(std::string_view padded)
      : at_(padded.data()), end_(padded.data() + padded.size()) {}

  template <std::size_t N>
  [[gnu::always_inline]] bool literal(const char (&text)[N]) {
    constexpr auto size = static_cast<std::ptrdiff_t>(N - 1);
    if (at_ + size > end_) return false;
    if constexpr (size <= 8) {
      std::uint64_t wanted = 0;
      std::memcpy(&wanted, text, N - 1);
      if ((word(at_) ^ wanted) << (8 * (8 - size)) != 0) return false;
    } else {
      if (std::memcmp(at_, text, N - 1) != 0) return false;
    }
    at_ += size;
    return true;
  }

  /// The character here; anything at the end.
  char peek() const { return *at_; }

  /// Printable ASCII up to the closing quote, which is passed.
  [[gnu::always_inline]] bool text(std::string_view& out) {
    const char* begin = at_;
    while (at_ < end_) {
      const std::ptrdiff_t plain = plain_characters(at_);
      at_ += plain;
      if (plain == stride) continue;
      out = {begin, static_cast<std::size_t>(at_ - begin)};
      return *at_++ == '"';
    }
    return false;
  }
  [[gnu::always_inline]] bool text() {
    std::string_view unused;
    return text(unused);
  }

  /// A number without fraction, of at most 16 digits. As with prices, one as long as the one before
  /// costs no waiting for where it ends; the first is most likely a moment.
  [[gnu::always_inline]] bool number(std::uint64_t& out) {
    const unsigned others = not_digits(at_);
    if (!begins_with_digits(others, digits_)) digits_ = std::countr_zero(others);
    const char* begin = at_;
    const std::ptrdiff_t count = digits_;
    at_ += count;
    if (count <= 8) {
      if (count == 0) return false;
      out = first_digits(word(begin), count);
    } else {
      const std::ptrdiff_t more = count - 8;
      out = value_of(word(begin) ^ each('0')) * power(more) + first_digits(word(begin + 8), more);
      if (count == sight && is_digit(*at_)) return false;
    }
    return plain_integer(begin, count);
  }
  [[gnu::always_inline]] bool number() {
    std::uint64_t unused = 0;
    return number(unused);
  }

  /// Milliseconds since 1970.
  [[gnu::always_inline]] bool millis(WallTime& out) {
    constexpr std::uint64_t latest = 9'000'000'000'000;  // as parse_millis() has it
    std::uint64_t value = 0;
    if (!number(value) || value == 0 || value > latest) return false;
    out = wall_from_ms(static_cast<std::int64_t>(value));
    return true;
  }

  /// text() of one that is most likely as long as `size`: a guess that holds costs no waiting for
  /// where the text ends.
  [[gnu::always_inline]] bool text_like(std::ptrdiff_t size, std::string_view& out) {
    if (size >= stride || plain_characters(at_) != size || at_[size] != '"') return text(out);
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size + 1;
    return true;
  }
  /// Passes the printable ASCII before `mark`, as long as it is short; else nothing.
  [[gnu::always_inline]] std::ptrdiff_t up_to(char mark) {
    const std::ptrdiff_t size = characters_before(at_, mark);
    if (size == stride || plain_characters(at_) < size) return 0;
    at_ += size;
    return size;
  }

  /// A price up to the closing quote, which is passed: at most 8 digits before the point and 8
  /// behind it. Those of one message are mostly written alike: a price that has its point and its
  /// end where the one before had them costs no waiting for where they are.
  [[gnu::always_inline]] bool price(Decimal& out, std::string_view& token) {
    const unsigned others = not_digits(at_);
    if (!ends_as_before(others)) {
      const std::ptrdiff_t point = std::countr_zero(others);
      const std::ptrdiff_t end = std::countr_zero(others & (others - 1));
      if (end >= sight || at_[point] != '.') return long_price(out, token);
      form_ = {point, end};
    }
    const char* begin = at_;
    const std::ptrdiff_t scale = form_.end - form_.point - 1;
    if (begin[form_.point] != '.' || scale < 1 || scale > 8 || form_.point > 8 ||
        !plain_integer(begin, form_.point)) {
      return false;
    }
    const std::uint64_t whole = first_digits(word(begin), form_.point);
    const std::uint64_t fraction = first_digits(word(begin + form_.point + 1), scale);
    const std::uint64_t mantissa = whole * power(scale) + fraction;
    out = Decimal{static_cast<Decimal::Mantissa>(mantissa), static_cast<int>(scale)};
    token = {begin, static_cast<std::size_t>(form_.end)};
    at_ += form_.end + 1;
    return begin[form_.end] == '"';
  }

  /// text() of one that is most likely written as the last price was, whatever it is.
  [[gnu::always_inline]] bool text_like_price() {
    std::string_view unused;
    return text_like(form_.end, unused);
  }

  bool at_end() const { return at_ == end_; }

 private:
  static_assert(std::endian::native == std::endian::little, "the first character is the low byte");

  struct Digits {
    std::uint64_t value = 0;
    std::ptrdiff_t count = 0;  ///< 0 to 8
  };

  /// Where the parts of a price are.
  struct Form {
    std::ptrdiff_t point = 0;
    std::ptrdiff_t end = 0;
  };

  static constexpr std::uint64_t each(std::uint8_t byte) { return byte * 0x0101010101010101ULL; }
  static constexpr std::array<std::uint64_t, 9> powers{
      1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

  static std::uint64_t power(std::ptrdiff_t digits) {
    return powers[static_cast<std::size_t>(digits)];
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  /// JSON allows no leading zeros.
  static bool plain_integer(const char* begin, std::ptrdiff_t digits) {
    return digits == 1 || (digits > 1 && *begin != '0');
  }
  static std::uint64_t word(const char* from) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, from, sizeof eight);
    return eight;
  }

  static unsigned bit(std::ptrdiff_t at) { return 1U << static_cast<unsigned>(at); }
  /// By not_digits(): whether there are so many of them and no more, 1 to 15.
  static bool begins_with_digits(unsigned others, std::ptrdiff_t count) {
    return (others & (2 * bit(count) - 1)) == bit(count);
  }
  bool ends_as_before(unsigned others) const {
    return (others & (2 * bit(form_.end) - 1)) == (bit(form_.point) | bit(form_.end)) &&
           form_.end != 0;
  }

  /// price() without a point, or with more characters than not_digits() sees.
  bool long_price(Decimal& out, std::string_view& token) {
    const char* begin = at_;
    const Digits whole = digits(begin);
    if (!plain_integer(begin, whole.count)) return false;
    at_ += whole.count;
    std::uint64_t mantissa = whole.value;
    int scale = 0;
    if (*at_ == '.') {
      const Digits fraction = digits(++at_);
      if (fraction.count == 0) return false;
      mantissa = mantissa * power(fraction.count) + fraction.value;
      scale = static_cast<int>(fraction.count);
      at_ += fraction.count;
    }
    out = Decimal{static_cast<Decimal::Mantissa>(mantissa), scale};
    token = {begin, static_cast<std::size_t>(at_ - begin)};
    return *at_++ == '"';
  }

  /// Of so many characters not_digits() says which are none, one bit each, and sets the bit behind
  /// them.
  static constexpr std::ptrdiff_t sight = 16;

  /// How many characters at the front are plain text, at most `stride`: what ends it is a quote, a
  /// backslash, a control character, or none of ASCII.
#if defined(__SSE2__)
  static constexpr std::ptrdiff_t stride = 16;
  [[gnu::always_inline]] static std::ptrdiff_t plain_characters(const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    // As signed numbers, what is not ASCII is below the blank too.
    const __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
    constexpr unsigned behind = 1U << static_cast<unsigned>(stride);
    return std::countr_zero(static_cast<unsigned>(_mm_movemask_epi8(special)) | behind);
  }
  [[gnu::always_inline]] static std::ptrdiff_t characters_before(const char* from, char mark) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i found = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(mark));
    constexpr unsigned behind = 1U << static_cast<unsigned>(stride);
    return std::countr_zero(static_cast<unsigned>(_mm_movemask_epi8(found)) | behind);
  }
  [[gnu::always_inline]] static unsigned not_digits(const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    // Digits are the ten smallest signed numbers after this.
    const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(0x80 - '0')));
    const __m128i others = _mm_cmpgt_epi8(moved, _mm_set1_epi8(static_cast<char>(0x80 + 9)));
    return static_cast<unsigned>(_mm_movemask_epi8(others)) | bit(sight);
  }
#else
  static constexpr std::ptrdiff_t stride = 8;
  static std::ptrdiff_t plain_characters(const char* from) {
    const std::uint64_t eight = word(from);
    const std::uint64_t quote = eight ^ each('"');
    const std::uint64_t backslash = eight ^ each('\\');
    // A borrow only disturbs what comes behind the first byte that is found.
    const std::uint64_t below = (quote - each(1)) | (backslash - each(1)) | (eight - each(0x20));
    return std::countr_zero(((below & ~eight) | eight) & each(0x80)) / 8;
  }
  static std::ptrdiff_t characters_before(const char* from, char mark) {
    return std::find(from, from + stride, mark) - from;
  }
  static unsigned not_digits(const char* from) {
    unsigned others = bit(sight);
    for (std::ptrdiff_t i = 0; i < sight; ++i) others |= is_digit(from[i]) ? 0U : bit(i);
    return others;
  }
#endif

  /// The digits at the front of eight characters.
  [[gnu::always_inline]] static Digits digits(const char* from) {
    const std::uint64_t eight = word(from) ^ each('0');
    // 10 and above reach the high bit; a carry only disturbs what comes behind the first of them.
    const std::uint64_t others = ((eight + each(0x76)) | eight) & each(0x80);
    if (others == 0) return {value_of(eight), 8};
    const std::ptrdiff_t count = std::countr_zero(others) / 8;
    if (count == 0) return {};
    return {value_of(eight << (8 * (8 - count))), count};
  }
  /// Of eight characters the first `count`, which are digits; 1 to 8.
  static std::uint64_t first_digits(std::uint64_t eight, std::ptrdiff_t count) {
    return value_of((eight ^ each('0')) << (8 * (8 - count)));
  }

  /// Eight digits, the first in the low byte: pairs, then fours, then all.
  static std::uint64_t value_of(std::uint64_t eight) {
    constexpr std::uint64_t low_bytes = 0x000000ff000000ffULL;
    constexpr std::uint64_t upper = 100 + (1'000'000ULL << 32U);
    constexpr std::uint64_t lower = 1 + (10'000ULL << 32U);
    const std::uint64_t pairs = eight * 10 + (eight >> 8U);
    return (((pairs & low_bytes) * upper + ((pairs >> 16U) & low_bytes) * lower) >> 32U) &
           0xffffffffU;
  }

  const char* at_;
  const char* end_;
  Form form_;                   ///< of the last price with a point
  std::ptrdiff_t digits_ = 13;  ///< of the last number
};

}  // namespace feedwatch::venues::wire
