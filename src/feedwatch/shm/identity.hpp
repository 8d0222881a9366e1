#pragma once

#include <ctime>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/board/layout.hpp"

namespace feedwatch::shm {

/// The boot-time clock of this process (CLOCK_BOOTTIME), through the vDSO: no system call where the
/// kernel's clock source allows it. Any thread.
inline MonoTime boot_now() {
  timespec ts{};
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return MonoTime{std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec}};
}

/// Whose clock this process reads, and who writes a board from it. `started` (UTC) becomes the
/// writer's epoch. Errors: /proc does not say which boot this is.
Result<board::Identity> this_process(WallTime started);

/// Whether stamps of one mean the same moments to the other: same boot, same time namespace.
bool same_clock(const board::Identity& a, const board::Identity& b);

}  // namespace feedwatch::shm
