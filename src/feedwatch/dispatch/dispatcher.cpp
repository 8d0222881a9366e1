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
  const News news{*fanout, slot.prices.price, top, slot.ticks, now};
  begin_tick(news);
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    const auto refusal = plain.acceptable ? std::nullopt : refusal_of(record, slot, now);
    if (refusal) {
      refuse(record, news, *refusal);
    } else {
      take_in(record, news);
    }
  });
  fanout->all_seen();
  arm_(stream, next_refusal(stream, slot));
  return true;
}

void Dispatcher::deliver(StreamId stream, const Decimal& bottom, const Decimal& top,
                         const dispatch::Freshness& fresh, MonoTime now) {
  Fanout& fanout = this->fanout(stream);
  // Inside the delivery of another tick the stream's window holds that one, which some have seen
  // and some have not.
  if (fanout.has_unseen() || !dispatch::plain_verdict_of_today(fanout, fresh, now).acceptable) {
    if (on_price(stream, board_.own(stream), now)) settle(stream, now);
    return;
  }
  const bool all_ready = fanout.quiet_until == Fanout::all_ready;
  const News news{fanout, bottom, top, board_.words(stream.index())[board::word::ticks], now};
  begin_tick(news);
  if (!all_ready) {
    for_each(stream, [&](std::uint32_t index) {
      Record& record = shared_.records[index];
      if (!record.state().is_ready()) take_in(record, news);
    });
  }
  Event event(*this, stream, now);
  deliver_all(news, event);
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
  begin_event(now);
  Event event(*this, stream, now);
  const dispatch::Plain plain = dispatch::plain_verdict(*fanout, event.slot(), now);
  if (plain.acceptable && now < fanout->quiet_until) {
    arm_(stream, plain.refused_not_before);
    return;
  }
  flush(stream, event.slot());
  review(stream, event.slot(), now);
  arm_(stream, next_refusal(stream, event.slot()));
  fanout->quiet_until = MonoTime::min();
  settle_all(stream, event);
}

void Dispatcher::on_level(StreamId stream, Level from, Level to, MonoTime now) {
  if (watched(stream) == nullptr) return;
  begin_event(now);
  const std::uint64_t number = events_;
  const Running running(*this);
  const StreamName name = this->name(stream);
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    Consumer& consumer = consumer_of(record);
    const State state = record.lock().with_newest_level(to);
    if (consumer.queued()) {
      record.unlock(state);
      if (state.level_due()) hand_over(index, consumer);
      return;
    }
    record.unlock(state.with(State::calling).with_told_level(to));
    {
      const dispatch::Timed timed(clock_, consumer);
      dispatch::call_level(consumer, name, from, to);
    }
    if (state.has(State::calling)) return;  // inside a call of its own, which ends later
    record.end_call([&] { dispatch::call_detached(consumer, name); });
  });
  // A tick that one of them has brought found its consumer inside its call.
  if (events_ != number) settle(stream, now);
}

Dispatcher::Fanout* Dispatcher::watched(StreamId stream) {
  Fanout& found = fanout(stream);
  return found.head == nobody ? nullptr : &found;
}

/// The stream's own window holds the tick until all its subscriptions have it: a callback may bring
/// the next one before.
void Dispatcher::begin_tick(const News& news) {
  begin_event(news.now);
  news.fanout.widen(news.bottom, news.top);
  news.fanout.quiet_until = MonoTime::min();
}

std::optional<RefusalCode> Dispatcher::refusal_of(const Record& record, const Slot& slot,
                                                  MonoTime now) const {
  const auto verdict = judge(slot, consumer_of(record).read, now);
  return verdict ? std::nullopt : std::optional{verdict.error().code};
}

