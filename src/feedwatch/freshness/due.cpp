#include "feedwatch/freshness/due.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/board/judge.hpp"

namespace feedwatch {
namespace {

constexpr Duration tick{1};  // equality passes: a limit is broken one nanosecond later

MonoTime past(MonoTime last_good) {
  return plus(last_good, tick);
}

/// Since when nothing was heard that proves the feed alive. Our own stall is no silence of theirs.
MonoTime silent_since(const Slot& slot, const Watch& watch) {
  const MonoTime base = counts_confirmed(slot) ? slot.confirmed : slot.carried;
  return std::max(base, watch.heard);
}

Duration limit_of(const Slot& slot) {
  return slot.level == Level::stale ? slot.stale_after : slot.degraded_after;
}

bool is_late(Level level) {
  return level == Level::degraded || level == Level::stale;
}

bool excused_by_stall(const Slot& slot, const Watch& watch, MonoTime now) {
  return watch.heard_stalled && now <= plus(silent_since(slot, watch), limit_of(slot));
}

/// Data keeps coming, only old: the journey is the greater part of the age, and without it the
/// level would be better. An ordinary journey also tips a silent stream over its limit.
bool late_by_transit(const Slot& slot, const Watch& watch, MonoTime now) {
  const Duration silent = minus(now, silent_since(slot, watch));
  return minus(*ages_at(slot, now).level, silent) > silent && silent <= limit_of(slot);
}

Due next_level(const Slot& slot) {
  if (!slot.received) {
    if (slot.level == Level::stale) return {};
    return {Due::What::stale, past(slot.first_deadline)};
  }
  const MonoTime stale = past(level_within_until(slot, slot.stale_after));
  if (slot.level == Level::stale) return {};
  if (slot.level == Level::degraded) return {Due::What::stale, stale};
  const MonoTime degraded = past(level_within_until(slot, slot.degraded_after));
  return degraded < stale ? Due{Due::What::degraded, degraded} : Due{Due::What::stale, stale};
}

bool is_suspect(const Known& known) {
  return known.trouble != nullptr && known.trouble->suspect_since.has_value();
}

Due next_suspicion(const Known& known) {
  if (is_suspect(known)) return {};
  if (!known.slot.received) return {Due::What::suspect, past(known.slot.first_deadline)};
  const Duration patience = known.policy.suspect_after;
  if (patience <= Duration::zero()) return {};
  return {Due::What::suspect, past(plus(silent_since(known.slot, known.watch), patience))};
}

Due next_excuse(const Slot& slot, const Watch& watch) {
  // Only an excuse of our own runs out; what the feed says stands until it says otherwise.
  if (slot.reason != Reason::self_stall || watch.feed_reason != Reason::ok) return {};
  return {Due::What::stall_excused, past(plus(silent_since(slot, watch), limit_of(slot)))};
}

Due next_calm(const Known& known) {
  if (!known.slot.flapping) return {};
  return {Due::What::calm, past(known.trouble->flaps.calm_from())};
}

}  // namespace

Due next_due(const Known& known) {
  Due due = next_level(known.slot);
  for (const Due other :
       {next_suspicion(known), next_excuse(known.slot, known.watch), next_calm(known)}) {
    if (other.at < due.at) due = other;
  }
  return due;
}

Reason reason_for(const Known& known, MonoTime now) {
  const auto& [slot, watch, policy, trouble] = known;
  if (watch.feed_reason != Reason::ok) return watch.feed_reason;
  if (slot.rejecting) return Reason::rejecting;
  if (slot.frozen) return Reason::frozen;
  if (!is_late(slot.level)) {
    if (slot.clock_suspect) return Reason::clock_suspect;
    return watch.order_began_again ? Reason::sequence_reset : Reason::ok;
  }
  if (!slot.received) return Reason::never_received;
  if (excused_by_stall(slot, watch, now)) return Reason::self_stall;
  const bool arriving = !is_suspect(known) && late_by_transit(slot, watch, now);
  return arriving ? Reason::venue_lag : Reason::silent;
}

}  // namespace feedwatch
