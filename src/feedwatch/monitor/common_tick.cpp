// The way of the tick that comes a million times for each other one: a whole price of a healthy
// stream, in order and in time. It must leave behind what the way of all ticks (apply.cpp) would:
// tests/common_tick_test.cpp holds both to one answer.
#include <algorithm>
#include <array>
#include <bit>

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

[[gnu::always_inline]] inline bool is_whole_price(bool is_quote, const Tick& tick) {
  if (!tick.fields.price || tick.fields.ask != is_quote) return false;
  return tick.prices.price.is_positive() && (!is_quote || tick.prices.ask.is_positive());
}

[[gnu::always_inline]] inline bool is_newer(const intake::Rules& rules, const intake::State& state,
                                            std::uint64_t stored, const Tick& tick) {
  if (!tick.seq) return true;
  if (*tick.seq == stored) return false;  // perhaps a repeat
  return !rules.seq_orders || !state.ordered || *tick.seq > state.newest_seq;
}

/// Of a stream that is well: whether the tick is what its last ones were, only newer.
[[gnu::always_inline]] inline bool is_common(const OwnerState& own, std::uint64_t state,
                                             const Tick& tick) {
  if (own.watch.trouble != 0 || own.watch.feed_reason != Reason::ok || own.watch.has_band ||
      tick.epoch != own.intake.epoch || !own.intake.carried_in_epoch) {
    return false;
  }
  if (tick.stalled || tick.snapshot || tick.restart || tick.lag != Duration::zero()) return false;
  return ((state & flag::has_seq) != 0) == tick.seq.has_value() &&
         ((state & flag::has_event_time) != 0) == tick.ts_event.has_value();
}

[[gnu::always_inline]] inline void note(OwnerState& own, const Tick& tick, MonoTime recv,
                                        MonoTime now) {
  own.watch.heard = recv;
  own.watch.settled = std::max(own.watch.settled, now);
  own.watch.heard_stalled = false;
  own.watch.order_began_again = false;
  own.intake.holds = true;
  if (!tick.seq) return;
  own.intake.newest_seq = *tick.seq;
  own.intake.ordered = true;
}

/// Where such a tick finds its way without arithmetic that has to mind its ends.
bool is_of_today(MonoTime recv) {
  constexpr std::uint64_t century = std::uint64_t{1} << 62U;
  return raw(recv) < century;
}

/// Transit by the stamps alone and as it counts, of a tick whose stamps are nothing special.
struct Journeyed {
  Duration raw{};
  Duration transit{};
};
[[gnu::always_inline]] inline std::optional<Journeyed> plain_journey(const ClockOffset& clock,
                                                                     const Tick& tick) {
  constexpr Duration long_since = 1h;
  std::int64_t stamps = 0;
  if (__builtin_sub_overflow(to_ns(tick.ts_recv), to_ns(*tick.ts_event), &stamps)) return {};
  const Duration transit{stamps};
  if (transit < -ClockOffset::range - ClockOffset::tolerance || transit > long_since) return {};
  const Duration beside_offset = transit - clock.value();
  if (beside_offset < -ClockOffset::tolerance) return {};
  return Journeyed{transit, std::max(Duration::zero(), beside_offset)};
}

using Words = std::array<std::uint64_t, board::slot_words>;
using Pair = std::array<std::uint64_t, 2>;

[[gnu::always_inline]] inline Pair words_of(const Decimal& price) {
  return std::bit_cast<Pair>(price);
}

/// Whether the word and the one behind it hold another number; the same may be written otherwise.
[[gnu::always_inline]] inline bool differs(const Words& words, std::size_t word,
                                           const Decimal& price) {
  const Pair fresh = words_of(price);
  // Word by word: these were written so, and a wider load would have to wait for them.
  if (words[word] == fresh[0] && words[word + 1] == fresh[1]) return false;
  return !(std::bit_cast<Decimal>(Pair{words[word], words[word + 1]}) == price);
}

/// Stores what is new, 13 words of 19 at most.
[[gnu::always_inline]] inline void store_common(PriceBoard& board, std::size_t index,
                                                const Tick& tick, bool is_quote, Duration transit,
                                                MonoTime recv) {
  const Words& words = board.words(index);
  const bool changed = differs(words, word::price, tick.prices.price) ||
                       (is_quote && differs(words, word::ask, tick.prices.ask));
  const std::uint64_t ticks = words[word::ticks] + 1;
  PriceBoard::Rewrite slot(board, index);
  const auto put_price = [&slot](std::size_t word, const Decimal& price) {
    const Pair pair = words_of(price);
    slot.put(word, pair[0]);
    slot.put(word + 1, pair[1]);
  };
  put_price(word::price, tick.prices.price);
  if (is_quote) put_price(word::ask, tick.prices.ask);
  slot.put(word::carried, raw(recv));
  slot.put(word::confirmed, raw(recv));
  if (changed) slot.put(word::changed, raw(recv));
  slot.put(word::ts_recv, raw(tick.ts_recv));
  if (tick.ts_event) {
    slot.put(word::ts_event, raw(*tick.ts_event));
    slot.put(word::transit, raw(transit));
  }
  slot.put(word::confirmed_transit, raw(transit));
  slot.put(word::seq, tick.seq.value_or(0));
  slot.put(word::ticks, ticks);
}

}  // namespace

bool Monitor::Impl::apply_common(const Tick& tick, MonoTime now) {
  const std::size_t index = tick.stream.index();
  if (!board.holds(tick.stream)) return false;
  const auto& words = board.words(index);
  const std::uint64_t state = words[word::state];
  auto& own = board.owned<OwnerState>(index);
  const Channel& channel = channels[own.intake.channel];
  const bool is_quote = channel.rules.kind == Kind::quote;
  const MonoTime recv = std::min(tick.mono_recv, now);
  if ((state & looked_at) != well || !is_common(own, state, tick)) return false;
  if (!is_of_today(recv) || recv < mono(words[word::confirmed]) || recv < own.watch.heard ||
      !tracker.is_quiet(tick.stream, now)) {
    return false;
  }
  if (!is_whole_price(is_quote, tick) ||
      !is_newer(channel.rules, own.intake, words[word::seq], tick)) {
    return false;
  }
  Journeyed journey;
  if (tick.ts_event) {
    const auto plain = plain_journey(*channel.offset, tick);
    if (!plain) return false;
    journey = *plain;
  }
  const bool adds_transit = (state & flag::event_time_is_publish) != 0;
  const Duration quiet_for = own.watch.quiet_for - (adds_transit ? journey.transit : Duration{});
  if (now - recv > quiet_for) return false;
  // Nothing was changed up to here, and everything from here on.
  if (tick.ts_event && !channel.offset->add_quietly(journey.raw, recv)) return false;

  store_common(board, index, tick, is_quote, journey.transit, recv);
  note(own, tick, recv, now);
  ++counters.accepted;
  if (is_quote && tick.prices.price > tick.prices.ask) ++counters.crossed_quotes;

  const dispatch::Freshness fresh{.carried = recv,
                                  .transit = journey.transit,
                                  .stale_after = span(words[word::stale_after]),
                                  .event_time = tick.ts_event.has_value()};
  MonoTime due = recv + quiet_for + Duration{1};
  const Decimal& top = is_quote ? tick.prices.ask : tick.prices.price;
  const bool quiet = dispatcher.is_quiet(tick.stream, tick.prices.price, top, fresh, now, due);
  tracker.renew(tick.stream, due);
  if (!quiet) dispatcher.deliver(tick.stream, tick.prices.price, top, fresh, now);
  return true;
}

}  // namespace feedwatch
