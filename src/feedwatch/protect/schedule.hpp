#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// When something is expected, in UTC: times of day ("06:05", "18:05:30") and cron expressions of
/// five fields ("5,20,35,50 * * * *": minute, hour, day of month, month, day of week, 0 or 7 is
/// Sunday; each `*`, numbers, ranges and steps). As in cron, of day of month and day of week either
/// does where both are given.
///
/// A value; pure.
class Schedule {
 public:
  static Result<Schedule> parse(std::span<const std::string> entries);

  /// The first moment after `at`; absent when there is none within five years (30 February).
  std::optional<WallTime> next_after(WallTime at) const;
  /// As it was written.
  const std::string& text() const { return text_; }

 private:
  struct Entry {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;
    std::bitset<13> months;
    std::bitset<7> weekdays;
    bool any_day = true, any_weekday = true;
    std::chrono::seconds second{};

    bool fits(std::chrono::sys_days day) const;
    std::optional<std::chrono::sys_seconds> next_after(std::chrono::sys_seconds at) const;
  };
  static Result<Entry> parse_time(const std::string& text);
  static Result<Entry> parse_cron(const std::string& text);

  std::vector<Entry> entries_;
  std::string text_;
};

}  // namespace feedwatch
