#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "feedwatch/base/random.hpp"
#include "feedwatch/model/kind.hpp"
#include "feedwatch/model/tick.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::sim {

/// One symbol of a venue: a price that walks in whole hundredths, and prices a scenario has pinned.
class MarketSymbol {
 public:
  MarketSymbol(std::string symbol, std::uint64_t seed);

  const std::string& symbol() const { return symbol_; }
  /// One step of the walk of these kinds: last moves often enough, the others always. What no
  /// channel speaks of stands still, for REST too.
  void step(std::span<const Kind> kinds);
  /// From now on this kind says exactly this, until unpinned or pinned again.
  void pin(Kind kind, const Prices& prices) { pinned_[static_cast<std::size_t>(kind)] = prices; }
  void unpin(Kind kind) { pinned_[static_cast<std::size_t>(kind)].reset(); }
  Prices prices(Kind kind) const;
  /// Every kind at this moment; times, sequence and flags are the caller's.
  venues::MarketState state() const;

 private:
  std::string symbol_;
  Random random_;
  std::int64_t last_ = 0;  ///< hundredths, as are the others
  std::int64_t bid_ = 0;
  std::int64_t mark_ = 0;
  std::int64_t index_ = 0;
  std::optional<Prices> pinned_[kind_count];
};

}  // namespace feedwatch::sim
