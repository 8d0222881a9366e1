#include "feedwatch/net/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace feedwatch::net {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080ULL;

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

std::uint64_t eight_at(const char* data) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, data, sizeof eight);
  return eight;
}

struct Scan {
  bool well_formed = false;
  std::size_t tail = 0;  ///< bytes at the end that begin a character and do not end it
};

/// Is `rest`, which begins with a lead byte and is too short for its sequence, the beginning of
/// one?
bool begins(std::string_view rest, const Lead& lead) {
  if (rest.size() == 1) return true;
  const auto second = static_cast<unsigned char>(rest[1]);
  return second >= lead.low && second <= lead.high &&
         (rest.size() == 2 || continues(static_cast<unsigned char>(rest[2])));
}

Scan scan(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    if (text.size() - i >= sizeof(std::uint64_t)) {
      if ((eight_at(text.data() + i) & high_bits) == 0) {
        i += sizeof(std::uint64_t);
        continue;
      }
    }
    if (byte(i) < 0x80) {
      ++i;
      continue;
    }
    const Lead lead = lead_of(byte(i));
    if (lead.length == 0) return {};
    const std::string_view rest = text.substr(i);
    if (rest.size() < lead.length) return {.well_formed = begins(rest, lead), .tail = rest.size()};
    if (byte(i + 1) < lead.low || byte(i + 1) > lead.high) return {};
    for (std::size_t k = 2; k < lead.length; ++k) {
      if (!continues(byte(i + k))) return {};
    }
    i += lead.length;
  }
  return {.well_formed = true};
}

}  // namespace

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  const Scan found = scan(text);
  return found.well_formed && found.tail == 0;
}

bool Utf8Stream::feed(std::string_view piece) {
  while (pending_ != 0 && !piece.empty()) {
    character_[pending_++] = piece.front();
    piece.remove_prefix(1);
    const Scan found = scan({character_.data(), pending_});
    if (!found.well_formed) return false;
    if (found.tail == 0) pending_ = 0;
  }
  if (piece.empty()) return true;
  const Scan found = scan(piece);
  if (!found.well_formed) return false;
  pending_ = found.tail;
  std::memcpy(character_.data(), piece.data() + piece.size() - found.tail, found.tail);
  return true;
}

}  // namespace feedwatch::net
