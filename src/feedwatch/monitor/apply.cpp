#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

using Type = Outcome::Type;

/// No stream has this id: boards are never so large.
constexpr StreamId no_stream{StreamId::index_mask, StreamId::generation_mask};

/// Fixed at acceptance, so that the transit ages with the price.
void store_event_time(Slot& slot, const Tick& tick, const Journey& journey) {
  slot.has_event_time = tick.ts_event.has_value();
  slot.ts_event = tick.ts_event.value_or(WallTime{});
  slot.clock_suspect = journey.ahead;
  slot.transit = journey.ahead ? Duration::zero() : journey.transit;
}

void confirm(Slot& slot, const Journey& journey, MonoTime recv) {
  slot.confirmed = slot.received ? std::max(slot.confirmed, recv) : recv;
  slot.confirmed_transit = journey.ahead ? Duration::zero() : journey.transit;
}

void store_price(Slot& slot, const Tick& tick, const intake::Decision& decision,
                 const Journey& journey, MonoTime recv) {
  const bool changed = !slot.received || !(slot.prices == decision.prices);
  slot.prices = decision.prices;
  // A frame read late may carry an earlier stamp than one stored already: ages never grow by news.
  slot.carried = slot.received ? std::max(slot.carried, recv) : recv;
  store_event_time(slot, tick, journey);
  confirm(slot, journey, slot.carried);
  if (changed) slot.changed = slot.carried;
  slot.received = true;
  slot.ts_recv = tick.ts_recv - tick.lag;
  slot.has_seq = tick.seq.has_value();
  slot.seq = tick.seq.value_or(0);
  slot.epoch = tick.epoch;
  ++slot.ticks;
}

bool is_backfill(const Slot& slot, EventTime event_time, const intake::Decision& decision) {
  return decision.first_of_epoch && event_time == EventTime::trade &&
         slot.transit > slot.stale_after;
}

/// Late ticks of a connection that has been replaced say nothing about the one in use.
bool is_evidence_of_rejection(const Outcome& outcome) {
  return outcome.type == Type::rejected && outcome.rejection != Rejection::old_epoch;
}

bool crossed(const Slot& slot, Kind kind) {
  return kind == Kind::quote && slot.prices.price > slot.prices.ask;
}

}  // namespace

Outcome Monitor::Impl::apply(const Tick& tick, MonoTime now) {
  if (short_way && apply_common(tick, now)) return {.type = Type::accepted};
  return apply_any(tick, now);
}

void Monitor::Impl::apply(std::span<const Tick> ticks, MonoTime now) {
  // Enough for memory to answer, and not more than a core's first cache holds.
  constexpr std::size_t ahead = 12;
  const auto fetch = [this](const Tick& tick) {
    board.prefetch(tick.stream.index());
    tracker.prefetch(tick.stream);
    dispatcher.prefetch(tick.stream);
  };
  for (const Tick& tick : ticks.first(std::min(ahead, ticks.size()))) fetch(tick);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (i + ahead < ticks.size()) fetch(ticks[i + ahead]);
    apply(ticks[i], now);
  }
}

Outcome Monitor::Impl::apply_any(const Tick& tick, MonoTime now) {
  auto found = stream(tick.stream);
  if (!found) {
    const Outcome outcome{.type = Type::rejected, .rejection = Rejection::unknown_symbol};
    count(outcome);
    return outcome;
  }
  Stream& stream = *found;
  const MonoTime heard = std::min(tick.mono_recv, now);
  const MonoTime recv = plus(heard, -tick.lag);
  intake::Decision decision = offer(stream, tick);
  // Until this tick came, its silence was true.
  tracker.advance(stream.subject(), recv);
  const bool accepted = decision.outcome.type == Type::accepted;
  if (accepted || decision.renews_confirmed) {
    ClockOffset& clock = *channel(stream).offset;
    const Journey journey = journey_of(clock, tick, decision.first_of_epoch, recv);
    decision.outcome.backfill = renew(stream, tick, decision, journey, recv);
    if (!accepted) notice_frozen(stream, recv, now);
    tracker.on_evidence(stream.subject(),
                        {.at = tick.stalled ? now : heard,
                         .stalled = tick.stalled,
                         .order_began_again = decision.outcome.sequence_reset},
                        now);
  }
  if (is_evidence_of_rejection(decision.outcome)) tracker.on_rejected(stream.subject(), now);
  count(decision.outcome);

  board.write(stream.id, stream.slot);
  // Before any callback may bring the next tick; the calls come after those about the level.
  const bool calls = accepted && dispatcher.on_price(stream.id, stream.slot, now);
  notify_levels();
  if (calls) {
    dispatcher.settle(tick.stream, now);
  } else if (decision.renews_confirmed && !accepted) {
    dispatcher.on_verdict(tick.stream, now);
  }
  return decision.outcome;
}

/// Asks the gate. What is doubtful is remembered only while it is.
intake::Decision Monitor::Impl::offer(Stream& stream, const Tick& tick) {
  Troubles& troubles = tracker.troubles();
  Trouble* trouble = troubles.find(stream.own.watch);
  intake::Doubt doubt = trouble != nullptr ? trouble->doubt : intake::Doubt{};
  const Policy& policy = policies[stream.own.watch.policy];
  intake::Rules rules = channel(stream).rules;
  rules.sanity_percent = static_cast<std::uint16_t>(policy.sanity_percent);
  rules.sanity_repeats = static_cast<std::uint16_t>(policy.sanity_repeats);
  const intake::Decision decision =
      intake::accept(rules, stream.own.intake, doubt, stream.slot, tick);
  if (trouble != nullptr || !doubt.empty()) troubles.of(stream.own.watch).doubt = doubt;
  return decision;
}

