// What is kept across restarts. Dial budgets and bans: UTC stamps in one record, restored as
// elapsed time: "v1\n" then a line a venue: name, end of a ban (ns UTC, 0 = none), stamps of dials.
// Clock offsets: "v1\n" then a line a group: nanoseconds, name.

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

constexpr const char* budgets_key = "engine/dial_budgets";
constexpr const char* started_key = "engine/first_start";
constexpr const char* offsets_key = "engine/clock_offsets";
constexpr const char* shards_key = "engine/shards";
constexpr Duration clock_tolerance = 2s;

/// What a record of budgets says, by venue.
using VenueLines = std::map<std::string, std::string, std::less<>>;

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

/// The lines of a record of budgets by venue; nothing when it is none.
std::optional<VenueLines> lines_of(const std::optional<std::string>& record) {
  if (!record) return std::nullopt;
  std::string_view text = *record;
  if (next_word(text, '\n') != "v1") return std::nullopt;
  VenueLines lines;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::string_view name = next_word(line, '\t');
    lines.emplace(name, line);
  }
  return lines;
}

}  // namespace

/// Each shard keeps its own record, and venues may have been another one's in an earlier run.
std::string Shard::Impl::key_of(std::string_view base, std::size_t shard) {
  return shard == 0 ? std::string(base) : std::string(base) + "." + std::to_string(shard);
}

/// How many shards have ever kept something.
std::size_t Shard::Impl::shards_kept() {
  const std::optional<std::string> record = ports.state.get(shards_key);
  std::size_t kept = 1;
  if (record) std::from_chars(record->data(), record->data() + record->size(), kept);
  kept = std::clamp<std::size_t>(kept, 1, board::max_shards);
  if (options.shards <= kept) return kept;
  ports.state.put(shards_key, std::to_string(options.shards));
  return options.shards;
}

void Shard::Impl::restore_memory(MonoTime now) {
  const std::size_t kept = shards_kept();
  restore_offsets(kept);
  const std::string key = key_of(budgets_key, options.shard);
  const std::optional<std::string> record = ports.state.get(key);
  std::optional<VenueLines> own = lines_of(record);
  if (!record) {
    // A missing record counts as spent, unless this is the first start there ever was.
    const std::string started = key_of(started_key, options.shard);
    // An empty record first: killed before it has dialled, a first start has lost nothing.
    if (!ports.state.get(started)) {
      ports.state.put(key, "v1\n");
      own.emplace();
    }
    ports.state.put(started, "v1");
  }
  VenueLines lines = own.value_or(VenueLines{});
  for (std::size_t shard = 0; shard < kept; ++shard) {
    if (shard == options.shard) continue;
    const auto theirs = lines_of(ports.state.get(key_of(budgets_key, shard)));
    if (theirs) lines.insert(theirs->begin(), theirs->end());
  }
  for (const auto& unit : units) {
    const auto line = lines.find(unit->options.name);
    if (own && line == lines.end()) continue;  // never dialled before
    const auto memory = line != lines.end() ? parse(line->second, anchor.at(now)) : std::nullopt;
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
  ports.state.put(key_of(budgets_key, options.shard), std::move(record));
}

void Shard::Impl::restore_offsets(std::size_t kept) {
  for (std::size_t shard = 0; shard < kept; ++shard) {
    const std::optional<std::string> record = ports.state.get(key_of(offsets_key, shard));
    std::string_view text = record ? std::string_view(*record) : std::string_view();
    if (next_word(text, '\n') != "v1") continue;
    while (!text.empty()) {
      std::string_view line = next_word(text, '\n');
      const std::optional<WallTime> offset = stamp(next_word(line, '\t'));
      if (offset) monitor.restore_clock_offset({std::string(line), Duration{to_ns(*offset)}});
    }
  }
}

void Shard::Impl::save_offsets() {
  std::string record = "v1\n";
  for (const Monitor::LearntOffset& learnt : monitor.clock_offsets()) {
    record += std::to_string(to_ns(learnt.offset)) + '\t' + learnt.group + '\n';
  }
  if (record == saved_offsets) return;
  ports.state.put(key_of(offsets_key, options.shard), record);
  saved_offsets = std::move(record);
}

}  // namespace feedwatch::engine
