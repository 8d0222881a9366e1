#include "feedwatch/protect/protection.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/percent.hpp"
#include "feedwatch/protect/protection_state.hpp"

namespace feedwatch {
namespace {

/// The window that counts: of what lies before a gap, or came over REST, the newest price alone.
PriceWindow counted(const AcceptedPrices& prices) {
  const PriceWindow& window = prices.window;
  if (prices.continuous && prices.source != PriceSource::bridge) return window;
  return {window.last, window.last, window.last};
}

bool is_sane(const PriceWindow& window) {
  return window.low.is_positive() && window.low <= window.last && window.last <= window.high;
}

bool is_ordinary(const PriceWindow& window) {
  return is_ordinary_price(window.low) && is_ordinary_price(window.high) &&
         is_ordinary_price(window.last);
}

void make_unique(PositionSlots& slots) {
  std::ranges::sort(slots);
  const auto rest = std::ranges::unique(slots);
  slots.erase(rest.begin(), rest.end());
}

}  // namespace

Protection::Decisions Protection::on_prices(ProtectionStream stream, const AcceptedPrices& prices,
                                            MonoTime now) {
  Decisions out;
  due(now, out);
  const PriceWindow window = counted(prices);
  if (!is_sane(window)) {
    ++dropped_;
    return out;
  }
  if (stream.index() >= cells_.size() || cells_[stream.index()] == nullptr) return out;
  Cell& cell = *cells_[stream.index()];
  accept(cell, now);
  if (!cell.bounds_known) refresh_bounds(cell);
  const bool quiet =
      window.low > cell.quiet_above && window.high < cell.quiet_below && is_ordinary(window);
  if (!quiet) collect(cell, window);
  ++cell.windows;
  cell.last = window.last;
  cell.ages = prices.ages;
  cell.source = prices.source;
  cell.last_at = now;
  if (!quiet) {
    tell_trailing(cell, window, now, out);
    tell_aged(cell, window, now, out);
  }
  return out;
}

/// Whom the window is to be told, each with its group's peak from before it.
void Protection::collect(Cell& cell, const PriceWindow& window) {
  touched_now_.clear();
  if (is_ordinary(window)) {
    for (const Side side : {Side::buy, Side::sell}) {
      cell.index_of(side).collect(as_gain(side, window), touched_now_);
    }
  } else {
    touched_now_.assign(cell.trailing_slots.begin(), cell.trailing_slots.end());
  }
  make_unique(touched_now_);
  for (const PositionSlot slot : touched_now_) {
    catch_up(slot);
    unlink_trailing(slot);
  }
}

/// All others only see their peak move; of those, whose stop the newest price has come to is told
/// the window after all.
void Protection::advance(Cell& cell, const PriceWindow& window) {
  const std::size_t before = touched_now_.size();
  for (const Side side : {Side::buy, Side::sell}) {
    TrailingIndex& index = cell.index_of(side);
    if (!index.advance(as_gain(side, window), touched_now_)) continue;
    cell.bounds_known = false;
    if (!std::exchange(cell.moved, true)) moved_.push_back(cell.id);
  }
  for (std::size_t i = before; i < touched_now_.size(); ++i) unlink_trailing(touched_now_[i]);
  std::ranges::sort(touched_now_);
}

void Protection::tell_trailing(Cell& cell, const PriceWindow& window, MonoTime now,
                               Decisions& out) {
  advance(cell, window);
  for (const PositionSlot slot : touched_now_) {
    Trailing& trailing = *entries_[slot]->trailing;
    trailing.seen = cell.windows;
    const TrailingMemory memory = trailing.stop.memory();
    take(slot, memory, trailing.stop.on_prices(window, now), now, out);
  }
  touched_ += touched_now_.size();
}

void Protection::tell_aged(Cell& cell, const PriceWindow& window, MonoTime now, Decisions& out) {
  touched_now_.clear();
  if (is_ordinary(window)) {
    for (const Side side : {Side::buy, Side::sell}) {
      cell.aged_of(side).collect(as_gain(side, window.last), touched_now_);
    }
  } else {
    touched_now_.assign(cell.aged_slots.begin(), cell.aged_slots.end());
  }
  make_unique(touched_now_);
  for (const PositionSlot slot : touched_now_) {
    Entry& entry = *entries_[slot];
    AgedWatch& watch = entry.aged->watch;
    const AgedMemory memory = watch.memory();
    take(slot, memory, watch.on_price(window.last, age(entry, now), now), now, out);
  }
  touched_ += touched_now_.size();
}

Protection::Decisions Protection::on_refused(ProtectionStream stream, MonoTime now) {
  Decisions out;
  due(now, out);
  if (stream.index() < max_streams) refuse(cell_of(stream, now), now);
  return out;
}

Protection::Decisions Protection::on_time(MonoTime now) {
  Decisions out;
  due(now, out);
  return out;
}

MonoTime Protection::next_deadline() const {
  return timers_.empty() ? never_mono : timers_.begin()->at;
}

std::vector<ProtectionStream> Protection::due_streams(MonoTime now) const {
  std::set<ProtectionStream> streams;
  for (const Timer& timer : timers_) {
    if (timer.at > now) break;
    if (timer.what == Due::stream) {
      // A rule that waits no longer is one of another stream.
      for (const PositionSlot slot : cells_[timer.id]->trailing_slots) {
        if (const auto& aged = entries_[slot]->aged) streams.insert(aged->stream);
      }
      continue;
    }
    const Entry& entry = *entries_[timer.id];
    if (entry.trailing) streams.insert(entry.trailing->stream);
    if (entry.aged) streams.insert(entry.aged->stream);
  }
  return {streams.begin(), streams.end()};
}

void Protection::due(MonoTime now, Decisions& out) {
  while (!timers_.empty() && timers_.begin()->at <= now) {
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    switch (timer.what) {
      case Due::trailing:
        trailing_due(timer.id, now, out);
        break;
      case Due::aged:
        aged_due(timer, now, out);
        break;
      case Due::stream:
        cells_[timer.id]->unmanaged_at = never_mono;
        set_unmanaged(*cells_[timer.id], true, now);
        break;
    }
  }
}

void Protection::trailing_due(PositionSlot slot, MonoTime now, Decisions& out) {
  TrailingStop& stop = entries_[slot]->trailing->stop;
  catch_up(slot);
  const TrailingMemory memory = stop.memory();
  take(slot, memory, stop.on_time(now), now, out);
}

/// A timer of the marks that comes round late leaves the phase to the moment it was due: what is
/// decided of a position is in the order of its moments.
void Protection::aged_due(const Timer& timer, MonoTime now, Decisions& out) {
  const PositionSlot slot = timer.id;
  Entry& entry = *entries_[slot];
  AgedMarks& marks = entry.aged->marks;
  if (timer.at < marks.phase_at && marks.phase_at <= now) {
    marks.at = marks.phase_at;
    timers_.insert({marks.at, Due::aged, slot});
    return;
  }
  AgedWatch& watch = entry.aged->watch;
  const AgedMemory memory = watch.memory();
  take(slot, memory, watch.on_time(age(entry, now)), now, out);
}

Protection::Decisions Protection::confirm(const PositionKey& key, std::uint64_t number,
                                          MonoTime now) {
  return answer(key, number, true, now);
}

Protection::Decisions Protection::reject(const PositionKey& key, std::uint64_t number,
                                         MonoTime now) {
  return answer(key, number, false, now);
}

Protection::Decisions Protection::answer(const PositionKey& key, std::uint64_t number,
                                         bool confirmed, MonoTime now) {
  Decisions out;
  due(now, out);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return out;
  const PositionSlot slot = found->second;
  auto& trailing = entries_[slot]->trailing;
  if (!trailing || trailing->open_number != number) return out;
  catch_up(slot);
  TrailingStop& stop = trailing->stop;
  const TrailingMemory memory = stop.memory();
  const std::uint64_t proposal = trailing->open_proposal;
  take(slot, memory, confirmed ? stop.confirm(proposal, now) : stop.reject(proposal, now), now,
       out);
  return out;
}

void Protection::refuse(Cell& cell, MonoTime now) {
  if (std::exchange(cell.is_refused, true)) return;
  cell.refused_after = cell.windows;
  cell.unmanaged_at = plus(now, options_.unmanaged_after);
  timers_.insert({cell.unmanaged_at, Due::stream, cell.id});
}

void Protection::accept(Cell& cell, MonoTime now) {
  if (!std::exchange(cell.is_refused, false)) return;
  timers_.erase({cell.unmanaged_at, Due::stream, cell.id});
  cell.unmanaged_at = never_mono;
  set_unmanaged(cell, false, now);
}

void Protection::set_unmanaged(Cell& cell, bool unmanaged, MonoTime now) {
  if (std::exchange(cell.unmanaged, unmanaged) == unmanaged) return;
  for (const PositionSlot slot : cell.trailing_slots) set_waiting(slot, now);
}

}  // namespace feedwatch