/// The tick becomes pending, if the subscription has not seen it.
void Dispatcher::take_in(Record& record, const News& news) {
  if (news.is_covered(record.state())) return;
  const State state = record.lock();
  if (record.moment() == MonoTime::min()) record.set_moment(news.now);
  record.unlock(record.widen(state, news.low(state), news.high(state), news.ticks)
                    .without(State::refused | State::tell));
}

/// This consumer may not have the tick, nor what was pending, since the board holds the newer one
/// only.
void Dispatcher::refuse(Record& record, const News& news, RefusalCode code) {
  if (news.is_covered(record.state())) return;
  const State state = record.lock();
  if (record.moment() == MonoTime::min()) record.set_moment(news.now);
  record.count_refused(state.has(State::pending) || !news.is_next(state) ? 2U : 1U);
  if (!state.has(State::refused)) record.count_episode(code);
  const unsigned episode = state.has(State::refused) ? 0U : State::refused | State::tell;
  record.unlock(state.without(State::pending).with(episode).with_covered(news.ticks));
}

/// What only the stream's window has seen goes into every subscription's own, so that one of them
/// can begin a new one.
void Dispatcher::flush(StreamId stream, const Slot& slot) {
  Fanout& fanout = this->fanout(stream);
  if (!fanout.has_unseen()) return;
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    const State state = record.lock();
    const bool covered = state.covered() == static_cast<std::uint32_t>(slot.ticks);
    record.unlock(covered ? state : record.widen(state, fanout.low, fanout.high, slot.ticks));
  });
  fanout.all_seen();
}

/// Without a new price: begins or ends an episode where the verdict has changed.
void Dispatcher::review(StreamId stream, const Slot& slot, MonoTime now) {
  for_each(stream, [&](std::uint32_t index) {
    Record& record = shared_.records[index];
    const Consumer& consumer = consumer_of(record);
    const auto verdict = judge(slot, consumer.read, now);
    State state = record.lock();
    if (verdict) {
      state = state.without(State::refused | State::tell);
    } else if (verdict.error().code != RefusalCode::unknown && !state.has(State::refused)) {
      state = state.with(State::refused | State::tell);
      record.count_episode(verdict.error().code);
    }
    record.unlock(state);
  });
}

/// A tick that all may have, by priority: who is ready is called with it at once, which is all that
/// becomes of it there; for the others it is pending already.
void Dispatcher::deliver_all(const News& news, Event& event) {
  const Running running(*this);
  const std::uint64_t number = events_;
  Windows windows;
  std::uint32_t next = nobody;
  for (std::uint32_t index = news.fanout.head; index != nobody && events_ == number; index = next) {
    Record& record = shared_.records[index];
    next = record.next_of_stream();
    if (next != nobody) __builtin_prefetch(&shared_.records[next]);
    const State state = record.state();
    if (record.stream() != event.stream || state.has(State::closed)) continue;
    if (!state.is_ready() || !call_ready(record, state, news, event)) {
      take_in(record, news);
      settle_one(index, event);
    }
    add_window(windows, record);
  }
  if (events_ == number) {
    news.fanout.all_seen();
    return arm_window(event.stream, windows);
  }
  // A callback has caused another event. It may also have given the stream's place away.
  if (!board_.holds(event.stream)) return;
  flush(event.stream, event.slot());
  settle_all(event.stream, event);
}

void Dispatcher::settle_all(StreamId stream, Event& event) {
  const Running running(*this);
  // A callback may have caused another event, by whose moment somebody of more priority is due; or
  // have given the stream's place to another one, whose windows these are not.
  for (std::optional<Windows> windows; !windows && board_.holds(stream);) {
    windows = settle_in_order(stream, event);
    if (windows) arm_window(stream, *windows);
  }
}

/// Nothing if a call has caused another event: then it is to be begun again.
std::optional<Dispatcher::Windows> Dispatcher::settle_in_order(StreamId stream, Event& event) {
  const std::uint64_t number = events_;
  Windows windows;
  std::uint32_t next = nobody;
  for (std::uint32_t index = fanout(stream).head; index != nobody; index = next) {
    const Record& record = shared_.records[index];
    next = record.next_of_stream();
    if (record.stream() != stream || record.state().has(State::closed)) continue;
    settle_one(index, event);
    if (events_ != number) return std::nullopt;
    add_window(windows, record);
  }
  return windows;
}

