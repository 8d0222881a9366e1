#include "feedwatch/config/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/config/nearest.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

void set_from_text(Document& document, const Table& table, const Key& key, std::string_view text,
                   Origin origin, Problems& problems) {
  std::expected<Value, Complaint> value = value_from_text(key, text);
  if (!value) {
    problems.add(origin, key_name(table.name, key.name), value.error().why, value.error().fix);
    return;
  }
  document.single(table.name)
      .settings.insert_or_assign(std::string(key.name),
                                 Setting{.value = std::move(*value), .origin = std::move(origin)});
}

/// Calls `body(table, key)` for every key the environment and flags can set.
template <class Body>
void each_single_key(Body body) {
  for (const Table& table : schema()) {
    if (table.array) continue;
    for (const Key& key : table.keys) body(table, key);
  }
}

/// Of the commands that ask a running monitor; whoever exports it may also start one.
constexpr std::string_view client_address = "FEEDWATCH_API_URL";

bool looks_like_ours(std::string_view name) {
  if (name == client_address) return false;
  return std::ranges::any_of(schema(), [name](const Table& table) {
    if (table.array || table.name.empty()) return false;
    const std::string prefix = environment_name(table, Key{.name = ""});
    return name.starts_with(prefix);
  });
}

void refuse_misspelt(const Variables& environment, const std::vector<std::string>& known,
                     Problems& problems) {
  const std::vector<std::string_view> valid(known.begin(), known.end());
  for (const auto& [name, value] : environment) {
    if (!looks_like_ours(name) || std::ranges::find(known, name) != known.end()) continue;
    problems.add(Origin{Origin::Source::environment, name}, "", "unknown variable",
                 suggest(name, valid));
  }
}

}  // namespace

std::optional<std::string> variable(const Variables& variables, std::string_view name) {
  const auto it =
      std::ranges::find_if(variables, [name](const auto& each) { return each.first == name; });
  if (it == variables.end() || it->second.empty()) return std::nullopt;
  return it->second;
}

void apply_environment(Document& document, const Variables& environment, Problems& problems) {
  std::vector<std::string> known;
  each_single_key([&](const Table& table, const Key& key) {
    const std::string& name = known.emplace_back(environment_name(table, key));
    if (const std::optional<std::string> text = variable(environment, name)) {
      set_from_text(document, table, key, *text, {Origin::Source::environment, name}, problems);
    }
  });
  refuse_misspelt(environment, known, problems);
}

void apply_flags(Document& document, const Variables& flags, Problems& problems) {
  for (const auto& [name, text] : flags) {
    const Origin origin{Origin::Source::flag, "--set " + name};
    bool found = false;
    std::vector<std::string> names;
    each_single_key([&](const Table& table, const Key& key) {
      if (names.emplace_back(key_name(table.name, key.name)) != name) return;
      found = true;
      set_from_text(document, table, key, text, origin, problems);
    });
    if (found) continue;
    const std::vector<std::string_view> valid(names.begin(), names.end());
    problems.add(origin, "", "unknown key", suggest(name, valid));
  }
}

void apply_defaults(Document& document) {
  for (Section& section : document.sections) {
    for (const Key& key : section.table->keys) {
      if (section.settings.contains(key.name)) continue;
      if (std::optional<Value> value = fallback_value(key)) {
        section.settings.emplace(std::string(key.name),
                                 Setting{.value = std::move(*value), .origin = {}});
      }
    }
  }
}

}  // namespace feedwatch::config
