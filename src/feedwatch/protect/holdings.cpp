#include "feedwatch/protect/holdings.hpp"

#include "feedwatch/base/decimal_math.hpp"

namespace feedwatch {

Decimal exposure_of(const Position& position) {
  return multiply(position.entry_price, position.quantity).value_or(Decimal{});
}

void Holdings::put(const PositionLease& lease) {
  const PositionKey key = key_of(lease.position);
  close(key);
  const std::string& strategy = lease.terms.strategy;
  if (strategy.empty()) return;
  const Decimal exposure = exposure_of(lease.position);
  by_strategy_[strategy].insert({exposure, key});
  places_.emplace(key, Place{strategy, exposure});
}

void Holdings::close(const PositionKey& key) {
  const auto place = places_.extract(key);
  if (!place) return;
  const auto held = by_strategy_.find(place.mapped().strategy);
  held->second.erase({place.mapped().exposure, key});
  if (held->second.empty()) by_strategy_.erase(held);
}

std::size_t Holdings::count(std::string_view strategy) const {
  const auto held = by_strategy_.find(strategy);
  return held == by_strategy_.end() ? 0 : held->second.size();
}

std::vector<PositionKey> Holdings::largest(std::string_view strategy, std::size_t limit) const {
  std::vector<PositionKey> keys;
  const auto held = by_strategy_.find(strategy);
  if (held == by_strategy_.end()) return keys;
  for (const Held& each : held->second) {
    if (keys.size() == limit) break;
    keys.push_back(each.key);
  }
  return keys;
}

}  // namespace feedwatch
