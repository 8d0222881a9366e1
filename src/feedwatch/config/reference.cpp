#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

This page is generated from the schema the program itself uses (`src/feedwatch/config/schema.cpp`).

`feedwatch run -c FILE` reads one TOML file. Without a file the defaults below hold. Order, later wins:
defaults, file, environment (`FEEDWATCH_*`), flags (`--set table.key=value`). In the environment and in
flags values stand without quotes, and lists are separated by commas; arrays of tables can only be
written in the file.

Durations are texts with units: `"750ms"`, `"3s"`, `"1h30m"` (ns, us, ms, s, m, h, d), at most `"365d"`. An
unknown or duplicate key, a wrong type, a bad unit or a value that makes no sense stops the start with exit code 3
and a line for each mistake: file, line, column, key, and what to do. `config check -c FILE` says
the same without starting, `config print` shows what is in force and where each value came from,
`config schema` prints a JSON schema for editors. Secrets come from files or the environment and are
never printed. Paths of secrets that are not absolute are looked for in `$CREDENTIALS_DIRECTORY`
(systemd), else beside the configuration file.

SIGHUP or `POST /v1/admin/reload` reads all of it again. What differs is applied to the running monitor, all of it or, where
anything is wrong, nothing; lines, subscriptions and levels that it does not concern stay as they are. Keys marked
*restart* cannot change while it runs: a configuration in which one differs is refused with its name.

```toml
preset = "tight"

[[venue]]
name = "binance-usdm"
streams = ["BTCUSDT/mark", "ETHUSDT/quote"]

[[venue]]
name = "bybit-linear"
streams = ["BTCUSDT/last"]

[[policy]]
match = "binance-usdm/*/mark"
degraded_after = "3s"
stale_after = "10s"

[[sink]]
type = "webhook"
url_file = "/run/secrets/hook"
```
)";

std::string type_cell(const Key& key) {
  if (key.type != Type::word) return std::string(to_text(key.type));
  return fmt::format("`{}`", fmt::join(key.words, "`, `"));
}

std::string default_cell(const Key& key) {
  if (key.required) return "required";
  return key.fallback.empty() ? "" : fmt::format("`{}`", key.fallback);
}

std::string heading(const Table& table) {
  if (table.name.empty()) return "Top level";
  return table.array ? fmt::format("`[[{}]]`", table.name) : fmt::format("`[{}]`", table.name);
}

std::string table_markdown(const Table& table) {
  std::string out = fmt::format("\n## {}\n\n{}\n\n", heading(table), table.help);
  out += table.array ? "| key | type | default | meaning |\n|---|---|---|---|\n"
                     : "| key | type | default | environment | meaning |\n|---|---|---|---|---|\n";
  for (const Key& key : table.keys) {
    out += fmt::format("| `{}` | {} | {} | ", key.name, type_cell(key), default_cell(key));
    if (!table.array) out += fmt::format("`{}` | ", environment_name(table, key));
    out += fmt::format("{}{} |\n", key.help, table.restart || key.restart ? " *Restart.*" : "");
  }
  return out;
}

void write_default(JsonWriter& json, const Key& key) {
  const std::optional<Value> value = fallback_value(key);
  if (!value) return;
  // A TOML default is JSON already: text, number, boolean or the empty list.
  json.key("default").raw(key.fallback);
}

void write_key(JsonWriter& json, const Key& key) {
  json.begin_object().field("description", key.help);
  switch (key.type) {
    case Type::text:
      json.field("type", "string");
      break;
    case Type::word:
      json.key("enum").begin_array();
      for (const std::string_view word : key.words) json.string(word);
      json.end_array();
      break;
    case Type::boolean:
      json.field("type", "boolean");
      break;
    case Type::integer:
      json.field("type", "integer").field("minimum", key.min).field("maximum", key.max);
      break;
    case Type::duration:
      json.field("type", "string").field("pattern", "^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d))+$");
      break;
    case Type::list:
      json.field("type", "array").key("items").begin_object().field("type", "string").end_object();
      break;
  }
  write_default(json, key);
  json.end_object();
}

/// The properties of one table and what they demand; the object stays open.
void write_properties(JsonWriter& json, const Table& table) {
  for (const Key& key : table.keys) {
    json.key(key.name);
    write_key(json, key);
  }
}

void write_table(JsonWriter& json, const Table& table) {
  json.begin_object().field("type", "object").field("description", table.help);
  json.field("additionalProperties", false);
  json.key("properties").begin_object();
  write_properties(json, table);
  json.end_object();
  json.key("required").begin_array();
  for (const Key& key : table.keys) {
    if (key.required) json.string(key.name);
  }
  json.end_array().end_object();
}

}  // namespace

std::string reference_markdown() {
  std::string out(introduction);
  for (const Table& table : schema()) out += table_markdown(table);
  return out;
}

std::string json_schema() {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.field("title", "feedwatch configuration").field("type", "object");
  json.field("additionalProperties", false).key("properties").begin_object();
  for (const Table& table : schema()) {
    if (table.name.empty()) {
      write_properties(json, table);
      continue;
    }
    json.key(table.name);
    if (table.array) json.begin_object().field("type", "array").key("items");
    write_table(json, table);
    if (table.array) json.end_object();
  }
  json.end_object().end_object();
  return out;
}

}  // namespace feedwatch::config
