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
  if (kind == Kind::quote) {
    return tick.fields.price && tick.fields.ask && tick.prices.price.is_positive() &&
           tick.prices.ask.is_positive();
  }
  return tick.fields.price && !tick.fields.ask && tick.prices.price.is_positive();
}

bool is_newer(const intake::Rules& rules, const intake::State& state, std::uint64_t stored,
              const Tick& tick) {
  if (!tick.seq) return true;
  if (*tick.seq == stored) return false;  // perhaps a repeat
  return !rules.seq_orders || !state.ordered || *tick.seq > state.newest_seq;
}

}  // namespace

Monitor::Impl::Common Monitor::Impl::apply_common(const Tick& tick, MonoTime now) {
  const std::size_t index = tick.stream.index();
  if (!board.holds(tick.stream)) return {};
  const auto& words = board.words(index);
  const std::uint64_t state = words[word::state];
  auto& own = board.owned<OwnerState>(index);
  const Channel& channel = channels[own.intake.channel];
  const MonoTime recv = std::min(tick.mono_recv, now);
  const bool common = (state & looked_at) == well && own.watch.trouble == 0 &&
                      own.watch.feed_reason == Reason::ok && tick.epoch == own.intake.epoch &&
                      own.intake.carried_in_epoch && !tick.stalled && !tick.snapshot &&
                      !tick.restart && tick.lag == Duration::zero() && now < own.watch.armed &&
                      ((state & flag::has_seq) != 0) == tick.seq.has_value() &&
                      ((state & flag::has_event_time) != 0) == tick.ts_event.has_value() &&
                      policies[own.watch.policy].sanity_percent == 0 &&
                      recv >= mono(words[word::confirmed]) && recv >= own.watch.heard &&
                      is_whole_price(channel.rules.kind, tick) &&
                      is_newer(channel.rules, own.intake, words[word::seq], tick);
  if (!common) return {};

  Journey journey;
  if (tick.ts_event) journey = journey_of(*clocks[channel.clock].offset, tick, false, recv);
  if ((state & flag::event_time_is_publish) != 0) {
    const MonoTime healthy_until =
        plus(recv, minus(span(words[word::degraded_after]), journey.transit));
    if (journey.ahead || now > healthy_until) return {.journey = journey};
    tracker.arm(tick.stream, own.watch, plus(healthy_until, Duration{1}));
  } else if (journey.ahead) {
    return {.journey = journey};
  }
  const bool is_quote = channel.rules.kind == Kind::quote;
  const Prices prices{tick.prices.price, is_quote ? tick.prices.ask : Decimal{}};
  Prices stored;
  std::memcpy(static_cast<void*>(&stored), words.data() + word::price, sizeof stored);
  std::array<std::uint64_t, 4> fresh{};
  std::memcpy(fresh.data(), &prices, sizeof prices);
  const std::uint64_t ticks = words[word::ticks] + 1;
  board.rewrite(index, [&](auto put) {
    for (std::size_t i = 0; i < fresh.size(); ++i) put(word::price + i, fresh[i]);
    put(word::carried, raw(recv));
    put(word::confirmed, raw(recv));
    if (!(prices == stored)) put(word::changed, raw(recv));
    put(word::ts_recv, raw(tick.ts_recv));
    if (tick.ts_event) {
      put(word::ts_event, raw(*tick.ts_event));
      put(word::transit, raw(journey.transit));
    }
    put(word::confirmed_transit, raw(journey.transit));
    put(word::seq, tick.seq.value_or(0));
    put(word::ticks, ticks);
  });
  own.watch.heard = recv;
  own.watch.settled = std::max(own.watch.settled, now);
  own.watch.heard_stalled = false;
  own.watch.order_began_again = false;
  own.intake.holds = true;
  if (tick.seq) {
    own.intake.newest_seq = *tick.seq;
    own.intake.ordered = true;
  }
  ++counters.accepted;
  if (is_quote && prices.price > prices.ask) ++counters.crossed_quotes;
  deliver_common(tick.stream, prices,
                 {.carried = recv,
                  .transit = journey.transit,
                  .stale_after = span(words[word::stale_after]),
                  .event_time = tick.ts_event.has_value()},
                 now);
  return {.done = true};
}

void Monitor::Impl::deliver_common(StreamId stream, const Prices& prices,
                                   const dispatch::Freshness& fresh, MonoTime now) {
  const MonoTime armed = board.owned<OwnerState>(stream.index()).watch.armed;
  if (dispatcher.is_quiet(stream, prices, fresh, now, armed)) return;
  if (dispatcher.on_price(stream, board.own(stream), now)) dispatcher.settle(stream, now);
}

}  // namespace feedwatch
