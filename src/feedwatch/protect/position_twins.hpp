#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "feedwatch/protect/position_book.hpp"

namespace feedwatch {

/// Which positions are one and the same under several ids: venue, symbol, side, quantity, entry
/// price and moment of opening are equal, so whatever is decided about one is decided again about
/// the other. One owner; every call takes logarithmic time, take_changed() that of its answer.
class PositionTwins {
 public:
  /// Registered, or changed.
  void put(const PositionLease& lease);
  void close(const PositionKey& key);

  /// The one that was registered just before it and is the same; nothing of the first, and of those
  /// that have no twin.
  std::optional<PositionKey> twin_of(const PositionKey& key) const;
  /// Those whose answer may have changed since this was last asked.
  std::vector<PositionKey> take_changed();

 private:
  using Exposure =
      std::tuple<std::string, std::string, Side, Decimal, Decimal, WallTime>;  ///< see exposure_of
  using Place = std::pair<MonoTime, std::string>;                              ///< registered, id
  static Exposure exposure_of(const Position& position);
  void remove(const PositionKey& key);

  std::map<Exposure, std::set<Place>> groups_;
  std::map<PositionKey, std::pair<std::map<Exposure, std::set<Place>>::iterator, MonoTime>> places_;
  std::set<PositionKey> changed_;
};

}  // namespace feedwatch
