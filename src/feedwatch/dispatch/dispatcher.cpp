#include "feedwatch/dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/dispatch/callback.hpp"
#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

bool Dispatcher::on_price(StreamId stream, const Slot& slot, MonoTime now) {
  Fanout* fanout = watched(stream);
  if (fanout == nullptr) return false;
  const dispatch::Plain plain = dispatch::plain_verdict(*fanout, slot, now);
  const Decimal& top = dispatch::top_of(slot.prices);
  if (pass_quietly(stream, *fanout, plain, slot.prices.price, top, now)) {
    arm_(stream, plain.refused_not_before);
    return false;
  }
  ++events_;
  // Until settle(): a callback may bring the next tick before.
  fanout->quiet_until = MonoTime::min();
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    State state = record.lock(consumer_of(record).queued());
    if (fanout->has_unseen()) {
      state = record.widen(state, fanout->low, fanout->high, slot.ticks - 1);
    }
    record.unlock(take_in(record, state, slot, now, plain.acceptable));
  });
  fanout->all_seen();
  arm_(stream, next_refusal(stream, slot));
  return true;
}

void Dispatcher::settle(StreamId stream, MonoTime now) {
  if (!board_.holds(stream)) return;
  Event event(*this, stream, now);
  settle_all(stream, event);
}

void Dispatcher::on_verdict(StreamId stream, MonoTime now) {
  Fanout* fanout = watched(stream);
  // A callback that heard of the level may have ended the stream.
  if (fanout == nullptr || !board_.holds(stream)) return;
  ++events_;
  Event event(*this, stream, now);
  const dispatch::Plain plain = dispatch::plain_verdict(*fanout, event.slot, now);
  if (plain.acceptable && now < fanout->quiet_until) {
    arm_(stream, plain.refused_not_before);
    return;
  }
  flush(stream, event.slot);
  review(stream, event.slot, now);
  arm_(stream, next_refusal(stream, event.slot));
  fanout->quiet_until = MonoTime::min();
  settle_all(stream, event);
}

void Dispatcher::on_level(StreamId stream, Level from, Level to) {
  if (watched(stream) == nullptr) return;
  ++events_;
  const Running running(*this);
  const StreamName name = this->name(stream);
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    Consumer& consumer = consumer_of(record);
    const State state = record.lock(consumer.queued()).with_newest_level(to);
    if (consumer.queued()) {
      record.unlock(state);
      if (state.level_due()) hand_over(index, consumer);
      return;
    }
    record.unlock(state.with(State::calling).with_told_level(to));
    dispatch::call_level(consumer, name, from, to);
    if (state.has(State::calling)) return;  // inside a call of its own, which ends later
    record.end_call([&] { dispatch::call_detached(consumer, name); });
  });
}

Dispatcher::Fanout* Dispatcher::watched(StreamId stream) {
  Fanout& found = fanout(stream);
  return found.head == nobody ? nullptr : &found;
}

/// The tick `slot` holds becomes pending, unless this consumer may not have it: then it is refused,
/// and what was pending with it, since the board holds the newer one only.
Dispatcher::State Dispatcher::take_in(Record& record, State state, const Slot& slot, MonoTime now,
                                      bool acceptable) {
  if (state.covered() == static_cast<std::uint32_t>(slot.ticks)) return state;
  if (record.moment() == MonoTime::min()) record.set_moment(now);
  const auto refusal = [&]() -> std::optional<RefusalCode> {
    if (acceptable) return std::nullopt;
    const auto verdict = judge(slot, shared_.consumers[state.consumer()].read, now);
    return verdict ? std::nullopt : std::optional{verdict.error().code};
  }();
  if (!refusal) {
    return record.widen(state, slot.prices.price, dispatch::top_of(slot.prices), slot.ticks)
        .without(State::refused | State::tell);
  }
  record.count_refused(state.has(State::pending) ? 2U : 1U);
  if (!state.has(State::refused)) record.count_episode(*refusal);
  const unsigned episode = state.has(State::refused) ? 0U : State::refused | State::tell;
  return state.without(State::pending).with(episode).with_covered(slot.ticks);
}

