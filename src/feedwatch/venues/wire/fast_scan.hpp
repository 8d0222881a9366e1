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
/// readable bytes behind the text: literals are compared without asking where the text ends, so
/// that a scan may run past it. No field is begun there, and at the end at_end() or is_inside()
/// must be asked. A field reaches 18 bytes past the end at most, a literal reads 8 at a time: so
/// from one field, or is_inside(), to the next there may be literals of 38 characters, or of 56.
class FastScan {
 public:
  explicit FastScan(std::string_view padded)
      : at_(padded.data()), end_(padded.data() + padded.size()) {}

  template <std::size_t N>
  [[gnu::always_inline]] bool literal(const char (&text)[N]) {
    constexpr auto size = static_cast<std::ptrdiff_t>(N - 1);
    static_assert(N - 1 <= frame_padding - 8);
    if constexpr (size <= 8) {
      std::uint64_t wanted = 0;
      std::memcpy(&wanted, text, N - 1);
      if ((word(at_) ^ wanted) << (8 * (8 - size)) != 0) return false;
    } else {
      // The last eight overlap those before. In line: memcmp() would be a call.
      std::uint64_t other = word(at_ + size - 8) ^ word(text + size - 8);
      for (std::ptrdiff_t i = 0; i < size - 8; i += 8) other |= word(at_ + i) ^ word(text + i);
      if (other != 0) return false;
    }
    at_ += size;
    return true;
  }

  /// The character here, or so many behind it; anything at the end.
  char peek(std::ptrdiff_t behind = 0) const { return at_[behind]; }

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
    if (!is_inside()) return false;
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
      out = joined(word(begin), last(word(begin + 8), more), power(more));
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
    if (is_of_today()) {
      value = joined(word(at_), last(word(at_ + 8), today - 8), power(today - 8));
      at_ += today;
    } else if (!number(value) || value == 0) {
      return false;
    }
    if (value > latest) return false;
    out = wall_from_ms(static_cast<std::int64_t>(value));
    return true;
  }

  /// number() of what is most likely milliseconds since 1970.
  [[gnu::always_inline]] bool any_millis() {
    if (!is_of_today()) return number();
    at_ += today;
    return true;
  }

  /// text() of one that is most likely as long as `size`: a guess that holds costs no waiting for
  /// where the text ends.
  [[gnu::always_inline]] bool text_like(std::ptrdiff_t size, std::string_view& out) {
    if (!is_inside()) return false;
    if (size >= stride || plain_characters(at_) != size || at_[size] != '"') return text(out);
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size + 1;
    return true;
  }
  /// Passes the printable ASCII before `mark`, as long as it is short; else nothing.
  [[gnu::always_inline]] std::ptrdiff_t up_to(char mark) {
    if (!is_inside()) return 0;
    const std::ptrdiff_t size = characters_before(at_, mark);
    if (size == stride || plain_characters(at_) < size) return 0;
    at_ += size;
    return size;
  }

  /// A price up to the closing quote, which is passed: at most 8 digits before the point and 8
  /// behind it. Those of one message are mostly written alike: a price that has its point and its
  /// end where the one before had them costs no waiting for where they are.
  [[gnu::always_inline]] bool price(Decimal& out, std::string_view& token) {
    if (!is_inside()) return false;
    const unsigned others = not_digits(at_);
    if (!ends_as_before(others)) {
      const std::ptrdiff_t point = std::countr_zero(others);
      const std::ptrdiff_t end = std::countr_zero(others & (others - 1));
      if (end >= sight || at_[point] != '.') return long_price(out, token);
      if (point == 0 || point > 8 || end - point < 2 || end - point > 9) return false;
      form_ = {point, end};
    }
    const char* begin = at_;
    const std::ptrdiff_t scale = form_.end - form_.point - 1;
    if (begin[form_.point] != '.' || (*begin == '0' && form_.point != 1)) return false;
    const std::uint64_t mantissa = joined(last(word(begin), form_.point),
                                          last(word(begin + form_.point + 1), scale), power(scale));
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
  bool is_inside() const { return at_ <= end_; }

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

  /// Digits of a moment between the years 2001 and 2286.
  static constexpr std::ptrdiff_t today = 13;
  bool is_of_today() const {
    return is_inside() && begins_with_digits(not_digits(at_), today) && *at_ != '0';
  }
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
  /// Of eight characters the first `count`, 1 to 8, moved to where the last would be; zeros before.
  static std::uint64_t last(std::uint64_t eight, std::ptrdiff_t count) {
    return eight << (8 * (8 - count));
  }
  /// Eight characters and eight more, each digits behind zeros: the first of the two numbers times
  /// `weight`, plus the second.
#if defined(__SSE2__)
  [[gnu::always_inline]] static std::uint64_t joined(std::uint64_t first, std::uint64_t second,
                                                     std::uint64_t weight) {
    const __m128i all =
        _mm_set_epi64x(static_cast<long long>(second), static_cast<long long>(first));
    const __m128i digits = _mm_subs_epu8(all, _mm_set1_epi8('0'));
    const __m128i pairs = _mm_and_si128(
        _mm_add_epi16(_mm_mullo_epi16(digits, _mm_set1_epi16(10)), _mm_srli_epi16(digits, 8)),
        _mm_set1_epi16(0xff));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    const __m128i eights =
        _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10'000));
    const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
    return (both & 0xffffffffU) * weight + (both >> 32U);
  }
#else
  static std::uint64_t joined(std::uint64_t first, std::uint64_t second, std::uint64_t weight) {
    // Of zeros and digits the low halves are their values.
    const std::uint64_t values = each(0x0f);
    return value_of(first & values) * weight + value_of(second & values);
  }
#endif
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
