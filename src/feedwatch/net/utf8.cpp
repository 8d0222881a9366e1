#include "feedwatch/net/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace feedwatch::net {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080ULL;

/// So many bytes at once, as nearly all of what venues send is ASCII.
constexpr std::size_t stride = 64;

bool is_ascii(const char* bytes) {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < stride; i += sizeof all) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + i, sizeof eight);
    all |= eight;
  }
  return (all & high_bits) == 0;
}

struct Lead {
  std::size_t length = 0;                 ///< 0: no sequence begins like this
  unsigned char low = 0x80, high = 0xbf;  ///< bounds of the second byte
};

Lead lead_of(unsigned char c) {
  if (c >= 0xc2 && c <= 0xdf) return {.length = 2};
  if (c == 0xe0) return {.length = 3, .low = 0xa0};
  if (c == 0xed) return {.length = 3, .high = 0x9f};
  if (c >= 0xe1 && c <= 0xef) return {.length = 3};
  if (c == 0xf0) return {.length = 4, .low = 0x90};
  if (c == 0xf4) return {.length = 4, .high = 0x8f};
  if (c >= 0xf1 && c <= 0xf3) return {.length = 4};
  return {};
}

bool continues(unsigned char c) {
  return (c & 0xc0U) == 0x80U;
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    if (text.size() >= stride) {
      // What is left may be shorter: then it is looked at with what comes before it.
      const std::size_t from = std::min(i, text.size() - stride);
      if (is_ascii(text.data() + from)) {
        i = from + stride;
        continue;
      }
    }
    if (text.size() - i >= sizeof(std::uint64_t)) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & high_bits) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    if (byte(i) < 0x80) {
      ++i;
      continue;
    }
    const Lead lead = lead_of(byte(i));
    if (lead.length == 0 || text.size() - i < lead.length) return false;
    if (byte(i + 1) < lead.low || byte(i + 1) > lead.high) return false;
    for (std::size_t k = 2; k < lead.length; ++k) {
      if (!continues(byte(i + k))) return false;
    }
    i += lead.length;
  }
  return true;
}

}  // namespace feedwatch::net
