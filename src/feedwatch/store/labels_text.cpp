#include "feedwatch/store/labels_text.hpp"

#include <charconv>
#include <optional>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::store {
namespace {

/// What stands for itself behind a backslash, or the control character it names.
char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;
  }
}

/// UTF-8 of a code point of the basic plane: the writer escapes no other.
void append_character(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
  } else {
    out += static_cast<char>(0xE0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
  }
  out += static_cast<char>(0x80U | (code & 0x3FU));
}

/// Takes one quoted string off the front.
std::optional<std::string> take_quoted(std::string_view& json) {
  if (json.empty() || json.front() != '"') return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < json.size(); ++i) {
    if (json[i] == '"') {
      json.remove_prefix(i + 1);
      return out;
    }
    if (json[i] != '\\') {
      out += json[i];
      continue;
    }
    if (++i == json.size()) break;
    if (json[i] != 'u') {
      out += unescaped(json[i]);
      continue;
    }
    if (json.size() - i < 5) break;
    unsigned code = 0;
    std::from_chars(json.data() + i + 1, json.data() + i + 5, code, 16);
    append_character(out, code);
    i += 4;
  }
  return std::nullopt;
}

bool take(std::string_view& json, char c) {
  if (json.empty() || json.front() != c) return false;
  json.remove_prefix(1);
  return true;
}

}  // namespace

std::string labels_json(const Labels& labels) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const auto& [name, value] : labels) json.field(name, value);
  json.end_object();
  return out;
}

Labels labels_from_json(std::string_view json) {
  Labels labels;
  if (!take(json, '{')) return labels;
  do {
    std::optional<std::string> name = take_quoted(json);
    if (!name || !take(json, ':')) break;
    std::optional<std::string> value = take_quoted(json);
    if (!value) break;
    labels.emplace_back(std::move(*name), std::move(*value));
  } while (take(json, ','));
  return labels;
}

}  // namespace feedwatch::store
