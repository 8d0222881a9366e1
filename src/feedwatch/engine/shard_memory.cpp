// What is kept across restarts. Dial budgets and bans: UTC stamps in one record, restored as
// elapsed time: "v1\n" then a line a venue: name, end of a ban (ns UTC, 0 = none), stamps of dials.
// Clock offsets: "v1\n" then a line a group: nanoseconds, name.

#include <charconv>
#include <string>
#include <string_view>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

constexpr const char* budgets_key = "engine/dial_budgets";
constexpr const char* started_key = "engine/first_start";
constexpr const char* offsets_key = "engine/clock_offsets";
constexpr Duration clock_tolerance = 2s;

std::string_view next_word(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::optional<WallTime> stamp(std::string_view word) {
  std::int64_t ns = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), ns);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return wall_from_ns(ns);
}

/// Nullopt when a stamp is unreadable or lies in the future: the record is not credible.
std::optional<feed::VenueFeed::Memory> parse(std::string_view line, WallTime now) {
  feed::VenueFeed::Memory memory;
  const std::optional<WallTime> ban = stamp(next_word(line, '\t'));
  if (!ban) return std::nullopt;
  if (*ban > now) memory.limited_for = *ban - now;
  while (!line.empty()) {
    const std::optional<WallTime> dial = stamp(next_word(line, '\t'));
    if (!dial || *dial > now + clock_tolerance) return std::nullopt;
    memory.dial_ages.push_back(now - *dial);
  }
  return memory;
}

}  // namespace

void Shard::Impl::restore_memory(MonoTime now) {
  restore_offsets();
  const std::optional<std::string> record = ports.state.get(budgets_key);
  if (!record) {
    // A missing record counts as spent, unless this is the first start there ever was.
    const bool first_start = !ports.state.get(started_key);
    // An empty record first: killed before it has dialled, a first start has lost nothing.
    if (first_start) ports.state.put(budgets_key, "v1\n");
    ports.state.put(started_key, "v1");
    for (const auto& unit : units) {
      if (!first_start) unit->feed->restore_spent(now);
    }
    return;
  }
  std::string_view text = *record;
  const bool readable = next_word(text, '\n') == "v1";
  std::map<std::string_view, std::string_view> lines;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::string_view name = next_word(line, '\t');
    lines.emplace(name, line);
  }
  for (const auto& unit : units) {
    const auto line = lines.find(unit->options.name);
    if (readable && line == lines.end()) continue;  // never dialled before
    const auto memory = readable ? parse(line->second, anchor.at(now)) : std::nullopt;
    if (memory) {
      unit->feed->restore(*memory, now);
    } else {
      unit->feed->restore_spent(now);
    }
  }
}

void Shard::Impl::save_memory(MonoTime now) {
  memory_dirty = false;
  const WallTime wall = anchor.at(now);
  std::string record = "v1\n";
  for (const auto& unit : units) {
    const feed::VenueFeed::Memory memory = unit->feed->memory(now);
    record += unit->options.name;
    record += '\t';
    record += memory.limited_for ? std::to_string(to_ns(wall + *memory.limited_for)) : "0";
    for (const Duration age : memory.dial_ages) record += '\t' + std::to_string(to_ns(wall - age));
    record += '\n';
  }
  ports.state.put(budgets_key, std::move(record));
}

void Shard::Impl::restore_offsets() {
  const std::optional<std::string> record = ports.state.get(offsets_key);
  if (!record) return;
  std::string_view text = *record;
  if (next_word(text, '\n') != "v1") return;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::optional<WallTime> offset = stamp(next_word(line, '\t'));
    if (offset) monitor.restore_clock_offset({std::string(line), Duration{to_ns(*offset)}});
  }
}

void Shard::Impl::save_offsets() {
  std::string record = "v1\n";
  for (const Monitor::LearntOffset& learnt : monitor.clock_offsets()) {
    record += std::to_string(to_ns(learnt.offset)) + '\t' + learnt.group + '\n';
  }
  if (record == saved_offsets) return;
  ports.state.put(offsets_key, record);
  saved_offsets = std::move(record);
}

}  // namespace feedwatch::engine
