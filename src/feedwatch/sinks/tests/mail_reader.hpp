#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace feedwatch::sinks {

/// A message taken apart again, strictly.
struct ReadMail {
  std::map<std::string, std::string> headers;  ///< unfolded, encoded words decoded
  std::string body;                            ///< decoded
};

inline std::string from_base64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '=') continue;
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) throw std::runtime_error("not base64");
    bits = (bits << 6U) | static_cast<unsigned>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU);
  }
  return out;
}

/// RFC 2047: words of base64, blanks between two of them mean nothing.
inline std::string from_words(std::string_view text) {
  constexpr std::string_view begin = "=?UTF-8?B?";
  if (!text.starts_with(begin)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find("?=");
    if (!text.starts_with(begin) || end == std::string_view::npos || end + 2 > 75) {
      throw std::runtime_error("not an encoded word");
    }
    out += from_base64(text.substr(begin.size(), end - begin.size()));
    text.remove_prefix(end + 2);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return out;
}

inline ReadMail read_mail(std::string_view text) {
  ReadMail mail;
  std::string newest;
  while (true) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos || end > 998) throw std::runtime_error("no line");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.empty()) break;
    if (line.starts_with(' ')) {
      mail.headers.at(newest) += line;
      continue;
    }
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) throw std::runtime_error("no header");
    newest = line.substr(0, colon);
    if (!mail.headers.emplace(newest, line.substr(colon + 2)).second) {
      throw std::runtime_error("a header twice: " + newest);
    }
  }
  for (auto& [name, value] : mail.headers) value = from_words(value);
  mail.body = from_base64(text);
  return mail;
}

}  // namespace feedwatch::sinks
