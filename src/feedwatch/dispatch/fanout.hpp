#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/board/slot.hpp"
#include "feedwatch/dispatch/record.hpp"

namespace feedwatch::dispatch {

/// What the high of a window is about: the ask of a quote, which nothing else has, or the price.
inline const Decimal& top_of(const Prices& prices) {
  return prices.ask.is_zero() ? prices.price : prices.ask;
}

/// What the subscriptions of one stream have in common, so that a tick that none of them is to be
/// called with costs the same however many there are. Plain data; owner's thread.
///
/// [low, high] are the extremes of the ticks no subscription's own window has seen yet: those since
/// one of them was last looked at. Every one of them was acceptable to every subscription. While a
/// tick is delivered it is in them, and State::covered() says who has it already.
struct Fanout {
  Decimal low;  ///< zero: there were none (a price is positive)
  Decimal high;
  /// Until then every subscription is inside its throttle window and nothing else is to be done
  /// with a tick that is plainly acceptable.
  MonoTime quiet_until = MonoTime::min();
  std::uint32_t head = nobody;  ///< first record, in the order of priorities
  /// Of the strictest subscription, in milliseconds, 24 days at most; the top bit: one insists on
  /// venue time.
  std::uint32_t least_max_age_ms = longest_ms;

  /// No window is open and nothing is pending: all are called with the next tick at once.
  static constexpr MonoTime all_ready = MonoTime::min() + Duration{1};

  static constexpr std::uint32_t needs_event_time = 1U << 31U;
  static constexpr std::uint32_t longest_ms = needs_event_time - 1U;

  bool needs_venue_time() const { return (least_max_age_ms & needs_event_time) != 0; }
  bool has_unseen() const { return !low.is_zero(); }
  [[gnu::always_inline]] void widen(const Decimal& bottom, const Decimal& top) {
    if (low.is_zero()) {
      low = bottom;
      high = top;
      return;
    }
    if (bottom < low) low = bottom;
    if (top > high) high = top;
  }
  void all_seen() { low = high = Decimal{}; }

  Duration least_max_age() const {
    return std::chrono::milliseconds{least_max_age_ms & longest_ms};
  }
  void restrict(Duration max_age, Basis basis) {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(max_age).count();
    const auto most = static_cast<std::int64_t>(least_max_age_ms & longest_ms);
    const std::uint32_t event = basis == Basis::event ? needs_event_time : 0U;
    least_max_age_ms = (least_max_age_ms & needs_event_time) | event |
                       static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, most));
  }
};
static_assert(sizeof(Fanout) == 48);
/// Where it stands among the owner's words of a cell: the tick has it at hand.
constexpr std::size_t fanout_offset = board::owner_bytes - sizeof(Fanout);

/// What a cheap look at a slot says about every subscription of the stream at once.
struct Plain {
  /// Never true where judge() says no for any of them, and true for practically every fresh tick.
  bool acceptable = false;
  MonoTime refused_not_before{};  ///< where acceptable: judge() says yes until then, at least
};

/// What a verdict on a price of a stream in no trouble depends on.
struct Freshness {
  MonoTime carried;
  Duration transit{};  ///< the longest that counts
  Duration stale_after{};
  bool event_time = false;  ///< there is one, and it is believed
};

inline Plain plain_verdict(const Fanout& fanout, const Freshness& fresh, MonoTime now) {
  if (fanout.needs_venue_time() && !fresh.event_time) return {};
  const Duration limit = std::min(fanout.least_max_age(), fresh.stale_after);
  const MonoTime until = plus(fresh.carried, minus(limit, fresh.transit));
  return {now <= until, plus(until, Duration{1})};
}

/// The same where carried and transit are known to be of this century.
inline Plain plain_verdict_of_today(const Fanout& fanout, const Freshness& fresh, MonoTime now) {
  if (fanout.needs_venue_time() && !fresh.event_time) return {};
  const MonoTime until =
      fresh.carried + (std::min(fanout.least_max_age(), fresh.stale_after) - fresh.transit);
  return {now <= until, until + Duration{1}};
}

inline Plain plain_verdict(const Fanout& fanout, const Slot& slot, MonoTime now) {
  if (!slot.received || slot.gate_closed || slot.recovering || now < slot.confirmed) return {};
  return plain_verdict(fanout,
                       {.carried = slot.carried,
                        .transit = std::max(slot.transit, slot.confirmed_transit),
                        .stale_after = slot.stale_after,
                        .event_time = slot.has_event_time && !slot.clock_suspect},
                       now);
}

}  // namespace feedwatch::dispatch
