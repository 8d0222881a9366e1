#pragma once

#include <cstdint>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch {

/// What freshness knows of a stream beside its slot, on every tick; the rest is in its Trouble.
struct Watch {
  /// When the newest evidence was heard. Silence counts from here, not from its stamps: what waited
  /// for our own stalled loop, or travelled a slow line, was sent in time.
  MonoTime heard = MonoTime::min();
  MonoTime settled = MonoTime::min();  ///< changes up to here are told
  /// After evidence that took no time, nothing becomes true of a healthy stream for so long, at
  /// least.
  Duration quiet_for{};
  std::uint32_t trouble = 0;           ///< its place among the troubles; 0 = none
  std::uint16_t policy = 0;            ///< its place among the policies
  Reason feed_reason = Reason::ok;     ///< the feed's opinion; ok = none
  bool heard_stalled : 1 = false;      ///< the newest evidence had waited for our own stalled loop
  bool order_began_again : 1 = false;  ///< with the newest evidence
  bool has_band : 1 = false;           ///< its policy has a sanity band
};
static_assert(sizeof(Watch) == 32);

}  // namespace feedwatch
