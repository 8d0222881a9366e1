// What is kept across restarts, in records that all shards share: each writes the lines of its own
// venues and leaves the others' as they stand, whichever shard a venue is in the next run.
// Dial budgets and bans: UTC stamps, restored as elapsed time: "v1\n" then a line a venue: name,
// end of a ban (ns UTC, 0 = none), stamps of dials. A line of the name "*" says when the record was
// found lost: every venue without a line had spent its budget then.
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
constexpr std::string_view version = "v1";
constexpr std::string_view lost_name = "*";  ///< no venue may be called so
constexpr Duration clock_tolerance = 2s;

using Lines = std::map<std::string, std::string, std::less<>>;  ///< of a record, by name

std::string_view next_word(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::optional<std::int64_t> number(std::string_view word) {
  std::int64_t ns = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), ns);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return ns;
}

std::optional<WallTime> stamp(std::string_view word) {
  const std::optional<std::int64_t> ns = number(word);
  if (!ns || *ns < 0) return std::nullopt;
  return wall_from_ns(*ns);
}

/// Of a group of clocks, "VENUE/…".
std::string_view venue_of(std::string_view group) {
  return group.substr(0, group.find('/'));
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
std::optional<Lines> budgets_of(const std::optional<std::string>& record) {
  if (!record) return std::nullopt;
  std::string_view text = *record;
  if (next_word(text, '\n') != version) return std::nullopt;
  Lines lines;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::string_view name = next_word(line, '\t');
    lines.emplace(name, line);
  }
  return lines;
}

void append_line(std::string& record, std::string_view first, std::string_view rest) {
  record.append(first).append("\t").append(rest).append("\n");
}

std::string record_of_budgets(const Lines& lines) {
  std::string record = std::string(version) + '\n';
  for (const auto& [name, line] : lines) append_line(record, name, line);
  return record;
}

/// In place of a record that is gone or unreadable.
Lines lost_at(WallTime wall) {
  return {{std::string(lost_name), std::to_string(to_ns(wall))}};
}

/// When the budget of a venue without a line counts as spent, if it does.
std::optional<MonoTime> spent_at(const Lines& lines, WallTime wall, MonoTime now) {
  const auto lost = lines.find(lost_name);
  if (lost == lines.end()) return std::nullopt;
  const std::optional<WallTime> at = stamp(lost->second);
  return at && *at < wall ? now - (wall - *at) : now;
}

/// The lines of the record of budgets by venue. A record that is missing or unreadable is replaced,
/// for the other shards and the next start.
Lines restore_budgets(StateStore& state, WallTime wall) {
  const std::optional<std::string> record = state.get(budgets_key);
  if (auto lines = budgets_of(record)) return *std::move(lines);
  // It counts as spent, unless this is the first start there ever was.
  const bool first = !record && !state.get(started_key);
  const Lines lines = first ? Lines{} : lost_at(wall);
  // An empty record first: killed before it has dialled, a first start has lost nothing.
  state.update(budgets_key, [&](const std::optional<std::string>& kept) {
    return record_of_budgets(budgets_of(kept).value_or(lines));
  });
  state.put(started_key, std::string(version));
  return lines;
}

std::string line_of(const feed::VenueFeed::Memory& memory, WallTime wall) {
  std::string line = memory.limited_for ? std::to_string(to_ns(wall + *memory.limited_for)) : "0";
  for (const Duration age : memory.dial_ages) line += '\t' + std::to_string(to_ns(wall - age));
  return line;
}

/// The lines of a record of clock offsets by group.
Lines offsets_of(const std::optional<std::string>& record) {
  Lines lines;
  std::string_view text = record ? std::string_view(*record) : std::string_view();
  if (next_word(text, '\n') != version) return lines;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    const std::string_view offset = next_word(line, '\t');
    if (number(offset)) lines.emplace(line, offset);
  }
  return lines;
}

std::string record_of_offsets(const Lines& lines) {
  std::string record = std::string(version) + '\n';
  for (const auto& [group, offset] : lines) append_line(record, offset, group);
  return record;
}

}  // namespace

void Shard::Impl::restore_memory(MonoTime now) {
  for (const auto& unit : units) restore_memory_of(*unit, now);
}

void Shard::Impl::restore_memory_of(Unit& unit, MonoTime now) {
  restore_offsets(unit.options.name);
  const WallTime wall = anchor.at(now);
  const Lines lines = restore_budgets(ports.state, wall);
  const auto line = lines.find(unit.options.name);
  if (line == lines.end()) {
    // Never dialled before, if the record has always been there.
    if (const auto spent = spent_at(lines, wall, now)) unit.feed->restore_spent(*spent);
  } else if (const auto memory = parse(line->second, wall)) {
    unit.feed->restore(*memory, now);
  } else {
    unit.feed->restore_spent(now);
  }
}

void Shard::Impl::save_memory(MonoTime now) {
  memory_dirty = false;
  const WallTime wall = anchor.at(now);
  ports.state.update(budgets_key, [&](const std::optional<std::string>& kept) {
    Lines lines = budgets_of(kept).value_or(lost_at(wall));
    for (const auto& unit : units) {
      if (unit->gone) continue;
      lines.insert_or_assign(unit->options.name, line_of(unit->feed->memory(now), wall));
    }
    return record_of_budgets(lines);
  });
}

bool Shard::Impl::is_own(std::string_view group) const {
  return std::ranges::any_of(units, [&](const auto& unit) {
    return !unit->gone && unit->options.name == venue_of(group);
  });
}

void Shard::Impl::restore_offsets(std::string_view venue) {
  for (const auto& [group, offset] : offsets_of(ports.state.get(offsets_key))) {
    if (venue_of(group) == venue) monitor.restore_clock_offset({group, Duration{*number(offset)}});
  }
}

void Shard::Impl::save_offsets() {
  Lines learnt;
  for (const Monitor::LearntOffset& offset : monitor.clock_offsets()) {
    learnt.emplace(offset.group, std::to_string(to_ns(offset.offset)));
  }
  std::string record = record_of_offsets(learnt);
  if (record == saved_offsets) return;
  ports.state.update(offsets_key, [&](const std::optional<std::string>& kept) {
    Lines lines = offsets_of(kept);
    std::erase_if(lines, [&](const auto& line) { return is_own(line.first); });
    lines.insert(learnt.begin(), learnt.end());
    return record_of_offsets(lines);
  });
  saved_offsets = std::move(record);
}

}  // namespace feedwatch::engine
