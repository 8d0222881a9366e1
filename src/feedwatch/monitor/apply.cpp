#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

using Type = Outcome::Type;

bool renews(const intake::Decision& decision) {
  return decision.outcome.type == Type::accepted || decision.renews_confirmed;
}

/// Transit is measured by the stamps alone, so that a price that waited in the venue's queue does
/// not look new, and fixed here, so that it ages with the price.
void store_event_time(StreamState& state, const Tick& tick, bool first_of_epoch, MonoTime recv) {
  Slot& slot = state.slot;
  slot.has_event_time = tick.ts_event.has_value();
  slot.ts_event = tick.ts_event.value_or(WallTime{});
  slot.clock_suspect = false;
  slot.transit = Duration::zero();
  if (!tick.ts_event) return;
  const Duration raw = minus(tick.ts_recv, *tick.ts_event);
  // A first push may carry a trade of yesterday, and a frame that waited for us says nothing about
  // the venue's clock.
  if (!first_of_epoch && !tick.stalled) state.clock->add(raw, recv);
  slot.clock_suspect = state.clock->ahead(raw);
  slot.transit = state.clock->transit(raw);
}

void store_price(StreamState& state, const Tick& tick, const intake::Decision& decision,
                 MonoTime recv) {
  Slot& slot = state.slot;
  const bool changed = !slot.received || !(slot.prices == decision.prices);
  slot.prices = decision.prices;
  // A frame read late may carry an earlier stamp than one stored already: ages never grow by news.
  slot.carried = slot.received ? std::max(slot.carried, recv) : recv;
  slot.confirmed = slot.received ? std::max(slot.confirmed, slot.carried) : slot.carried;
  if (changed) slot.changed = slot.carried;
  slot.received = true;
  slot.ts_recv = tick.ts_recv;
  slot.seq = tick.seq.value_or(0);
  slot.epoch = tick.epoch;
  ++slot.ticks;
  store_event_time(state, tick, decision.first_of_epoch, recv);
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
  const MonoTime recv = std::min(tick.mono_recv, now);
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
    state->slot.confirmed = std::max(state->slot.confirmed, recv);
  }
  if (renews(decision)) tracker.on_evidence(subject, tick.stalled, now);
  if (is_evidence_of_rejection(decision.outcome)) tracker.on_rejected(subject, now);
  count(decision.outcome);

  const Prices prices = state->slot.prices;
  publish(tick.stream, *state);
  if (accepted) {
    dispatcher.on_price(tick.stream, prices, now);
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
  return apply(tick, stamps.mono_recv);
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
