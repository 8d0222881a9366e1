#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/protect/market.hpp"

namespace feedwatch::bench {

enum class Rules : std::uint8_t { trailing, both };

/// Protection with a crowd of positions and somebody who confirms what it proposes at once.
class Product {
 public:
  /// The crowd comes in the course of a minute, in which the market trades, and half a minute more
  /// passes: as many timers are due at any moment as at any other.
  Product(const Crowd& crowd, Rules rules, Market& market);

  /// Tells all ticks, and confirms.
  void tell(std::span<const Traded> ticks);
  /// Reads the memory of all that have changed since the last call, as who keeps it does.
  void read_changed();
  /// Closes what was decided to be closed, and opens as much anew. Not to be measured.
  void replace_closed(const Market& market);
  std::uint64_t touched() const { return protection_.touched(); }

 private:
  void open(std::size_t at, std::int64_t price);

  Crowd crowd_;
  Rules rules_;
  Random random_{3};
  MonoTime now_{100h};
  WallAnchor anchor_{wall_from_ms(1'700'000'000'000), MonoTime{}};
  Protection protection_{anchor_};
  std::vector<PositionKey> keys_;  ///< by number
  std::vector<PositionKey> closed_;
};

}  // namespace feedwatch::bench
