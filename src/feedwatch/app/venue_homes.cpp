#include "feedwatch/app/venue_homes.hpp"

#include <algorithm>

#include "feedwatch/engine/positions.hpp"

namespace feedwatch::app {

std::vector<engine::ShardOptions> VenueHomes::divide(const engine::ShardOptions& all) {
  std::vector<engine::ShardOptions> parts(shards_, all);
  for (std::size_t i = 0; i < shards_; ++i) {
    parts[i].venues.clear();
    parts[i].shard = static_cast<std::uint16_t>(i);
    parts[i].shards = static_cast<std::uint16_t>(shards_);
  }
  const std::lock_guard lock(mutex_);
  decltype(homes_) homes;
  std::vector<const engine::VenueOptions*> homeless;
  for (const engine::VenueOptions& venue : all.venues) {
    const auto known = homes_.find(venue.name);
    if (known == homes_.end()) {
      homeless.push_back(&venue);
    } else {
      homes.insert(*known);
      parts[known->second.shard].venues.push_back(venue);
    }
  }
  for (const engine::VenueOptions* venue : homeless) {
    const auto fewest = std::ranges::min_element(
        parts, {}, [](const engine::ShardOptions& part) { return part.venues.size(); });
    homes.emplace(venue->name, Home{.shard = static_cast<std::size_t>(fewest - parts.begin()),
                                    .kind = engine::protecting_kind(venue->venue->sheet())});
    fewest->venues.push_back(*venue);
  }
  homes_ = std::move(homes);
  return parts;
}

std::size_t VenueHomes::of(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  const auto found = homes_.find(venue);
  return found == homes_.end() ? 0 : found->second.shard;
}

std::optional<Kind> VenueHomes::protected_by(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  const auto found = homes_.find(venue);
  return found == homes_.end() ? std::nullopt : std::optional(found->second.kind);
}

}  // namespace feedwatch::app
