#include "feedwatch/config/diff.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

bool same(const Setting* a, const Setting* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->value == b->value;
}

bool same(const Table& table, const Section& a, const Section& b) {
  return std::ranges::all_of(
      table.keys, [&](const Key& key) { return same(a.find(key.name), b.find(key.name)); });
}

/// How people know one table of an array.
std::string name_of(const Section& section, std::size_t place) {
  for (const char* key : {"name", "match", "type"}) {
    const Setting* setting = section.find(key);
    if (setting != nullptr) return std::get<std::string>(setting->value);
  }
  return fmt::format("{}", place + 1);
}

/// The sections of an array by name; of several of one name each has its number behind it.
std::map<std::string, const Section*> named(const Document& document, const Table& table) {
  std::map<std::string, const Section*> out;
  const std::vector<const Section*> sections = document.all(table.name);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    std::string name = name_of(*sections[i], i);
    for (int again = 2; out.contains(name); ++again) {
      name = fmt::format("{} ({})", name_of(*sections[i], i), again);
    }
    out.emplace(std::move(name), sections[i]);
  }
  return out;
}

void compare_array(const Table& table, const Document& running, const Document& next,
                   std::vector<Difference>& out) {
  const auto before = named(running, table);
  const auto after = named(next, table);
  for (const auto& [name, section] : before) {
    const auto found = after.find(name);
    if (found == after.end() || !same(table, *section, *found->second)) {
      out.push_back({fmt::format("{} {}", table.name, name), table.restart});
    }
  }
  for (const auto& [name, section] : after) {
    if (!before.contains(name)) {
      out.push_back({fmt::format("{} {}", table.name, name), table.restart});
    }
  }
}

}  // namespace

std::vector<Difference> differences(const Document& running, const Document& next) {
  std::vector<Difference> out;
  for (const Table& table : schema()) {
    if (table.array) {
      compare_array(table, running, next, out);
      continue;
    }
    const Section& before = running.single(table.name);
    const Section& after = next.single(table.name);
    for (const Key& key : table.keys) {
      if (same(before.find(key.name), after.find(key.name))) continue;
      out.push_back({key_name(table.name, key.name), table.restart || key.restart});
    }
  }
  return out;
}

}  // namespace feedwatch::config
