#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch {

/// Consecutive messages of one stream that were rejected or could not be decoded.
class RejectionRun {
 public:
  static constexpr std::uint32_t many = 20;
  static constexpr Duration long_enough = 5s;

  /// True once nothing but rejections has come for `many` messages or for `long_enough`.
  bool add(MonoTime now) {
    if (count_++ == 0) first_ = now;
    return count_ >= many || (count_ > 1 && minus(now, first_) >= long_enough);
  }
  void end() { count_ = 0; }

 private:
  std::uint32_t count_ = 0;
  MonoTime first_{};
};

/// What freshness knows of a stream beside its slot.
struct Watch {
  Policy policy;
  Reason feed_reason = Reason::ok;  ///< the feed's opinion; ok = none
  std::optional<MonoTime> suspect_since;
  std::optional<MonoTime> acknowledged;  ///< first acknowledgement
  /// When the newest evidence was heard. Silence counts from here, not from its stamps: what waited
  /// for our own stalled loop, or travelled a slow line, was sent in time.
  MonoTime heard = MonoTime::min();
  bool heard_stalled = false;          ///< it had waited for our own stalled loop
  MonoTime settled = MonoTime::min();  ///< changes up to here are told
  int good_ticks = 0;                  ///< towards recover_ticks
  RejectionRun rejections;
};

}  // namespace feedwatch
