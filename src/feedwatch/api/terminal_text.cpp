#include "feedwatch/api/terminal_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::api {

namespace {

template <class Instead>
std::string filtered(std::string_view text, Instead instead) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view character = text.substr(0, step.length);
    text.remove_prefix(step.length);
    if (step.valid && !is_control(code_point(character))) {
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
