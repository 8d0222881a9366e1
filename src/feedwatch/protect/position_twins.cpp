#include "feedwatch/protect/position_twins.hpp"

#include <iterator>

namespace feedwatch {

PositionTwins::Exposure PositionTwins::exposure_of(const Position& position) {
  return {position.venue,    position.symbol,      position.side,
          position.quantity, position.entry_price, position.opened_at};
}

void PositionTwins::put(const PositionLease& lease) {
  const PositionKey key = key_of(lease.position);
  Exposure exposure = exposure_of(lease.position);
  const auto known = places_.find(key);
  if (known != places_.end()) {
    if (known->second.first->first == exposure) return;
    remove(key);
  }
  const auto group = groups_.try_emplace(std::move(exposure)).first;
  const auto place = group->second.emplace(lease.registered, key.id).first;
  places_.emplace(key, std::pair{group, lease.registered});
  changed_.insert(key);
  if (const auto after = std::next(place); after != group->second.end()) {
    changed_.insert({key.venue, key.symbol, after->second});
  }
}

void PositionTwins::close(const PositionKey& key) {
  remove(key);
  changed_.erase(key);
}

void PositionTwins::remove(const PositionKey& key) {
  const auto known = places_.find(key);
  if (known == places_.end()) return;
  const auto [group, registered] = known->second;
  const auto after = group->second.erase(group->second.find({registered, key.id}));
  if (after != group->second.end()) changed_.insert({key.venue, key.symbol, after->second});
  if (group->second.empty()) groups_.erase(group);
  places_.erase(known);
}

std::optional<PositionKey> PositionTwins::twin_of(const PositionKey& key) const {
  const auto known = places_.find(key);
  if (known == places_.end()) return std::nullopt;
  const auto& group = known->second.first->second;
  const auto place = group.find({known->second.second, key.id});
  if (place == group.begin()) return std::nullopt;
  return PositionKey{key.venue, key.symbol, std::prev(place)->second};
}

std::vector<PositionKey> PositionTwins::take_changed() {
  std::vector<PositionKey> taken(changed_.begin(), changed_.end());
  changed_.clear();
  return taken;
}

}  // namespace feedwatch
