#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

/// The two clocks of the product as two types that cannot be subtracted from each other.
///
/// Neither clock has a now(): decision code is told the time, and reading a clock is the business
/// of the Clock port alone (base/ports/clock.hpp).
namespace feedwatch {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// Boot-time clock: monotonic, and keeps counting while the host sleeps (CLOCK_BOOTTIME). All ages,
/// deadlines, throttles and backoff are measured on it.
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = BootClock::time_point;

/// UTC wall clock, nanoseconds since 1970-01-01T00:00:00Z. For venue stamps and people.
struct UtcClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<UtcClock>;
  static constexpr bool is_steady = false;
};
using WallTime = UtcClock::time_point;

constexpr MonoTime never_mono = MonoTime::max();

constexpr std::int64_t to_ns(Duration d) {
  return d.count();
}
constexpr std::int64_t to_ns(MonoTime t) {
  return t.time_since_epoch().count();
}
constexpr std::int64_t to_ns(WallTime t) {
  return t.time_since_epoch().count();
}
constexpr WallTime wall_from_ns(std::int64_t ns) {
  return WallTime{Duration{ns}};
}
constexpr WallTime wall_from_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds{ms}};
}
constexpr MonoTime mono_from_ns(std::int64_t ns) {
  return MonoTime{Duration{ns}};
}
constexpr double to_seconds(Duration d) {
  return static_cast<double>(d.count()) / 1e9;
}

/// Wall time for use beside venue stamps: the boot-time clock plus an anchor taken once at start,
/// so that a stepped system clock changes nothing we decide (semantics §2). Immutable; any thread.
struct WallAnchor {
  WallTime wall;
  MonoTime mono;

  constexpr WallTime at(MonoTime t) const { return wall + (t - mono); }
};

/// When the bytes of one socket read were there: stamped once, before decode or queue, with the
/// earliest moment they could have arrived. `stalled` marks frames that waited while our own loop
/// did not poll (semantics §2).
struct ReadStamp {
  MonoTime mono_recv;
  WallTime ts_recv;
  bool stalled = false;
};

}  // namespace feedwatch
