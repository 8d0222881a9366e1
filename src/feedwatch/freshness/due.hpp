#pragma once

#include <cstdint>

#include "feedwatch/board/slot.hpp"
#include "feedwatch/freshness/watch.hpp"

namespace feedwatch {

/// What will become true of a silent stream next, and when exactly.
struct Due {
  enum class What : std::uint8_t { nothing, suspect, degraded, stale, stall_excused };
  What what = What::nothing;
  MonoTime at = never_mono;
};

/// A pure function of what is stored: the timer and the tick that settles history ask the same.
Due next_due(const Slot& slot, const Watch& watch);

/// Why the slot is at its level as of `now` (semantics §4): the feed's own reason first, then what
/// the stream itself shows.
Reason reason_for(const Slot& slot, const Watch& watch, MonoTime now);

}  // namespace feedwatch
