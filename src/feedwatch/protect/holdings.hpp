#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/protect/position_book.hpp"

namespace feedwatch {

/// What an open position is worth at its entry; zero where that cannot be computed.
Decimal exposure_of(const Position& position);

/// Open positions by the strategy that trades them. One owner; every call takes logarithmic time,
/// largest() that of its answer as well.
class Holdings {
 public:
  /// As it is now; one without a strategy is nobody's.
  void put(const PositionLease& lease);
  void close(const PositionKey& key);

  std::size_t count(std::string_view strategy) const;
  /// At most `limit`, by falling exposure.
  std::vector<PositionKey> largest(std::string_view strategy, std::size_t limit) const;

 private:
  struct Held {
    Decimal exposure;
    PositionKey key;
    friend bool operator<(const Held& a, const Held& b) {
      return a.exposure != b.exposure ? a.exposure > b.exposure : a.key < b.key;
    }
  };
  struct Place {
    std::string strategy;
    Decimal exposure;
  };

  std::map<std::string, std::set<Held>, std::less<>> by_strategy_;
  std::map<PositionKey, Place> places_;
};

}  // namespace feedwatch
