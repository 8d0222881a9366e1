#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "feedwatch/base/time.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::exchange {

/// A venue's connection budget: more than `limit.count` dials within `limit.window` ban the address
/// for `ban`. Every refused dial is answered with the time left. Pure; one owner.
class DialGate {
 public:
  DialGate(venues::RateLimit limit, Duration ban) : limit_(limit), ban_(ban) {}

  /// Counts a dial. Empty = welcome, else how long the ban still lasts.
  std::optional<Duration> on_dial(MonoTime now);
  std::uint64_t bans() const { return bans_; }

 private:
  venues::RateLimit limit_;
  Duration ban_;
  std::deque<MonoTime> recent_;  ///< dials inside the window, at most limit_.count
  MonoTime banned_until_ = MonoTime::min();
  std::uint64_t bans_ = 0;
};

/// How fast one connection sends: measures the most messages in any second, and says when more than
/// the limit came within its window. Control frames count. Pure; one owner.
class MessageMeter {
 public:
  explicit MessageMeter(venues::RateLimit limit) : limit_(limit) {}

  /// False when this message broke the limit (a limit of zero never breaks).
  bool on_message(MonoTime now);
  std::uint32_t max_per_second() const { return max_per_second_; }
  std::uint64_t total() const { return total_; }

 private:
  static constexpr std::size_t max_remembered = 4096;  ///< a faster flood is counted up to this
  venues::RateLimit limit_;
  std::deque<MonoTime> second_;
  std::deque<MonoTime> window_;
  std::uint32_t max_per_second_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace feedwatch::exchange
