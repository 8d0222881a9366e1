#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "feedwatch/base/time.hpp"
#include "feedwatch/muting/matcher.hpp"

namespace feedwatch::muting {

/// Announced work: alerts that match are recorded and not told while a window is open. Prices are
/// refused all the same. A window holds its first moment, not its last. Immutable.
struct Maintenance {
  struct Window {
    WallTime start{}, end{};
  };
  /// Windows that come again and again, in UTC.
  struct Schedule {
    std::uint8_t days = 0x7f;  ///< bit 0 is Monday: the days a window begins on
    Duration at{};             ///< since midnight
    Duration length{};         ///< at most a week
  };

  std::string name;
  Matchers matchers;
  std::optional<Window> once;
  std::optional<Schedule> schedule;

  bool open_at(WallTime now) const;
  /// When a window begins or ends next; WallTime::max() when none will.
  WallTime next_change(WallTime now) const;
};

}  // namespace feedwatch::muting
