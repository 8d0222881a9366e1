#include "feedwatch/alert/identity.hpp"

#include <fmt/format.h>

namespace feedwatch::alert {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string identity_of(std::string_view name, const Labels& labels) {
  std::string text(name);
  if (labels.empty()) return text;
  char separator = '{';
  for (const auto& [label, value] : labels) {
    text += separator;
    text += label;
    text += '=';
    append_quoted(text, value);
    separator = ',';
  }
  text += '}';
  return text;
}

std::uint64_t fingerprint(std::string_view identity) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : identity) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::string fingerprint_text(std::string_view identity) {
  return fmt::format("{:016x}", fingerprint(identity));
}

}  // namespace feedwatch::alert
