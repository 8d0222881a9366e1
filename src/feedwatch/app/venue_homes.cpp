#include "feedwatch/app/venue_homes.hpp"

#include <algorithm>
#include <iterator>

#include "feedwatch/engine/positions.hpp"

namespace feedwatch::app {
namespace {

std::vector<Kind> kinds_of(const venues::VenueSheet& sheet) {
  std::vector<Kind> kinds;
  std::ranges::copy_if(all_kinds, std::back_inserter(kinds),
                       [&](Kind kind) { return venues::channel_for(sheet, kind).has_value(); });
  return kinds;
}

}  // namespace

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
                                    .kind = engine::protecting_kind(venue->venue->sheet()),
                                    .kinds = kinds_of(venue->venue->sheet())});
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

bool VenueHomes::offers(std::string_view venue, Kind kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = homes_.find(venue);
  if (found == homes_.end()) return false;
  return std::ranges::find(found->second.kinds, kind) != found->second.kinds.end();
}

}  // namespace feedwatch::app
