#include "feedwatch/base/utf8.hpp"

namespace feedwatch {
namespace {

/// What a leading byte announces: the length of its sequence and the range of the second byte,
/// which is where overlong forms, surrogates and too large code points show (Unicode 15, table
/// 3-7).
struct Lead {
  std::size_t length;
  unsigned second_low;
  unsigned second_high;
};

constexpr Lead lead(unsigned byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

constexpr unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

Utf8Step utf8_step(std::string_view text) {
  if (text.empty()) return {};
  const Lead first = lead(byte_at(text, 0));
  if (first.length == 0) return {1, false};
  unsigned low = first.second_low;
  unsigned high = first.second_high;
  for (std::size_t at = 1; at < first.length; ++at) {
    if (at == text.size()) return {at, false};
    const unsigned byte = byte_at(text, at);
    if (byte < low || byte > high) return {at, false};
    low = 0x80;
    high = 0xBF;
  }
  return {first.length, true};
}

char32_t code_point(std::string_view character) {
  if (character.size() == 1) return byte_at(character, 0);
  char32_t point = byte_at(character, 0) & (0x7FU >> character.size());
  for (std::size_t at = 1; at < character.size(); ++at) {
    point = point << 6U | (byte_at(character, at) & 0x3FU);
  }
  return point;
}

bool is_control(char32_t point) {
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  const bool separator = point == 0x2028 || point == 0x2029;
  const bool reorders = point == 0x061C || point == 0x200E || point == 0x200F ||
                        (point >= 0x202A && point <= 0x202E) ||
                        (point >= 0x2066 && point <= 0x2069);
  return control || separator || reorders;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

bool is_text(std::string_view text) {
  return is_utf8(text) && !text.contains('\0');
}

}  // namespace feedwatch
