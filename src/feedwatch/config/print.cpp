#include "feedwatch/config/print.hpp"

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/schema.hpp"
#include "feedwatch/config/url.hpp"

namespace feedwatch::config {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// "https://host/…": enough to see where it goes.
std::string hidden(const Value& value) {
  const std::optional<Url> url = parse_url(std::get<std::string>(value));
  return url ? url->origin() + "/…" : "…";
}

/// JSON's quoting is TOML's, but for DEL, which TOML wants escaped.
std::string toml_quoted(std::string_view text) {
  std::string out;
  for (const char c : json_quoted(text)) {
    if (c == '\x7f') {
      out += "\\u007F";
    } else {
      out += c;
    }
  }
  return out;
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += toml_quoted(text);
  }
  return out += ']';
}

std::string toml_value(const Value& value) {
  return std::visit(
      Overloaded{[](const std::string& text) { return toml_quoted(text); },
                 [](bool flag) { return std::string(flag ? "true" : "false"); },
                 [](std::int64_t number) { return std::to_string(number); },
                 [](Duration duration) { return toml_quoted(format_duration(duration)); },
                 [](const std::vector<std::string>& texts) { return toml_list(texts); }},
      value);
}

void json_value(JsonWriter& json, const Value& value) {
  std::visit(Overloaded{[&](const std::string& text) { json.string(text); },
                        [&](bool flag) { json.boolean(flag); },
                        [&](std::int64_t number) { json.integer(number); },
                        [&](Duration duration) { json.string(format_duration(duration)); },
                        [&](const std::vector<std::string>& texts) {
                          json.begin_array();
                          for (const std::string& text : texts) json.string(text);
                          json.end_array();
                        }},
             value);
}

/// A comment ends with its line, and a file's name may hold anything.
std::string comment_text(const std::string& text) {
  const std::string quoted = json_quoted(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string section_toml(const Section& section) {
  const Table& table = *section.table;
  std::string out;
  if (!table.name.empty()) {
    out +=
        table.array ? fmt::format("\n[[{}]]\n", table.name) : fmt::format("\n[{}]\n", table.name);
  }
  for (const Key& key : table.keys) {
    const Setting* setting = section.find(key.name);
    if (setting == nullptr) continue;
    const std::string from = comment_text(setting->origin.text());
    if (key.secret) {
      out += fmt::format("# {} = {}  # {}\n", key.name, toml_quoted(hidden(setting->value)), from);
    } else {
      out += fmt::format("{} = {}  # {}\n", key.name, toml_value(setting->value), from);
    }
  }
  return out;
}

void section_json(JsonWriter& json, const Section& section) {
  for (const Key& key : section.table->keys) {
    const Setting* setting = section.find(key.name);
    if (setting == nullptr) continue;
    json.key(key.name);
    if (key.secret) {
      json.string(hidden(setting->value));
    } else {
      json_value(json, setting->value);
    }
  }
}

}  // namespace

std::string print_toml(const Config& config) {
  std::string out;
  for (const Table& table : schema()) {
    for (const Section* section : config.document.all(table.name)) out += section_toml(*section);
  }
  return out;
}

std::string print_json(const Config& config) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const Table& table : schema()) {
    const std::vector<const Section*> sections = config.document.all(table.name);
    if (table.name.empty()) {
      section_json(json, *sections.front());
      continue;
    }
    json.key(table.name);
    if (table.array) json.begin_array();
    for (const Section* section : sections) {
      json.begin_object();
      section_json(json, *section);
      json.end_object();
    }
    if (table.array) json.end_array();
  }
  json.end_object();
  return out;
}

}  // namespace feedwatch::config
