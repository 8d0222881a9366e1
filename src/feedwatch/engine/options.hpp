#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::engine {

/// One `[[venue]]` table, resolved to its codec.
struct VenueOptions {
  std::string name;                      ///< the venue part of its streams' keys
  const venues::Venue* venue = nullptr;  ///< lives as long as the engine
  std::string ws_url;                    ///< empty = the sheet's
  std::string rest_url;                  ///< empty = the sheet's
  std::string ca_file;
  std::vector<std::string> streams;  ///< "BTCUSDT/mark"; a '*' in the symbol is expanded by REST
  bool required = true;              ///< its configured streams are required
  std::size_t lines = 1;             ///< connections that carry each stream at the same time
};

struct ShardOptions {
  std::vector<VenueOptions> venues;  ///< those of this shard
  std::uint16_t shard = 0;           ///< which one it is, and of how many: ids differ between them
  std::uint16_t shards = 1;
  PolicySet policies;
  std::uint64_t seed = 1;  ///< jitter
  std::size_t max_streams = 4096;
  bool instruments = true;  ///< ask REST which symbols trade, now and every 10 min
};

/// Error when `capacity` streams are fewer than those the venues are configured with one by one;
/// patterns take what is left.
Result<void> has_room(const std::vector<VenueOptions>& venues, std::size_t capacity);

}  // namespace feedwatch::engine
