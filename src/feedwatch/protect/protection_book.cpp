// Which positions are protected, and what of them survives a restart.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/protection.hpp"
#include "feedwatch/protect/protection_state.hpp"

namespace feedwatch {
namespace {

constexpr Duration longest_age = 24h * 366 * 20;

Error refused(const Position& position, std::string why, std::string fix) {
  return {fmt::format("position {}/{}/{}", position.venue, position.symbol, position.id),
          std::move(why), std::move(fix)};
}

std::string_view problem_of(const AgedRule& rule) {
  const AgedOptions& options = rule.options;
  if (const std::string_view problem = options.problem(); !problem.empty()) return problem;
  if (std::max({options.max_age, options.grace, options.progressive}) > longest_age) {
    return "times must not be longer than 20 years";
  }
  return rule.sample < Duration::zero() ? "sample must not be negative" : "";
}

}  // namespace

Protection::Protection(WallAnchor anchor, ProtectionOptions options)
    : anchor_(anchor), options_(options) {}
Protection::~Protection() = default;

Result<void> Protection::check(const Position& position, const ProtectionRules& rules) const {
  const auto refuse = [&](std::string why, std::string fix) {
    return std::unexpected(refused(position, std::move(why), std::move(fix)));
  };
  if (by_key_.contains(key_of(position))) return refuse("is there already", "remove it first");
  if (by_key_.size() >= options_.capacity) {
    return refuse(fmt::format("there are {} already", by_key_.size()), "raise the capacity");
  }
  if (!position.entry_price.is_positive()) return refuse("entry_price must be above 0", "");
  if (to_ns(position.opened_at) < 0) return refuse("opened_at must not be before 1970", "");
  if (rules.trailing) {
    if (const std::string_view problem = rules.trailing->options.problem(); !problem.empty()) {
      return refuse(fmt::format("trailing: {}", problem), "change the rule");
    }
  }
  if (rules.aged) {
    if (const std::string_view problem = problem_of(*rules.aged); !problem.empty()) {
      return refuse(fmt::format("aged: {}", problem), "change the rule");
    }
  }
  if ((rules.trailing && rules.trailing->stream.index() >= max_streams) ||
      (rules.aged && rules.aged->stream.index() >= max_streams)) {
    return refuse("a rule's stream has too large a number", "number streams from 0");
  }
  return {};
}

Result<void> Protection::add(const Position& position, const ProtectionRules& rules,
                             const ProtectionMemory& memory, MonoTime now) {
  if (auto checked = check(position, rules); !checked) return checked;
  PositionSlot slot = 0;
  if (free_.empty()) {
    slot = static_cast<PositionSlot>(entries_.size());
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  entries_[slot] = std::make_unique<Entry>();
  Entry& entry = *entries_[slot];
  entry.key = key_of(position);
  entry.opened_at = position.opened_at;
  entry.side = position.side;
  entry.last_number = memory.last_number;
  entry.kept = memory;
  by_key_.emplace(entry.key, slot);
  if (rules.trailing) add_trailing(slot, position, *rules.trailing, memory.trailing, now);
  if (rules.aged) add_aged(slot, position, *rules.aged, memory.aged, now);
  if (entry.trailing) set_waiting(slot, now);
  change(slot, entry);
  return {};
}

void Protection::add_trailing(PositionSlot slot, const Position& position, const TrailingRule& rule,
                              const std::optional<TrailingMemory>& memory, MonoTime now) {
  Entry& entry = *entries_[slot];
  auto stop = memory ? TrailingStop::restore(position.side, position.entry_price, rule.options,
                                             *memory, now)
                     : TrailingStop(position.side, position.entry_price, rule.options);
  if (!stop) {
    find(entry, ProtectionFinding::Type::quarantined, true,
         fmt::format("trailing stop: {}", stop.error()));
    return;
  }
  stop->on_refused();  // nothing is decided before the first price
  Cell& priced_by = cell_of(rule.stream, now);
  entry.trailing.emplace(std::move(*stop), rule.stream, priced_by.windows);
  priced_by.trailing_slots.insert(slot);
  link_trailing(slot, now);
}

void Protection::add_aged(PositionSlot slot, const Position& position, const AgedRule& rule,
                          const std::optional<AgedMemory>& memory, MonoTime now) {
  Entry& entry = *entries_[slot];
  const AgedMemory kept = memory.value_or(AgedMemory{});
  if (const std::string_view problem = kept.problem(); !problem.empty()) {
    find(entry, ProtectionFinding::Type::quarantined, true,
         fmt::format("aged position: {}", problem));
    return;
  }
  Position priced;  // what its target is a function of
  priced.side = position.side;
  priced.entry_price = position.entry_price;
  entry.aged.emplace(AgedWatch(std::move(priced), rule.options, rule.sample, kept), rule.stream);
  cell_of(rule.stream, now).aged_slots.insert(slot);
  link_aged(slot, now);
}

Protection::Cell& Protection::cell_of(ProtectionStream stream, MonoTime now) {
  if (stream.index() >= cells_.size()) cells_.resize(stream.index() + 1);
  std::unique_ptr<Cell>& cell = cells_[stream.index()];
  if (cell == nullptr) {
    cell = std::make_unique<Cell>(stream.value);
    refuse(*cell, now);  // until its first price
  }
  return *cell;
}

bool Protection::remove(const PositionKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  const PositionSlot slot = found->second;
  by_key_.erase(found);
  Entry& entry = *entries_[slot];
  if (entry.trailing) {
    unlink_trailing(slot);
    cell(entry.trailing->stream).trailing_slots.erase(slot);
  }
  if (entry.aged) {
    unlink_aged(slot);
    cell(entry.aged->stream).aged_slots.erase(slot);
  }
  std::erase_if(findings_, [&](const ProtectionFinding& finding) { return finding.key == key; });
  entries_[slot].reset();
  free_.push_back(slot);
  return true;
}

bool Protection::is_used(ProtectionStream stream) const {
  if (stream.index() >= cells_.size() || cells_[stream.index()] == nullptr) return false;
  const Cell& cell = *cells_[stream.index()];
  return !cell.trailing_slots.empty() || !cell.aged_slots.empty();
}

void Protection::forget(ProtectionStream stream) {
  if (stream.index() >= cells_.size()) return;
  if (const Cell* cell = cells_[stream.index()].get(); cell != nullptr) {
    if (cell->unmanaged_at != never_mono)
      timers_.erase({cell->unmanaged_at, Due::stream, cell->id});
    if (cell->moved) std::erase(moved_, cell->id);
    cells_[stream.index()].reset();
  }
  while (!cells_.empty() && cells_.back() == nullptr) cells_.pop_back();
  if (cells_.size() < cells_.capacity() / 4) cells_.shrink_to_fit();
}

std::optional<ProtectionMemory> Protection::memory(const PositionKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const PositionSlot slot = found->second;
  const Entry& entry = *entries_[slot];
  ProtectionMemory out = entry.kept;
  out.last_number = entry.last_number;
  if (entry.trailing) {
    catch_up(slot);
    out.trailing = entry.trailing->stop.memory();
  }
  if (entry.aged) out.aged = entry.aged->watch.memory();
  return out;
}

std::vector<PositionKey> Protection::take_changed() {
  for (const std::uint32_t stream : std::exchange(moved_, {})) {
    Cell& moved = *cells_[stream];
    moved.moved = false;
    PositionSlots slots;
    for (TrailingIndex& index : moved.trailing) index.take_moved(slots);
    for (const PositionSlot slot : slots) change(slot, *entries_[slot]);
  }
  std::vector<PositionKey> out;
  for (const PositionSlot slot : std::exchange(changed_, {})) {
    const auto& entry = entries_[slot];
    if (entry != nullptr && std::exchange(entry->changed, false)) out.push_back(entry->key);
  }
  return out;
}

std::vector<ProtectionFinding> Protection::take_findings() {
  return std::exchange(findings_, {});
}

}  // namespace feedwatch
