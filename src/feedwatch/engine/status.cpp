#include "feedwatch/engine/status.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::engine {
namespace {

constexpr std::size_t kept_repairs = 4;

Level worse(Level a, Level b) {
  return severity(b) > severity(a) ? b : a;
}

/// A repair put as started and again as ended is one repair.
void add_repair(std::vector<RepairStatus>& repairs, RepairStatus repair) {
  const auto known = std::ranges::find(repairs, repair.id, &RepairStatus::id);
  if (known != repairs.end()) {
    *known = std::move(repair);
    return;
  }
  if (repairs.size() == kept_repairs) repairs.erase(repairs.begin());
  repairs.push_back(std::move(repair));
}

/// `worst` of a status that was never taken is at least the level itself. Its default, unknown, is
/// no statement: a stream does not go back to unknown.
Level worst_of(const StreamStatus& status) {
  return status.worst == Level::unknown ? status.level : worse(status.level, status.worst);
}

void merge(StreamStatus& pending, StreamStatus newer) {
  newer.worst = worse(worst_of(pending), worst_of(newer));
  newer.transitions += pending.transitions;
  auto repairs = std::move(pending.repairs);
  for (auto& repair : newer.repairs) add_repair(repairs, std::move(repair));
  newer.repairs = std::move(repairs);
  pending = std::move(newer);
}

template <class Map>
auto values_by_key(Map& map) {
  std::vector<typename Map::mapped_type> values;
  values.reserve(map.size());
  for (auto& [key, value] : map) values.push_back(std::move(value));
  map.clear();
  return values;
}

/// The same place in the shard, but another stream: the earlier one is history.
bool other_stream(const StreamStatus& a, const StreamStatus& b) {
  return a.info && b.info && a.info->text != b.info->text;
}

}  // namespace

StatusBoard::StatusBoard(std::function<void()> on_dirty) : on_dirty_(std::move(on_dirty)) {}

void StatusBoard::put(StreamStatus status) {
  std::unique_lock lock(mutex_);
  const auto [place, added] = streams_.try_emplace(status.stream);
  if (added || other_stream(place->second, status)) {
    status.worst = worst_of(status);
    place->second = std::move(status);
  } else {
    merge(place->second, std::move(status));
  }
  mark_dirty(std::move(lock));
}

void StatusBoard::put(LineStatus status) {
  std::unique_lock lock(mutex_);
  lines_[status.line] = std::move(status);
  mark_dirty(std::move(lock));
}

void StatusBoard::put(VenueStatus status) {
  std::unique_lock lock(mutex_);
  std::string venue = status.venue;
  venues_[std::move(venue)] = std::move(status);
  mark_dirty(std::move(lock));
}

void StatusBoard::mark_dirty(std::unique_lock<std::mutex> lock) {
  const bool first = !std::exchange(dirty_, true);
  lock.unlock();
  if (first && on_dirty_) on_dirty_();
}

StatusBoard::Taken StatusBoard::take() {
  Taken taken;
  {
    const std::scoped_lock lock(mutex_);
    taken = {values_by_key(streams_), values_by_key(lines_), values_by_key(venues_)};
    dirty_ = false;
  }
  std::ranges::sort(taken.streams, {}, &StreamStatus::stream);
  std::ranges::sort(taken.lines, {}, &LineStatus::line);
  std::ranges::sort(taken.venues, {}, &VenueStatus::venue);
  return taken;
}

}  // namespace feedwatch::engine
