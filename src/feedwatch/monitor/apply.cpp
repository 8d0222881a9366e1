#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

using Type = Outcome::Type;

bool renews(const intake::Decision& decision) {
  return decision.outcome.type == Type::accepted || decision.renews_confirmed;
}

/// How long the message travelled, by the stamps alone, so that one that waited in the venue's
/// queue does not look new. `ahead`: its stamp lies too far in the future to say anything.
struct Journey {
  Duration transit{};
  bool ahead = false;
};

Journey journey_of(StreamState& state, const Tick& tick, bool first_of_epoch, MonoTime recv) {
  if (!tick.ts_event) return {};
  const Duration raw = minus(tick.ts_recv, *tick.ts_event);
  // A first push may carry a trade of yesterday, and a frame that waited for us, or on a slow line,
  // says nothing about the venue's clock.
  if (!first_of_epoch && !tick.stalled && tick.lag == Duration::zero()) state.clock->add(raw, recv);
  // The line's lag is part of the journey, and of the age already.
  const Duration beside_lag = minus(state.clock->transit(raw), tick.lag);
  return {std::max(Duration::zero(), beside_lag), state.clock->ahead(raw)};
}

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

void store_price(StreamState& state, const Tick& tick, const intake::Decision& decision,
                 MonoTime recv) {
  Slot& slot = state.slot;
  const bool changed = !slot.received || !(slot.prices == decision.prices);
  slot.prices = decision.prices;
  // A frame read late may carry an earlier stamp than one stored already: ages never grow by news.
  slot.carried = slot.received ? std::max(slot.carried, recv) : recv;
  const Journey journey = journey_of(state, tick, decision.first_of_epoch, recv);
  store_event_time(slot, tick, journey);
  confirm(slot, journey, slot.carried);
  if (changed) slot.changed = slot.carried;
  slot.received = true;
  slot.ts_recv = tick.ts_recv - tick.lag;
  slot.seq = tick.seq.value_or(0);
  slot.epoch = tick.epoch;
  ++slot.ticks;
}

void open_gate(StreamState& state, const Tick& tick, MonoTime recv) {
  const bool fresh = tick.epoch > state.epoch_at_loss || recv > state.lost_at;
  if (fresh) state.slot.gate_closed = false;
}

bool is_backfill(const StreamState& state, const intake::Decision& decision) {
  return decision.first_of_epoch && state.options.event_time == EventTime::trade &&
         state.slot.transit > state.slot.stale_after;
}

/// Late ticks of a connection that has been replaced say nothing about the one in use.
bool is_evidence_of_rejection(const Outcome& outcome) {
  return outcome.type == Type::rejected && outcome.rejection != Rejection::old_epoch;
}

bool crossed(const StreamState& state) {
  return state.rules.kind == Kind::quote && state.slot.prices.price > state.slot.prices.ask;
}

}  // namespace

Outcome Monitor::Impl::apply(const Tick& tick, MonoTime now) {
  StreamState* state = this->state(tick.stream);
  if (state == nullptr) {
    const Outcome outcome{.type = Type::rejected, .rejection = Rejection::unknown_symbol};
    count(outcome);
    return outcome;
  }
  const MonoTime heard = std::min(tick.mono_recv, now);
  const MonoTime recv = plus(heard, -tick.lag);
  const Tracker::Subject subject = this->subject(tick.stream, *state);
  intake::Decision decision = intake::accept(state->rules, state->intake, state->slot, tick);
  const bool accepted = decision.outcome.type == Type::accepted;
  // Until this tick came, its silence was true.
  tracker.advance(subject, recv);
  if (accepted) {
    store_price(*state, tick, decision, recv);
    open_gate(*state, tick, recv);
    decision.outcome.backfill = is_backfill(*state, decision);
    if (crossed(*state)) ++counters.crossed_quotes;
    if (state->slot.clock_suspect) ++counters.clock_suspects;
  } else if (decision.renews_confirmed) {
    confirm(state->slot, journey_of(*state, tick, false, recv), recv);
  }
  if (renews(decision)) {
    tracker.on_evidence(subject, {tick.stalled ? now : heard, tick.stalled}, now);
  }
  if (is_evidence_of_rejection(decision.outcome)) tracker.on_rejected(subject, now);
  count(decision.outcome);

  publish(tick.stream, *state);
  if (accepted) {
    dispatcher.on_price(tick.stream, now);
  } else if (decision.renews_confirmed) {
    dispatcher.on_verdict(tick.stream, now);
  }
  return decision.outcome;
}

Outcome Monitor::Impl::update(const StreamKey& key, const Prices& prices, Fields fields,
                              const PriceStamps& stamps) {
  Tick tick;
  // No stream has this index, so an unknown key is counted where everything else is.
  tick.stream = index.find(key).value_or(StreamId{board.capacity(), 0});
  tick.prices = prices;
  tick.fields = fields;
  tick.ts_event = stamps.ts_event;
  // A program's stamp may be anything at all.
  tick.ts_recv = plus(anchor.wall, minus(stamps.mono_recv, anchor.mono));
  tick.mono_recv = stamps.mono_recv;
  tick.seq = stamps.seq;
  if (const StreamState* known = state(tick.stream)) tick.epoch = known->intake.epoch;
  // Without a clock of its own the price is as new as the newest moment anybody told us of.
  return apply(tick, stamps.now.value_or(std::max(stamps.mono_recv, told)));
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
  if (outcome.backfill) ++counters.backfills;
}

void Monitor::Impl::on_undecodable(StreamId stream, MonoTime now) {
  ++counters.undecodable;
  StreamState* state = this->state(stream);
  if (state == nullptr) return;
  state->intake.holds = false;
  tracker.advance(subject(stream, *state), now);
  tracker.on_rejected(subject(stream, *state), now);
  publish(stream, *state);
}

void Monitor::Impl::on_line_lost(StreamId stream, MonoTime now) {
  StreamState* state = this->state(stream);
  if (state == nullptr) return;
  state->slot.gate_closed = true;
  state->epoch_at_loss = state->intake.epoch;
  state->lost_at = now;
  tracker.advance(subject(stream, *state), now);
  publish(stream, *state);
  dispatcher.on_verdict(stream, now);
}

}  // namespace feedwatch
