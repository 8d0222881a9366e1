#include "feedwatch/board/judge.hpp"

#include <algorithm>
#include <array>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {
namespace {

Duration since(MonoTime moment, MonoTime now) {
  return std::max(Duration::zero(), minus(now, moment));
}

MonoTime level_base(const Slot& slot) {
  return counts_confirmed(slot) ? slot.confirmed : slot.carried;
}

/// A stamp ahead of tolerance says nothing about transit.
bool transit_known(const Slot& slot) {
  return slot.has_event_time && !slot.clock_suspect;
}

/// Only a publish stamp measures the feed: a trade may rightly be hours old.
Duration level_transit(const Slot& slot) {
  if (!slot.event_time_is_publish) return Duration::zero();
  if (counts_confirmed(slot)) return slot.confirmed_transit;
  return transit_known(slot) ? slot.transit : Duration::zero();
}

Level worse(Level a, Level b) {
  return severity(a) >= severity(b) ? a : b;
}

/// What a guard compares with max_age, as a function of the moment it counts from.
struct GuardAge {
  MonoTime from;
  Duration added;
};

GuardAge guard_age(const Slot& slot, const ReadOptions& options) {
  // transit >= 0, so the event age is never less than the receive age and max() of both is it.
  const bool with_transit = options.basis != Basis::receive;
  if (options.accept_confirmed && !slot.frozen) {
    return {slot.confirmed, with_transit ? slot.confirmed_transit : Duration::zero()};
  }
  return {slot.carried, with_transit && transit_known(slot) ? slot.transit : Duration::zero()};
}

/// Whoever insists on the venue's time gets no price whose venue time is absent or not believed.
std::optional<RefusalCode> lacks_event_time(const Slot& slot, const ReadOptions& options) {
  if (options.basis != Basis::event) return std::nullopt;
  if (!slot.has_event_time) return RefusalCode::no_event_time;
  if (slot.clock_suspect) return RefusalCode::clock_suspect;
  return std::nullopt;
}

Refusal refuse(const Slot& slot, RefusalCode code, Level level, std::optional<Duration> age) {
  return {code, reason_at(slot, level), level, age};
}

void fill(Price& price, const Slot& slot, Duration receive_age, Duration confirmed_age,
          Level level) {
  price.prices = slot.prices;
  price.level = level;
  price.level_since = slot.level_since;
  price.receive_age = receive_age;
  price.confirmed_age = confirmed_age;
  price.event_age.reset();
  if (transit_known(slot)) price.event_age = plus(slot.transit, receive_age);
  price.ts_recv = slot.ts_recv;
  price.ts_event.reset();
  if (slot.has_event_time) price.ts_event = slot.ts_event;
  price.seq = slot.seq;
  price.epoch = slot.epoch;
}

/// Of a received slot.
Duration level_age(const Slot& slot, MonoTime now) {
  return plus(since(level_base(slot), now), level_transit(slot));
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
  ages.receive = since(slot.carried, now);
  ages.confirmed = since(slot.confirmed, now);
  if (transit_known(slot)) ages.event = plus(slot.transit, *ages.receive);
  ages.level = level_age(slot, now);
  return ages;
}

Level level_at(const Slot& slot, MonoTime now) {
  if (!slot.occupied) return Level::unknown;
  if (!slot.received) return now > slot.first_deadline ? Level::stale : Level::unknown;
  const Duration age = level_age(slot, now);
  const Level level = age > slot.stale_after      ? Level::stale
                      : age > slot.degraded_after ? Level::degraded
                                                  : Level::healthy;
  return slot.recovering ? worse(level, slot.level) : level;
}

MonoTime level_within_until(const Slot& slot, Duration limit) {
  return plus(level_base(slot), minus(limit, level_transit(slot)));
}

Reason reason_at(const Slot& slot, Level level) {
  if (!slot.occupied) return Reason::unconfigured;
  const bool late = level == Level::degraded || level == Level::stale;
  if (slot.reason != Reason::ok || !late) return slot.reason;
  return slot.received ? Reason::silent : Reason::never_received;
}

MonoTime refused_from(const Slot& slot, const ReadOptions& options) {
  constexpr auto tick = Duration{1};
  if (!slot.occupied) return MonoTime::min();
  if (!slot.received) return plus(slot.first_deadline, tick);
  if (slot.gate_closed || lacks_event_time(slot, options)) return MonoTime::min();
  if (slot.recovering && slot.level == Level::stale) return MonoTime::min();
  const auto [from, added] = guard_age(slot, options);
  const MonoTime young_until = plus(from, minus(options.max_age, added));
  return plus(std::min(young_until, level_within_until(slot, slot.stale_after)), tick);
}

std::optional<Refusal> judge_into(Price& price, const Slot& slot, const ReadOptions& options,
                                  MonoTime now) {
  const Level level = level_at(slot, now);
  const auto no = [&](RefusalCode code, std::optional<Duration> age = std::nullopt) {
    return std::optional{refuse(slot, code, level, age)};
  };
  if (!slot.occupied) return no(RefusalCode::unconfigured);
  if (!slot.received) {
    return no(level == Level::stale ? RefusalCode::never_received : RefusalCode::unknown);
  }
  if (now < slot.confirmed) return no(RefusalCode::clock_backwards);
  const Duration receive_age = since(slot.carried, now);
  if (slot.gate_closed) return no(RefusalCode::awaiting_fresh, receive_age);
  if (level == Level::stale) return no(RefusalCode::stale, level_age(slot, now));
  if (const auto lacks = lacks_event_time(slot, options)) return no(*lacks, receive_age);
  const auto [from, added] = guard_age(slot, options);
  const Duration age = plus(since(from, now), added);
  if (age > options.max_age) return no(RefusalCode::too_old, age);
  fill(price, slot, receive_age, since(slot.confirmed, now), level);
  return std::nullopt;
}

std::expected<Price, Refusal> judge(const Slot& slot, const ReadOptions& options, MonoTime now) {
  std::expected<Price, Refusal> answer;
  if (auto refusal = judge_into(*answer, slot, options, now)) answer = std::unexpected(*refusal);
  return answer;
}

}  // namespace feedwatch
