#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace feedwatch::net {

/// Well-formed UTF-8 as Unicode table 3-7 has it: no surrogates, no overlong forms, nothing beyond
/// U+10FFFF.
bool is_utf8(std::string_view text);

/// What nearly all text of a venue is, at a glance: the last look overlaps the one before.
[[gnu::always_inline]] inline bool is_ascii(std::string_view text) {
#if defined(__SSE2__)
  using Wide = __m128i;
  const auto at = [](const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const Wide*>(from));
  };
  const auto both = [](Wide a, Wide b) { return _mm_or_si128(a, b); };
  const auto has_high_bits = [](Wide bytes) { return _mm_movemask_epi8(bytes) != 0; };
#else
  using Wide = std::uint64_t;
  const auto at = [](const char* from) {
    Wide eight = 0;
    std::memcpy(&eight, from, sizeof eight);
    return eight;
  };
  const auto both = [](Wide a, Wide b) { return a | b; };
  const auto has_high_bits = [](Wide bytes) { return (bytes & 0x8080808080808080ULL) != 0; };
#endif
  constexpr std::size_t step = sizeof(Wide);
  const char* data = text.data();
  const std::size_t size = text.size();
  if (size < step) {
    unsigned seen = 0;
    for (const char c : text) seen |= static_cast<unsigned char>(c);
    return seen < 0x80;
  }
  const char* const last = data + size - step;
  Wide seen = at(last);
  for (; last - data >= static_cast<std::ptrdiff_t>(3 * step); data += 4 * step) {
    seen = both(seen, both(both(at(data), at(data + step)),
                           both(at(data + 2 * step), at(data + 3 * step))));
  }
  for (; data < last; data += step) seen = both(seen, at(data));
  return !has_high_bits(seen);
}

/// The same for text that comes in pieces, whose ends may fall between the bytes of a character:
/// the first byte that cannot belong to well-formed text is found with the piece it comes in.
class Utf8Stream {
 public:
  /// False from the piece on that makes the text malformed, whatever follows.
  bool feed(std::string_view piece);
  /// Could the text end here?
  bool complete() const { return pending_ == 0; }

 private:
  std::array<char, 4> character_{};  // its first bytes, while the rest is to come
  std::size_t pending_ = 0;
};

}  // namespace feedwatch::net
