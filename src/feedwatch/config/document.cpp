#include "feedwatch/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

template <class T>
const T& value_or_empty(const Section& section, std::string_view key) {
  static const T empty{};
  const Setting* setting = section.find(key);
  return setting == nullptr ? empty : std::get<T>(setting->value);
}

bool bare(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

std::string Origin::text() const {
  switch (source) {
    case Source::built_in:
      return "default";
    case Source::file:
      return fmt::format("{}:{}:{}", name, line, column);
    case Source::environment:
    case Source::flag:
      return name;
  }
  return name;
}

const Setting* Section::find(std::string_view key) const {
  const auto it = settings.find(key);
  return it == settings.end() ? nullptr : &it->second;
}

bool Section::given(std::string_view key) const {
  const Setting* setting = find(key);
  return setting != nullptr && !setting->refused;
}

const std::string& Section::text(std::string_view key) const {
  return value_or_empty<std::string>(*this, key);
}
const std::vector<std::string>& Section::list(std::string_view key) const {
  return value_or_empty<std::vector<std::string>>(*this, key);
}
bool Section::flag(std::string_view key) const {
  return value_or_empty<bool>(*this, key);
}
std::int64_t Section::integer(std::string_view key) const {
  return value_or_empty<std::int64_t>(*this, key);
}
Duration Section::duration(std::string_view key) const {
  return value_or_empty<Duration>(*this, key);
}

const Origin& Section::place(std::string_view key) const {
  const Setting* setting = find(key);
  return setting == nullptr ? origin : setting->origin;
}

const Section& Document::single(std::string_view table) const {
  const auto it = std::ranges::find_if(
      sections, [table](const Section& section) { return section.table->name == table; });
  if (it == sections.end()) throw std::logic_error("no such table in the schema");
  return *it;
}

Section& Document::single(std::string_view table) {
  return const_cast<Section&>(std::as_const(*this).single(table));
}

std::vector<const Section*> Document::all(std::string_view table) const {
  std::vector<const Section*> out;
  for (const Section& section : sections) {
    if (section.table->name == table) out.push_back(&section);
  }
  return out;
}

std::string key_name(std::string_view table, std::string_view key) {
  const std::string shown = bare(key) ? std::string(key) : json_quoted(key);
  return table.empty() ? shown : fmt::format("{}.{}", table, shown);
}

void Problems::add(const Origin& place, std::string_view name, std::string why, std::string fix) {
  const std::string what = name.empty() ? place.text() : fmt::format("{}: {}", place.text(), name);
  errors_.push_back({place, Error{what, std::move(why), std::move(fix)}});
}

void Problems::add(const Section& section, std::string_view key, std::string why, std::string fix) {
  add(section.place(key), key_name(section.table->name, key), std::move(why), std::move(fix));
}

void Problems::warn(const Section& section, std::string_view key, std::string why,
                    std::string fix) {
  const Origin& place = section.place(key);
  const std::string name = key_name(section.table->name, key);
  warnings_.push_back(
      {place, Error{fmt::format("{}: {}", place.text(), name), std::move(why), std::move(fix)}});
}

std::vector<Error> Problems::take() {
  return in_order(std::exchange(errors_, {}));
}

std::vector<Error> Problems::take_warnings() {
  return in_order(std::exchange(warnings_, {}));
}

std::vector<Error> Problems::in_order(std::vector<Found> found) {
  // By hand stable: the library's own stable sort does not compile without warnings everywhere.
  std::vector<std::tuple<bool, std::uint32_t, std::uint32_t, std::size_t>> order;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Origin& place = found[i].place;
    order.emplace_back(place.source != Origin::Source::file, place.line, place.column, i);
  }
  std::ranges::sort(order);
  std::vector<Error> out;
  for (const auto& each : order) out.push_back(std::move(found[std::get<3>(each)].error));
  return out;
}

}  // namespace feedwatch::config