/// What only the stream's window has seen goes into every subscription's own, so that one of them
/// can begin a new one.
void Dispatcher::flush(StreamId stream, const Slot& slot) {
  Fanout& fanout = this->fanout(stream);
  if (!fanout.has_unseen()) return;
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    const State state = record.lock(consumer_of(record).queued());
    record.unlock(record.widen(state, fanout.low, fanout.high, slot.ticks));
  });
  fanout.all_seen();
}

/// Without a new price: begins or ends an episode where the verdict has changed.
void Dispatcher::review(StreamId stream, const Slot& slot, MonoTime now) {
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    const Consumer& consumer = consumer_of(record);
    const auto verdict = judge(slot, consumer.read, now);
    State state = record.lock(consumer.queued());
    if (verdict) {
      state = state.without(State::refused | State::tell);
    } else if (verdict.error().code != RefusalCode::unknown && !state.has(State::refused)) {
      state = state.with(State::refused | State::tell);
      record.count_episode(verdict.error().code);
    }
    record.unlock(state);
  });
}

void Dispatcher::settle_all(StreamId stream, Event& event) {
  const Running running(*this);
  for_each(stream, [&](std::uint32_t index) { settle_one(index, event); });
  // A callback may have given the stream's place to another one, whose windows these are not.
  if (board_.holds(stream)) arm_window(stream, event.now);
}

void Dispatcher::settle_one(std::uint32_t index, Event& event) {
  Record& record = shared_.records[index];
  Consumer& consumer = consumer_of(record);
  // Again, if the call has brought more for the same consumer: it is never called inside itself.
  for (;;) {
    close_window_if_over(record, consumer, event.now);
    const State state = record.state();
    const bool due = state.has(State::pending) && !state.has(State::open);
    if (consumer.queued()) {
      if (due || state.has(State::tell) || state.level_due()) hand_over(index, consumer);
      return;
    }
    if (state.has(State::closed) || state.has(State::calling)) return;
    if (due) {
      call(record, consumer, event);
    } else if (state.has(State::tell)) {
      tell_refusal(record, consumer, event);
    } else {
      return;
    }
  }
}

void Dispatcher::close_window_if_over(Record& record, const Consumer& consumer, MonoTime now) {
  const State state = record.state();
  if (!state.has(State::open) || window_end(record, state) > now) return;
  record.unlock(record.lock(consumer.queued()).without(State::open));
}

/// The newest price, or why not: max_age is judged here, immediately before the call.
void Dispatcher::call(Record& record, Consumer& consumer, Event& event) {
  const auto& verdict = event.verdict(consumer.read);
  const State state = record.lock(false).without(State::pending);
  if (!verdict) {
    record.count_refused(1);
    if (!state.has(State::refused)) record.count_episode(verdict.error().code);
    const bool told = state.has(State::refused) && !state.has(State::tell);
    record.unlock(told ? state : state.with(State::refused | State::tell));
    return;
  }
  const Window window = record.window(state);
  const bool throttled = consumer.options.min_interval > Duration::zero();
  record.set_moment(event.now);
  record.unlock(state.without(State::refused | State::tell)
                    .with(State::calling | State::if_so(State::open, throttled)));
  dispatch::call_price(record, consumer, Delivery{event.name, *verdict, window});
  record.end_call([&] { dispatch::call_detached(consumer, event.name); });
}

void Dispatcher::tell_refusal(Record& record, Consumer& consumer, Event& event) {
  const auto& verdict = event.verdict(consumer.read);
  const State state = record.lock(false).without(State::tell);
  if (verdict) {
    record.unlock(state.without(State::refused));
    return;
  }
  record.unlock(state.with(State::calling));
  dispatch::call_refused(consumer, event.name, verdict.error());
  record.end_call([&] { dispatch::call_detached(consumer, event.name); });
}

void Dispatcher::hand_over(std::uint32_t index, const Consumer& consumer) {
  Record& record = shared_.records[index];
  const State state = record.lock(true);
  const bool put = !state.has(State::handed) && !state.has(State::closed);
  record.unlock(put ? state.with(State::handed) : state);
  if (put) consumer.queue->put(index);
}

}  // namespace feedwatch
