#include "feedwatch/protect/price_index.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/protect/percent.hpp"

namespace feedwatch {
namespace {

/// Of a member whose stop the peak does not move: no callback is so large.
constexpr Decimal no_callback{100, 0};

PriceMark callback_of(const TrailingMarks& marks, PositionSlot slot) {
  return {marks.callback.value_or(no_callback), slot};
}

void put(std::set<PriceMark>& levels, const std::optional<Decimal>& at, PositionSlot slot) {
  if (at) levels.insert({*at, slot});
}
void take(std::set<PriceMark>& levels, const std::optional<Decimal>& at, PositionSlot slot) {
  if (at) levels.erase({*at, slot});
}

/// Those a price that comes up has come to.
void collect_up_to(const std::set<PriceMark>& levels, const Decimal& price, PositionSlots& out) {
  for (const PriceMark& level : levels) {
    if (level.at > price) return;
    out.push_back(level.slot);
  }
}

}  // namespace

GainWindow as_gain(Side side, const PriceWindow& window) {
  const bool is_long = side == Side::buy;
  return {.worst = as_gain(side, is_long ? window.low : window.high),
          .best = as_gain(side, is_long ? window.high : window.low),
          .last = as_gain(side, window.last)};
}

void TrailingIndex::insert(PositionSlot slot, const TrailingMarks& marks) {
  Group& group = group_at(marks.peak);
  const auto place = group.members.insert(callback_of(marks, slot)).first;
  if (place == group.members.begin()) {
    unhang(group);
    hang(group);
  }
  put(bests_, marks.best, slot);
  put(fixed_, marks.stop, slot);
  if (marks.every) every_.insert(slot);
  nodes_.insert_or_assign(slot, Node{marks, &group});
  bound();
}

void TrailingIndex::erase(PositionSlot slot) {
  const auto found = nodes_.find(slot);
  const TrailingMarks& marks = found->second.marks;
  Group& group = *found->second.group;
  take(bests_, marks.best, slot);
  take(fixed_, marks.stop, slot);
  if (marks.every) every_.erase(slot);
  const auto place = group.members.find(callback_of(marks, slot));
  const bool nearest = place == group.members.begin();
  group.members.erase(place);
  nodes_.erase(found);
  if (nearest) unhang(group);
  if (group.members.empty()) {
    groups_.erase(groups_.find(group.peak));
  } else if (nearest) {
    hang(group);
  }
  bound();
}

const Decimal& TrailingIndex::peak(PositionSlot slot) const {
  return nodes_.find(slot)->second.group->peak;
}

void TrailingIndex::collect(const GainWindow& window, PositionSlots& out) const {
  out.insert(out.end(), every_.begin(), every_.end());
  collect_up_to(bests_, window.best, out);
  for (auto stop = fixed_.rbegin(); stop != fixed_.rend() && stop->at >= window.worst; ++stop) {
    out.push_back(stop->slot);
  }
  for (auto stop = moving_.rbegin(); stop != moving_.rend() && stop->first >= window.worst;
       ++stop) {
    collect_group(*stop->second, window.worst, out);
  }
}

bool TrailingIndex::advance(const GainWindow& window, PositionSlots& out) {
  if (groups_.empty() || window.best <= (*groups_.begin())->peak) return false;
  Group& group = merged_below(window.best);
  moved_to_ = moved_to_ ? max(*moved_to_, window.best) : window.best;
  if (group.stop && (*group.stop)->first >= window.last) collect_group(group, window.last, out);
  bound();
  return true;
}

void TrailingIndex::bound() {
  bounds_ = {};
  if (!bests_.empty()) bounds_.best = bests_.begin()->at;
  if (!groups_.empty()) bounds_.best = min(bounds_.best, (*groups_.begin())->peak);
  if (!fixed_.empty()) bounds_.worst = fixed_.rbegin()->at;
  if (!moving_.empty()) bounds_.worst = max(bounds_.worst, moving_.rbegin()->first);
  bounds_.every = !every_.empty();
}

void TrailingIndex::take_moved(PositionSlots& out) {
  if (!moved_to_) return;
  for (const std::unique_ptr<Group>& group : groups_) {
    if (group->peak > *moved_to_) break;
    if (!std::exchange(group->moved, false)) continue;
    for (const PriceMark& member : group->members) out.push_back(member.slot);
  }
  moved_to_.reset();
}

Decimal TrailingIndex::stop_of(const Decimal& peak, const Decimal& callback) const {
  // Exact: what is not ordinary has no callback here.
  return *with_loss(side_, peak, callback);
}

void TrailingIndex::hang(Group& group) {
  const Decimal& callback = group.members.begin()->at;
  if (callback == no_callback) return;
  group.stop = moving_.emplace(stop_of(group.peak, callback), &group);
}

void TrailingIndex::unhang(Group& group) {
  if (const auto stop = std::exchange(group.stop, std::nullopt)) moving_.erase(*stop);
}

/// Members whose stop the price has come back to, the nearest first.
void TrailingIndex::collect_group(const Group& group, const Decimal& price,
                                  PositionSlots& out) const {
  std::optional<Decimal> same;  // as of the member before: most have one callback
  for (const PriceMark& member : group.members) {
    if (member.at == no_callback) return;
    if (!same || member.at != *same) {
      if (stop_of(group.peak, member.at) < price) return;
      same = member.at;
    }
    out.push_back(member.slot);
  }
}

TrailingIndex::Group& TrailingIndex::group_at(const Decimal& peak) {
  if (const auto found = groups_.find(peak); found != groups_.end()) return **found;
  auto group = std::make_unique<Group>();
  group->peak = peak;
  return **groups_.insert(std::move(group)).first;
}

/// All groups whose peak is no better, as one with this peak. Precondition: there is one.
TrailingIndex::Group& TrailingIndex::merged_below(const Decimal& best) {
  const auto end = groups_.upper_bound(best);
  const auto smaller = [](const auto& a, const auto& b) {
    return a->members.size() < b->members.size();
  };
  const auto largest = std::max_element(groups_.begin(), end, smaller);
  Group& into = **largest;
  unhang(into);
  for (auto from = groups_.begin(); from != end;) {
    if (from == largest) {
      ++from;
      continue;
    }
    Group& small = **from;
    unhang(small);
    for (const PriceMark& member : small.members) nodes_.find(member.slot)->second.group = &into;
    into.members.merge(small.members);
    from = groups_.erase(from);
  }
  into.peak = best;  // it stays the first: all others are better
  into.moved = true;
  hang(into);
  return into;
}

void AgedIndex::insert(PositionSlot slot, const AgedMarks& marks) {
  put(reach_, marks.reach, slot);
  put(leave_, marks.leave, slot);
  if (marks.every) every_.insert(slot);
  bound();
}

void AgedIndex::erase(PositionSlot slot, const AgedMarks& marks) {
  take(reach_, marks.reach, slot);
  take(leave_, marks.leave, slot);
  if (marks.every) every_.erase(slot);
  bound();
}

void AgedIndex::collect(const Decimal& last, PositionSlots& out) const {
  out.insert(out.end(), every_.begin(), every_.end());
  collect_up_to(reach_, last, out);
  for (auto level = leave_.rbegin(); level != leave_.rend() && level->at > last; ++level) {
    out.push_back(level->slot);
  }
}

void AgedIndex::bound() {
  bounds_ = {};
  if (!reach_.empty()) bounds_.best = reach_.begin()->at;
  if (!leave_.empty()) bounds_.worst = leave_.rbegin()->at;
  bounds_.every = !every_.empty();
}

}  // namespace feedwatch
