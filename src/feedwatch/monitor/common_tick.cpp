// The way of the tick that comes a million times for each other one: a whole price of a healthy
// stream, in order and in time. It must leave behind what the way of all ticks (apply.cpp) would:
// tests/common_tick_test.cpp holds both to one answer.
#include <algorithm>
#include <array>
#include <cstring>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

namespace word = board::word;
namespace flag = board::flag;

/// A stream in no trouble at all, of which prices have come.
constexpr std::uint64_t trouble_flags = flag::level | flag::reason | flag::gate_closed |
                                        flag::clock_suspect | flag::rejecting | flag::recovering |
                                        flag::flapping | flag::frozen;
constexpr std::uint64_t looked_at = trouble_flags | flag::occupied | flag::received;
constexpr std::uint64_t well = flag::occupied | flag::received;

MonoTime mono(std::uint64_t word) {
  return mono_from_ns(static_cast<std::int64_t>(word));
}
Duration span(std::uint64_t word) {
  return Duration{static_cast<std::int64_t>(word)};
}
template <class Time>
std::uint64_t raw(Time time) {
  return static_cast<std::uint64_t>(to_ns(time));
}

bool is_whole_price(Kind kind, const Tick& tick) {
  if (!tick.fields.price || !tick.prices.price.is_positive()) return false;
  if (kind != Kind::quote) return !tick.fields.ask;
  return tick.fields.ask && tick.prices.ask.is_positive();
}

bool is_newer(const intake::Rules& rules, const intake::State& state, std::uint64_t stored,
              const Tick& tick) {
  if (!tick.seq) return true;
  if (*tick.seq == stored) return false;  // perhaps a repeat
  return !rules.seq_orders || !state.ordered || *tick.seq > state.newest_seq;
}

/// Of a stream that is well: whether the tick is what its last ones were, only newer.
bool is_common(const OwnerState& own, std::uint64_t state, const Tick& tick) {
  const bool sound = own.watch.trouble == 0 && own.watch.feed_reason == Reason::ok &&
                     !own.watch.has_band && tick.epoch == own.intake.epoch &&
                     own.intake.carried_in_epoch;
  const bool odd = tick.stalled || tick.snapshot || tick.restart || tick.lag != Duration::zero();
  return sound && !odd && ((state & flag::has_seq) != 0) == tick.seq.has_value() &&
         ((state & flag::has_event_time) != 0) == tick.ts_event.has_value();
}

void note(OwnerState& own, const Tick& tick, MonoTime recv, MonoTime now) {
  own.watch.heard = recv;
  own.watch.settled = std::max(own.watch.settled, now);
  own.watch.heard_stalled = false;
  own.watch.order_began_again = false;
  own.intake.holds = true;
  if (!tick.seq) return;
  own.intake.newest_seq = *tick.seq;
  own.intake.ordered = true;
}

}  // namespace

bool Monitor::Impl::apply_common(const Tick& tick, MonoTime now, std::optional<Journey>& known) {
  const std::size_t index = tick.stream.index();
  if (!board.holds(tick.stream)) return false;
  const auto& words = board.words(index);
  const std::uint64_t state = words[word::state];
  auto& own = board.owned<OwnerState>(index);
  const Channel& channel = channels[own.intake.channel];
  const Kind kind = channel.rules.kind;
  const MonoTime recv = std::min(tick.mono_recv, now);
  const bool in_time = recv >= mono(words[word::confirmed]) && recv >= own.watch.heard;
  if ((state & looked_at) != well || !is_common(own, state, tick) || !in_time ||
      !tracker.is_quiet(tick.stream, now) || !is_whole_price(kind, tick) ||
      !is_newer(channel.rules, own.intake, words[word::seq], tick)) {
    return false;
  }

  Journey journey;
  if (tick.ts_event) journey = journey_of(*channel.offset, tick, false, recv);
  const bool adds_transit = (state & flag::event_time_is_publish) != 0;
  const Duration added = adds_transit ? journey.transit : Duration::zero();
  const MonoTime healthy_until = plus(recv, minus(span(words[word::degraded_after]), added));
  if (journey.ahead || (adds_transit && now > healthy_until)) {
    known = journey;
    return false;
  }
  const bool is_quote = kind == Kind::quote;
  const Prices prices{tick.prices.price, is_quote ? tick.prices.ask : Decimal{}};
  store_common(index, tick, prices, journey, recv);
  note(own, tick, recv, now);
  ++counters.accepted;
  if (is_quote && prices.price > prices.ask) ++counters.crossed_quotes;

  const dispatch::Freshness fresh{.carried = recv,
                                  .transit = journey.transit,
                                  .stale_after = span(words[word::stale_after]),
                                  .event_time = tick.ts_event.has_value()};
  MonoTime due = plus(recv, minus(own.watch.quiet_for, added) + Duration{1});
  const bool quiet = dispatcher.is_quiet(tick.stream, prices, fresh, now, due);
  tracker.renew(tick.stream, due);
  if (!quiet && dispatcher.on_price(tick.stream, board.own(tick.stream), now)) {
    dispatcher.settle(tick.stream, now);
  }
  return true;
}

/// Only what such a tick changes: 13 words of 19 at most.
void Monitor::Impl::store_common(std::size_t index, const Tick& tick, const Prices& prices,
                                 const Journey& journey, MonoTime recv) {
  const auto& words = board.words(index);
  Prices stored;
  std::memcpy(static_cast<void*>(&stored), words.data() + word::price, sizeof stored);
  std::array<std::uint64_t, 4> fresh{};
  std::memcpy(fresh.data(), &prices, sizeof prices);
  const bool changed = !(prices == stored);
  const std::uint64_t ticks = words[word::ticks] + 1;
  board.rewrite(index, [&](auto put) {
    for (std::size_t i = 0; i < fresh.size(); ++i) put(word::price + i, fresh[i]);
    put(word::carried, raw(recv));
    put(word::confirmed, raw(recv));
    if (changed) put(word::changed, raw(recv));
    put(word::ts_recv, raw(tick.ts_recv));
    if (tick.ts_event) {
      put(word::ts_event, raw(*tick.ts_event));
      put(word::transit, raw(journey.transit));
    }
    put(word::confirmed_transit, raw(journey.transit));
    put(word::seq, tick.seq.value_or(0));
    put(word::ticks, ticks);
  });
}

}  // namespace feedwatch
