#include "feedwatch/board/judge.hpp"

#include <algorithm>
#include <array>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {
namespace {

Duration since(MonoTime moment, MonoTime now) {
  return std::max(Duration::zero(), minus(now, moment));
}

/// How long ago the two stamps of a received slot are: every age is one of these and a transit.
struct Elapsed {
  Duration carried, confirmed;
};
Elapsed elapsed(const Slot& slot, MonoTime now) {
  return {since(slot.carried, now), since(slot.confirmed, now)};
}

/// A stamp ahead of tolerance says nothing about transit.
bool transit_known(const Slot& slot) {
  return slot.has_event_time && !slot.clock_suspect;
}

/// Of the message that carried the price, or of the one that confirmed it.
Duration transit(const Slot& slot, bool confirmation) {
  if (confirmation) return slot.confirmed_transit;
  return transit_known(slot) ? slot.transit : Duration::zero();
}

/// Only a publish stamp measures the feed: a trade may rightly be hours old.
Duration level_transit(const Slot& slot) {
  return slot.event_time_is_publish ? transit(slot, counts_confirmed(slot)) : Duration::zero();
}

Duration level_age(const Slot& slot, const Elapsed& past) {
  return plus(counts_confirmed(slot) ? past.confirmed : past.carried, level_transit(slot));
}

Level worse(Level a, Level b) {
  return severity(a) >= severity(b) ? a : b;
}

Level level_of(const Slot& slot, Duration age) {
  const Level level = age > slot.stale_after      ? Level::stale
                      : age > slot.degraded_after ? Level::degraded
                                                  : Level::healthy;
  return slot.recovering ? worse(level, slot.level) : level;
}

/// Whether a guard counts from the confirmation.
bool guard_confirmed(const Slot& slot, const ReadOptions& options) {
  return options.accept_confirmed && !slot.frozen;
}

/// transit >= 0, so the event age is never less than the receive age and max() of both is it.
Duration guard_transit(const Slot& slot, const ReadOptions& options) {
  const bool counts = options.basis != Basis::receive;
  return counts ? transit(slot, guard_confirmed(slot, options)) : Duration::zero();
}

/// What a guard compares with max_age.
Duration guard_age(const Slot& slot, const ReadOptions& options, const Elapsed& past) {
  return plus(guard_confirmed(slot, options) ? past.confirmed : past.carried,
              guard_transit(slot, options));
}

/// Whoever insists on the venue's time gets no price whose venue time is absent or not believed.
std::optional<RefusalCode> lacks_event_time(const Slot& slot, const ReadOptions& options) {
  if (options.basis != Basis::event) return std::nullopt;
  if (!slot.has_event_time) return RefusalCode::no_event_time;
  if (slot.clock_suspect) return RefusalCode::clock_suspect;
  return std::nullopt;
}

/// Until when an age, which stops at Duration::max(), is within the limit.
MonoTime within_until(MonoTime base, Duration added, Duration limit) {
  return limit == Duration::max() ? never_mono : plus(base, minus(limit, added));
}

bool refuse(Refusal& refusal, const Slot& slot, RefusalCode code, Level level,
            std::optional<Duration> age = std::nullopt) {
  refusal = {code, reason_at(slot, level), level, age};
  return false;
}

bool refuse_unreceived(Refusal& refusal, const Slot& slot, MonoTime now) {
  const Level level = level_at(slot, now);
  const RefusalCode code = !slot.occupied          ? RefusalCode::unconfigured
                           : level == Level::stale ? RefusalCode::never_received
                                                   : RefusalCode::unknown;
  return refuse(refusal, slot, code, level);
}

void fill(Price& price, const Slot& slot, Level level, Elapsed past) {
  price.prices = slot.prices;
  price.level = level;
  price.level_since = slot.level_since;
  price.receive_age = past.carried;
  price.confirmed_age = past.confirmed;
  price.event_age =
      transit_known(slot) ? std::optional(plus(slot.transit, past.carried)) : std::nullopt;
  price.ts_recv = slot.ts_recv;
  price.ts_event = slot.has_event_time ? std::optional(slot.ts_event) : std::nullopt;
  price.seq = slot.seq;
  price.epoch = slot.epoch;
}

}  // namespace

std::string_view to_text(RefusalCode code) {
  constexpr std::array<std::string_view, refusal_count> words{
      "unconfigured", "unknown",         "never_received", "awaiting_fresh", "stale",
      "too_old",      "clock_backwards", "no_event_time",  "clock_suspect",  "old_epoch",
      "writer_stuck", "writer_dead",     "writer_gone",    "foreign_clock"};
  return words[static_cast<std::size_t>(code)];
}

Ages ages_at(const Slot& slot, MonoTime now) {
  Ages ages;
  if (!slot.occupied || !slot.received) return ages;
  const Elapsed past = elapsed(slot, now);
  ages.receive = past.carried;
  ages.confirmed = past.confirmed;
  if (transit_known(slot)) ages.event = plus(slot.transit, past.carried);
  ages.level = level_age(slot, past);
  return ages;
}

Level level_at(const Slot& slot, MonoTime now) {
  if (!slot.occupied) return Level::unknown;
  if (!slot.received) return now > slot.first_deadline ? Level::stale : Level::unknown;
  return level_of(slot, level_age(slot, elapsed(slot, now)));
}

MonoTime level_within_until(const Slot& slot, Duration limit) {
  const MonoTime base = counts_confirmed(slot) ? slot.confirmed : slot.carried;
  return within_until(base, level_transit(slot), limit);
}

MonoTime refused_from(const Slot& slot, const ReadOptions& options) {
  constexpr auto tick = Duration{1};
  if (!slot.occupied) return MonoTime::min();
  if (!slot.received) return plus(slot.first_deadline, tick);
  if (slot.gate_closed || lacks_event_time(slot, options)) return MonoTime::min();
  if (slot.recovering && slot.level == Level::stale) return MonoTime::min();
  const MonoTime base = guard_confirmed(slot, options) ? slot.confirmed : slot.carried;
  const MonoTime young_until = within_until(base, guard_transit(slot, options), options.max_age);
  return plus(std::min(young_until, level_within_until(slot, slot.stale_after)), tick);
}

bool judge_into(Price& price, Refusal& refusal, const Slot& slot, const ReadOptions& options,
                MonoTime now) {
  if (!slot.occupied || !slot.received) [[unlikely]]
    return refuse_unreceived(refusal, slot, now);
  const Elapsed past = elapsed(slot, now);
  const Duration age = level_age(slot, past);
  const Level level = level_of(slot, age);
  const auto no = [&](RefusalCode code, std::optional<Duration> too_old = std::nullopt) {
    return refuse(refusal, slot, code, level, too_old);
  };
  if (now < slot.confirmed) [[unlikely]]
    return no(RefusalCode::clock_backwards);
  if (slot.gate_closed) [[unlikely]]
    return no(RefusalCode::awaiting_fresh, past.carried);
  if (level == Level::stale) [[unlikely]]
    return no(RefusalCode::stale, age);
  if (const auto lacks = lacks_event_time(slot, options)) [[unlikely]]
    return no(*lacks, past.carried);
  const Duration asked = guard_age(slot, options, past);
  if (asked > options.max_age) [[unlikely]]
    return no(RefusalCode::too_old, asked);
  fill(price, slot, level, past);
  return true;
}

}  // namespace feedwatch
