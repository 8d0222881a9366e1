#include "feedwatch/api/terminal_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::api {

namespace {

/// Of well-formed UTF-8.
char32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t point = byte(0) & (0x7FU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) point = point << 6U | (byte(i) & 0x3FU);
  return point;
}

bool dangerous(char32_t point) {
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  const bool separator = point == 0x2028 || point == 0x2029;
  const bool reorders = point == 0x061C || point == 0x200E || point == 0x200F ||
                        (point >= 0x202A && point <= 0x202E) ||
                        (point >= 0x2066 && point <= 0x2069);
  return control || separator || reorders;
}

template <class Instead>
std::string filtered(std::string_view text, Instead instead) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view character = text.substr(0, step.length);
    text.remove_prefix(step.length);
    if (step.valid && !dangerous(code_point(character))) {
      out += character;
    } else {
      instead(out, step.valid ? code_point(character) : U'\uFFFD');
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return filtered(text, [](std::string& out, char32_t) { out += "\xEF\xBF\xBD"; });
}

std::string printable_json(std::string_view json) {
  return filtered(json, [](std::string& out, char32_t point) {
    // Below the blank only white space between tokens is valid JSON.
    if (point < 0x20) {
      out += ' ';
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(point));
    }
  });
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace feedwatch::api
