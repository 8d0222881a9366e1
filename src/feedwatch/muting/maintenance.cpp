#include "feedwatch/muting/maintenance.hpp"

#include <algorithm>
#include <chrono>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::muting {
namespace {

constexpr std::int64_t week = 7;
constexpr Duration day = std::chrono::hours{24};

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
}

/// 1970-01-01 was a Thursday.
unsigned weekday_of(std::int64_t days) {
  return static_cast<unsigned>(((days + 3) % week + week) % week);
}

/// The window that begins on that day, if one does.
std::optional<Maintenance::Window> window_on(const Maintenance::Schedule& schedule,
                                             std::int64_t days) {
  if ((schedule.days >> weekday_of(days) & 1U) == 0) return std::nullopt;
  const WallTime start{days * day + schedule.at};
  return Maintenance::Window{start, start + schedule.length};
}

}  // namespace

bool Maintenance::open_at(WallTime now) const {
  const auto covers = [&](const Window& window) { return window.start <= now && now < window.end; };
  if (once && covers(*once)) return true;
  if (!schedule) return false;
  for (std::int64_t back = 0; back <= week; ++back) {
    const auto window = window_on(*schedule, day_of(now) - back);
    if (window && covers(*window)) return true;
  }
  return false;
}

WallTime Maintenance::next_change(WallTime now) const {
  WallTime next = WallTime::max();
  const auto consider = [&](const std::optional<Window>& window) {
    if (!window) return;
    if (window->start > now) next = std::min(next, window->start);
    if (window->end > now) next = std::min(next, window->end);
  };
  consider(once);
  for (std::int64_t shift = -week; schedule && shift <= week; ++shift) {
    consider(window_on(*schedule, day_of(now) + shift));
  }
  return next;
}

}  // namespace feedwatch::muting
