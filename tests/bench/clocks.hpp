#pragma once

#include <ctime>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::bench {

inline Duration read(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);  // clock-ok: a benchmark measures time
  return std::chrono::seconds{at.tv_sec} + Duration{at.tv_nsec};
}

/// CPU time of the calling thread: what a neighbour on a shared machine takes is not in it.
inline Duration cpu_now() {
  return read(CLOCK_THREAD_CPUTIME_ID);
}
/// For what takes as long as it takes, waits and cache misses of other cores included.
inline Duration wall_now() {
  return read(CLOCK_MONOTONIC);
}
/// The clock of the product's ages.
inline MonoTime boot_now() {
  return MonoTime{read(CLOCK_BOOTTIME)};
}

/// The same as a port, as the program's own clock is to a guard.
struct HostClock final : Clock {
  MonoTime now() const override { return boot_now(); }
  WallTime wall_now() const override { return WallTime{read(CLOCK_REALTIME)}; }
};

/// CPU nanoseconds of each of the `count` things that `work` does.
template <class Work>
double cpu_ns_each(std::size_t count, Work&& work) {
  const Duration before = cpu_now();
  work();
  return static_cast<double>(to_ns(cpu_now() - before)) / static_cast<double>(count);
}

}  // namespace feedwatch::bench