void Dispatcher::settle_one(std::uint32_t index, Event& event) {
  Record& record = shared_.records[index];
  Consumer& consumer = consumer_of(record);
  // Again, if the call has brought more for the same consumer: it is never called inside itself.
  for (;;) {
    close_window_if_over(record, event.moment());
    const State state = record.state();
    const bool due = state.has(State::pending) && !state.has(State::open);
    if (consumer.queued()) {
      if (due || state.has(State::tell) || state.level_due()) hand_over(index, consumer);
      return;
    }
    if (state.has(State::closed) || state.has(State::calling)) return;
    if (due) {
      call_pending(record, consumer, event);
    } else if (state.has(State::tell)) {
      tell_refusal(record, consumer, event);
    } else {
      return;
    }
  }
}

void Dispatcher::close_window_if_over(Record& record, MonoTime now) {
  const State state = record.state();
  if (!state.has(State::open) || window_end(record, state) > now) return;
  record.unlock(record.lock().without(State::open));
}

/// The newest price, or why not: max_age is judged here, immediately before the call.
void Dispatcher::call_pending(Record& record, Consumer& consumer, Event& event) {
  const bool accepted = event.accepts(consumer.read);
  const State state = record.lock().without(State::pending);
  if (!accepted) {
    record.count_refused(1);
    if (!state.has(State::refused)) record.count_episode(event.refusal.code);
    const bool told = state.has(State::refused) && !state.has(State::tell);
    record.unlock(told ? state : state.with(State::refused | State::tell));
    return;
  }
  record.read_window(event.delivery.window, state);
  call(record, consumer, state.without(State::refused | State::tell), event);
}

/// The same with the tick that came just now, which nothing has to be remembered of. False if there
/// is more to it.
bool Dispatcher::call_ready(Record& record, State state, const News& news, Event& event) {
  Consumer& consumer = shared_.consumers[state.consumer()];
  if (!news.is_next(state) || !event.accepts(consumer.read)) return false;
  event.delivery.window = {news.bottom, news.top, 1};
  call(record, consumer, state.with_covered(news.ticks), event);
  return true;
}

void Dispatcher::call(Record& record, Consumer& consumer, State state, Event& event) {
  const bool throttled = consumer.options.min_interval > Duration::zero();
  record.set_moment(event.now);
  record.note_in_flight(event.in_flight);
  record.unlock(state.with(State::calling | State::if_so(State::open, throttled)));
  const StreamName& name = event.name();
  {
    const dispatch::Timed timed(clock_, consumer);
    dispatch::call_price(record, consumer, event.delivery);
  }
  record.end_call([&] { dispatch::call_detached(consumer, name); });
}

void Dispatcher::tell_refusal(Record& record, Consumer& consumer, Event& event) {
  const bool accepted = event.accepts(consumer.read);
  const State state = record.lock().without(State::tell);
  if (accepted) {
    record.unlock(state.without(State::refused));
    return;
  }
  record.unlock(state.with(State::calling));
  const StreamName& name = event.name();
  {
    const dispatch::Timed timed(clock_, consumer);
    dispatch::call_refused(consumer, name, event.refusal);
  }
  record.end_call([&] { dispatch::call_detached(consumer, name); });
}

void Dispatcher::hand_over(std::uint32_t index, const Consumer& consumer) {
  Record& record = shared_.records[index];
  const State state = record.lock();
  const bool put = !state.has(State::handed) && !state.has(State::closed);
  record.unlock(put ? state.with(State::handed) : state);
  if (put) consumer.queue->put(index);
}

}  // namespace feedwatch
