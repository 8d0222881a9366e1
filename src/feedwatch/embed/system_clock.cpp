#include "feedwatch/embed/system_clock.hpp"

#include <ctime>

namespace feedwatch::embed {
namespace {

Duration read_clock(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);  // clock-ok: the one implementation of the Clock port
  return std::chrono::seconds{ts.tv_sec} + std::chrono::nanoseconds{ts.tv_nsec};
}

}  // namespace

MonoTime SystemClock::now() const {
  return MonoTime{read_clock(CLOCK_BOOTTIME)};
}
WallTime SystemClock::wall_now() const {
  return WallTime{read_clock(CLOCK_REALTIME)};
}

}  // namespace feedwatch::embed
