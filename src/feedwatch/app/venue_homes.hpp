#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/engine/options.hpp"

namespace feedwatch::app {

/// Which shard has which venue. A venue never moves while it is configured. Thread-safe.
class VenueHomes {
 public:
  /// Precondition: there is at least one shard.
  explicit VenueHomes(std::size_t shards) : shards_(shards) {}

  /// The venues of `all`, each with its shard: those known stay, a new one goes where there are
  /// fewest, those that are gone are forgotten. One for each shard, without venues where it has
  /// none.
  std::vector<engine::ShardOptions> divide(const engine::ShardOptions& all);
  /// The shard of the venue; of one that is not configured the first, which will say so.
  std::size_t of(std::string_view venue) const;
  /// Of which price positions at the venue are protected; nothing of one that is not configured.
  std::optional<Kind> protected_by(std::string_view venue) const;
  /// Whether the venue has prices of the kind; false of one that is not configured.
  bool offers(std::string_view venue, Kind kind) const;

 private:
  struct Home {
    std::size_t shard = 0;
    Kind kind = Kind::last;
    std::vector<Kind> kinds;  ///< it has
  };

  std::size_t shards_;
  mutable std::mutex mutex_;
  std::map<std::string, Home, std::less<>> homes_;
};

}  // namespace feedwatch::app