/// Stores what the tick says of the price and its age; whether it was a first push of an old trade.
bool Monitor::Impl::renew(Stream& stream, const Tick& tick, const intake::Decision& decision,
                          const Journey& journey, MonoTime recv) {
  const Channel& channel = this->channel(stream);
  if (decision.outcome.type != Type::accepted) {
    confirm(stream.slot, journey, recv);
    return false;
  }
  store_price(stream.slot, tick, decision, journey, recv);
  if (stream.slot.gate_closed) open_gate(stream, tick, recv);
  stream.slot.frozen = false;
  if (Trouble* trouble = tracker.troubles().find(stream.own.watch)) trouble->beside.reset();
  if (crossed(stream.slot, channel.rules.kind)) ++counters.crossed_quotes;
  if (stream.slot.clock_suspect) ++counters.clock_suspects;
  return is_backfill(stream.slot, channel.event_time, decision);
}

void Monitor::Impl::open_gate(Stream& stream, const Tick& tick, MonoTime recv) {
  const Trouble& trouble = tracker.troubles().of(stream.own.watch);
  const bool fresh = tick.epoch > trouble.epoch_at_loss || recv > trouble.lost_at;
  if (fresh) stream.slot.gate_closed = false;
}

Outcome Monitor::Impl::update(const StreamKey& key, const Prices& prices, Fields fields,
                              const PriceStamps& stamps) {
  Tick tick;
  // No stream has this index, so an unknown key is counted where everything else is.
  tick.stream = board.find(key).value_or(no_stream);
  tick.prices = prices;
  tick.fields = fields;
  tick.ts_event = stamps.ts_event;
  // A program's stamp may be anything at all.
  tick.ts_recv = plus(anchor.wall, minus(stamps.mono_recv, anchor.mono));
  tick.mono_recv = stamps.mono_recv;
  tick.seq = stamps.seq;
  if (board.holds(tick.stream)) {
    tick.epoch = board.owned<OwnerState>(tick.stream.index()).intake.epoch;
  }
  if (stamps.now) told = std::max(told, *stamps.now);
  // Without a clock of its own the price is as new as the newest moment anybody told us of.
  return apply(tick, stamps.now.value_or(std::max(stamps.mono_recv, told)));
}

Result<void> Monitor::Impl::update_bridge(StreamId id, const Prices& prices,
                                          const PriceStamps& stamps) {
  auto stream = this->stream(id);
  if (!stream) return std::unexpected(Error{"bridge price", "its stream is not watched", ""});
  const bool is_quote = channel(*stream).rules.kind == Kind::quote;
  if (!prices.price.is_positive() || (is_quote && !prices.ask.is_positive())) {
    const std::string name{board.view().name_of(stream->slot)};
    return std::unexpected(Error{"bridge price of " + name, "it is not above zero", ""});
  }
  Slot bridge = stream->slot;
  bridge.prices = {prices.price, is_quote ? prices.ask : Decimal{}};
  bridge.carried = bridge.confirmed = bridge.changed = bridge.level_since = stamps.mono_recv;
  bridge.ts_recv = plus(anchor.wall, minus(stamps.mono_recv, anchor.mono));
  bridge.has_event_time = stamps.ts_event.has_value();
  bridge.ts_event = stamps.ts_event.value_or(WallTime{});
  // REST is another path than the one the clock offset was learnt on: the stamp at face value.
  const Duration raw = bridge.has_event_time ? minus(bridge.ts_recv, bridge.ts_event) : Duration{};
  bridge.transit = bridge.confirmed_transit = std::max(Duration::zero(), raw);
  bridge.has_seq = stamps.seq.has_value();
  bridge.seq = stamps.seq.value_or(0);
  bridge.level = Level::healthy;
  bridge.reason = Reason::ok;
  bridge.received = true;
  bridge.event_time_is_publish = bridge.confirm_counts = false;
  bridge.gate_closed = bridge.clock_suspect = bridge.rejecting = bridge.recovering = false;
  bridge.frozen = bridge.flapping = false;
  if (auto written = board.write_bridge(id, bridge); !written) return written;
  stream->slot.has_bridge = true;
  publish(*stream);
  return {};
}

void Monitor::Impl::count(const Outcome& outcome) {
  switch (outcome.type) {
    case Type::accepted:
      ++counters.accepted;
      break;
    case Type::confirmed:
      ++counters.confirmed;
      break;
    case Type::repeat:
      ++counters.repeats;
      break;
    case Type::ignored:
      ++counters.ignored;
      break;
    case Type::rejected:
      ++counters.rejected[static_cast<std::size_t>(outcome.rejection)];
      break;
  }
  if (outcome.rejection == Rejection::out_of_order) ++counters.older;
  if (outcome.sequence_reset) ++counters.sequence_resets;
  if (outcome.band_broken) ++counters.bands_broken;
  if (outcome.backfill) ++counters.backfills;
}

void Monitor::Impl::on_undecodable(StreamId id, MonoTime now) {
  ++counters.undecodable;
  auto stream = this->stream(id);
  if (!stream) return;
  stream->own.intake.holds = false;
  tracker.advance(stream->subject(), now);
  tracker.on_rejected(stream->subject(), now);
  publish(*stream);
}

void Monitor::Impl::on_line_lost(StreamId id, MonoTime now) {
  auto stream = this->stream(id);
  if (!stream) return;
  stream->slot.gate_closed = true;
  Trouble& trouble = tracker.troubles().of(stream->own.watch);
  trouble.epoch_at_loss = stream->own.intake.epoch;
  trouble.lost_at = now;
  tracker.advance(stream->subject(), now);
  publish(*stream);
  dispatcher.on_verdict(id, now);
}

}  // namespace feedwatch
