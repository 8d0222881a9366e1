#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "feedwatch/protect/aged_watch.hpp"
#include "feedwatch/protect/trailing_stop.hpp"
#include "tests/bench/protect/market.hpp"

/// What a tick costs whoever asks every position of its stream. Nothing is numbered, kept, refused
/// or confirmed late.
namespace feedwatch::bench {

/// The same state machines, each told each price.
class MachineLoop {
 public:
  explicit MachineLoop(const Crowd& crowd);
  void tell(std::span<const Traded> ticks);

 private:
  struct Held {
    TrailingStop stop;
    AgedWatch watch;
    WallTime opened_at;
  };
  MonoTime now_{100h};
  WallAnchor anchor_{wall_from_ms(1'700'000'000'000), MonoTime{}};
  std::vector<std::vector<Held>> by_stream_;
};

/// As small as can be: whole numbers, one stop, one peak, one activation, one target that does not
/// move.
class NumberLoop {
 public:
  explicit NumberLoop(const Crowd& crowd);
  void tell(std::span<const Traded> ticks);

 private:
  struct Held {
    std::int64_t peak, activation, stop, target;  ///< of SHORT with the sign turned
    std::int64_t sign;
  };
  std::vector<std::vector<Held>> by_stream_;
  std::uint64_t hits_ = 0;
};

}  // namespace feedwatch::bench
