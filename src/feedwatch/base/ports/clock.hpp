#pragma once

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// The only place time comes from. Implementations: app (clock_gettime), sim (virtual).
/// Thread-safe: called from shard, control and any reading thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Boot-time clock.
  virtual MonoTime now() const = 0;
  /// The host's wall clock as it stands, stepped or not. For display and to notice steps; decisions
  /// use WallAnchor.
  virtual WallTime wall_now() const = 0;
};

/// One pending wake-up per owner. Arming replaces the previous one; the owner's on_wakeup runs on
/// its own thread at or after the moment, after sockets have been drained.
class Wakeup {
 public:
  virtual ~Wakeup() = default;
  virtual void arm(MonoTime at) = 0;
  virtual void disarm() = 0;
};

}  // namespace feedwatch
