// Around one decision of one position: catching up, what is said, and where it is linked after it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/percent.hpp"
#include "feedwatch/protect/protection.hpp"
#include "feedwatch/protect/protection_state.hpp"

namespace feedwatch {
namespace {

constexpr Duration mark_horizon = 1min;  ///< an aged target moves by 0.01 % meanwhile

bool is_proposal(const TrailingDecision& what) {
  return what.type == TrailingDecision::Type::activated ||
         what.type == TrailingDecision::Type::stop_moved;
}

std::string reason_of(Side side, const TrailingDecision& what) {
  const std::string of =
      fmt::format("{}: price {}, peak {}, stop {}", to_text(side), what.price.to_string(),
                  what.peak.to_string(), what.stop.to_string());
  switch (what.type) {
    case TrailingDecision::Type::activated:
      return of + ": the price has come to the activation price";
    case TrailingDecision::Type::stop_moved:
      return of + ": the stop has moved";
    case TrailingDecision::Type::triggered:
      return of + ": the price has come back to the stop";
    case TrailingDecision::Type::rolled_back:
      return of + ": the proposal was refused or not confirmed in time";
    case TrailingDecision::Type::unconfirmed:
      break;
  }
  return of + ": no proposal was confirmed, nor any repetition of it";
}

std::string reason_of(Side side, const AgedDecision& what) {
  const auto text = [](const std::optional<Decimal>& value) {
    return value ? value->to_string() : std::string("none");
  };
  const std::string of = fmt::format("{}, {}: price {}, target {}", to_text(side),
                                     to_text(what.phase), text(what.price), text(what.target));
  switch (what.type) {
    case AgedDecision::Type::phase_change:
      return of + ": by its age another phase has begun";
    case AgedDecision::Type::price_check:
      return of + ": a sample";
    case AgedDecision::Type::target_reached:
      return of + ": the price has reached the target";
    case AgedDecision::Type::emergency_exit:
      break;
  }
  return of + ": held beyond its last target, to be closed at any price";
}

}  // namespace

/// What all windows since it was last told one would have done: none of them could decide anything.
void Protection::catch_up(PositionSlot slot) {
  Entry& entry = *entries_[slot];
  Trailing& trailing = *entry.trailing;
  if (!trailing.linked) return;
  Cell& priced_by = cell(trailing.stream);
  if (priced_by.windows > trailing.seen) {
    const Decimal before = trailing.stop.memory().peak;
    const Decimal& peak = priced_by.index_of(entry.side).peak(slot);
    trailing.stop.catch_up(as_gain(entry.side, peak), priced_by.last);
    trailing.seen = priced_by.windows;
    if (trailing.stop.memory().peak != before) change(slot, entry);
  }
  if (priced_by.refused_after == priced_by.windows) trailing.stop.on_refused();
}

void Protection::link_trailing(PositionSlot slot, MonoTime now) {
  Entry& entry = *entries_[slot];
  Trailing& trailing = *entry.trailing;
  if (trailing.stop.memory().state == TrailingState::triggered) return;
  Cell& priced_by = cell(trailing.stream);
  const TrailingMarks marks = trailing.stop.marks(now);
  priced_by.index_of(entry.side).insert(slot, marks);
  priced_by.bounds_known = false;
  trailing.linked = true;
  trailing.at = marks.at;
  if (marks.at != never_mono) timers_.insert({marks.at, Due::trailing, slot});
}

void Protection::unlink_trailing(PositionSlot slot) {
  Entry& entry = *entries_[slot];
  Trailing& trailing = *entry.trailing;
  if (!std::exchange(trailing.linked, false)) return;
  Cell& priced_by = cell(trailing.stream);
  priced_by.index_of(entry.side).erase(slot);
  priced_by.bounds_known = false;
  if (trailing.at != never_mono) timers_.erase({trailing.at, Due::trailing, slot});
}

void Protection::link_aged(PositionSlot slot, MonoTime now) {
  Entry& entry = *entries_[slot];
  Aged& aged = *entry.aged;
  Cell& priced_by = cell(aged.stream);
  aged.marks = aged.watch.marks(age(entry, now), now, mark_horizon);
  priced_by.aged_of(entry.side).insert(slot, aged.marks);
  priced_by.bounds_known = false;
  aged.linked = true;
  if (aged.marks.at != never_mono) timers_.insert({aged.marks.at, Due::aged, slot});
}

void Protection::unlink_aged(PositionSlot slot) {
  Entry& entry = *entries_[slot];
  Aged& aged = *entry.aged;
  if (!std::exchange(aged.linked, false)) return;
  Cell& priced_by = cell(aged.stream);
  priced_by.aged_of(entry.side).erase(slot, aged.marks);
  priced_by.bounds_known = false;
  if (aged.marks.at != never_mono) timers_.erase({aged.marks.at, Due::aged, slot});
}

/// In prices: what is a gain of who holds SHORT is a price with its sign turned.
void Protection::refresh_bounds(Cell& cell) const {
  const auto turned = [](const Decimal& gain) { return as_gain(Side::sell, gain); };
  const IndexBounds& bought = cell.trailing[0].bounds();
  const IndexBounds& sold = cell.trailing[1].bounds();
  const IndexBounds& aged_bought = cell.aged[0].bounds();
  const IndexBounds& aged_sold = cell.aged[1].bounds();
  Decimal above = max(max(bought.worst, aged_bought.worst), turned(min(sold.best, aged_sold.best)));
  const Decimal below =
      min(min(bought.best, aged_bought.best), turned(max(sold.worst, aged_sold.worst)));
  if (bought.every || sold.every || aged_bought.every || aged_sold.every) {
    above = Decimal{Decimal::max_mantissa, 0};
  }
  // Numbers of one scale compare as integers.
  const int scale = cell.last.scale();
  cell.quiet_above = rescale(above, scale, Rounding::ceiling).value_or(above);
  cell.quiet_below = rescale(below, scale, Rounding::floor).value_or(below);
  cell.bounds_known = true;
}

void Protection::set_waiting(PositionSlot slot, MonoTime now) {
  Entry& entry = *entries_[slot];
  const bool active = entry.has_active_stop();
  const bool unmanaged = active && cell(entry.trailing->stream).unmanaged;
  find(entry, ProtectionFinding::Type::unmanaged, unmanaged,
       "its stop is active and its prices are refused");
  if (!entry.aged || entry.aged->watch.is_waiting() == (active && !unmanaged)) return;
  unlink_aged(slot);
  entry.aged->watch.set_waiting(active && !unmanaged);
  link_aged(slot, now);
}

void Protection::take(PositionSlot slot, const TrailingMemory& before,
                      const TrailingStop::Result& result, MonoTime now, Decisions& out) {
  Entry& entry = *entries_[slot];
  Trailing& trailing = *entry.trailing;
  unlink_trailing(slot);
  trailing.failed = !result;
  if (result) {
    for (const TrailingDecision& what : *result) tell(entry, what, now, out);
  }
  const bool numbered = result && !result->empty();
  if (numbered || trailing.stop.memory() != before) change(slot, entry);
  link_trailing(slot, now);
  find(entry, ProtectionFinding::Type::unconfirmed, trailing.stop.is_unconfirmed(),
       "nobody confirms its stop");
  find_uncomputable(entry);
  set_waiting(slot, now);
}

void Protection::take(PositionSlot slot, const AgedMemory& before, const AgedWatch::Result& result,
                      MonoTime now, Decisions& out) {
  Entry& entry = *entries_[slot];
  Aged& aged = *entry.aged;
  unlink_aged(slot);
  aged.failed = !result;
  if (result) {
    for (const AgedDecision& what : *result) tell(entry, what, now, out);
  }
  const bool numbered = result && !result->empty();
  if (numbered || aged.watch.memory() != before) change(slot, entry);
  link_aged(slot, now);
  find_uncomputable(entry);
}

void Protection::tell(Entry& entry, const TrailingDecision& what, MonoTime now, Decisions& out) {
  Trailing& trailing = *entry.trailing;
  ProtectionDecision told = numbered(entry, &cell(trailing.stream), now);
  if (is_proposal(what)) {
    trailing.open_number = told.number;
    trailing.open_proposal = what.number;
  }
  told.price = what.price;
  told.reason = reason_of(entry.side, what);
  told.what = what;
  out.push_back(std::move(told));
}

void Protection::tell(Entry& entry, const AgedDecision& what, MonoTime now, Decisions& out) {
  ProtectionDecision told = numbered(entry, what.price ? &cell(entry.aged->stream) : nullptr, now);
  told.price = what.price;
  told.reason = reason_of(entry.side, what);
  told.what = what;
  out.push_back(std::move(told));
}

ProtectionDecision Protection::numbered(Entry& entry, const Cell* priced_by, MonoTime now) {
  ProtectionDecision told;
  told.key = entry.key;
  told.opened_at = entry.opened_at;
  told.number = ++entry.last_number;
  if (priced_by == nullptr) return told;
  PriceAges ages = priced_by->ages;
  const Duration since = minus(now, priced_by->last_at);
  ages.receive = plus(ages.receive, since);
  if (ages.event) ages.event = plus(*ages.event, since);
  told.ages = ages;
  told.source = priced_by->source;
  return told;
}

void Protection::change(PositionSlot slot, Entry& entry) {
  if (!std::exchange(entry.changed, true)) changed_.push_back(slot);
}

void Protection::find(Entry& entry, ProtectionFinding::Type type, bool present,
                      std::string_view why) {
  bool& known = entry.findings[static_cast<std::size_t>(type)];
  if (std::exchange(known, present) == present) return;
  findings_.push_back({entry.key, type, present, present ? std::string(why) : std::string()});
}

void Protection::find_uncomputable(Entry& entry) {
  const bool failed =
      (entry.trailing && entry.trailing->failed) || (entry.aged && entry.aged->failed);
  find(entry, ProtectionFinding::Type::uncomputable, failed,
       "its prices have more digits than can be computed with");
}

Duration Protection::age(const Entry& entry, MonoTime now) const {
  return std::max(Duration::zero(), minus(anchor_.at(now), entry.opened_at));
}

}  // namespace feedwatch
