#pragma once

#include <cstdint>

#include "feedwatch/board/slot.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/freshness/trouble.hpp"
#include "feedwatch/freshness/watch.hpp"

namespace feedwatch {

/// What will become true of a silent stream next, and when exactly.
struct Due {
  enum class What : std::uint8_t { nothing, suspect, degraded, stale, stall_excused, calm };
  What what = What::nothing;
  MonoTime at = never_mono;
};

/// One stream's state to look at. `trouble` is nullptr when all is well with it.
struct Known {
  const Slot& slot;
  const Watch& watch;
  const Policy& policy;
  const Trouble* trouble;
};

/// A pure function of what is stored: the timer and the tick that settles history ask the same.
Due next_due(const Known& known);

/// Why the slot is at its level as of `now` (semantics §4): the feed's own reason first, then what
/// the stream itself shows.
Reason reason_for(const Known& known, MonoTime now);

}  // namespace feedwatch
