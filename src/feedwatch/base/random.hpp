#pragma once

#include <cstdint>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Seeded integer random numbers, the same on every machine and compiler: SplitMix64 (Steele, Lea,
/// Flood 2014). Not for secrets. Not thread-safe: one per owner.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }

  /// Uniform in [0, bound); 0 when bound is 0. Multiply-shift: bias below 2^-64 · bound.
  constexpr std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }

  /// Uniform in [low, high], both inclusive; low when high < low.
  constexpr Duration between(Duration low, Duration high) {
    if (high <= low) return low;
    return low + Duration{static_cast<std::int64_t>(
                     below(static_cast<std::uint64_t>((high - low).count()) + 1U))};
  }

 private:
  std::uint64_t state_;
};

}  // namespace feedwatch
