#pragma once

#include "feedwatch/base/time.hpp"

/// Time arithmetic that stops at the ends of its range instead of overflowing: peers and people
/// choose some of the operands.
namespace feedwatch {

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) [[likely]]
    return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

constexpr std::int64_t saturating_sub(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) [[likely]]
    return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

constexpr Duration plus(Duration a, Duration b) {
  return Duration{saturating_add(to_ns(a), to_ns(b))};
}
constexpr MonoTime plus(MonoTime t, Duration d) {
  return mono_from_ns(saturating_add(to_ns(t), to_ns(d)));
}
constexpr WallTime plus(WallTime t, Duration d) {
  return wall_from_ns(saturating_add(to_ns(t), to_ns(d)));
}
constexpr Duration minus(Duration a, Duration b) {
  return Duration{saturating_sub(to_ns(a), to_ns(b))};
}
constexpr Duration minus(MonoTime a, MonoTime b) {
  return Duration{saturating_sub(to_ns(a), to_ns(b))};
}
constexpr Duration minus(WallTime a, WallTime b) {
  return Duration{saturating_sub(to_ns(a), to_ns(b))};
}

}  // namespace feedwatch
