#include <algorithm>

#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

/// What the wheel asks of a stream.
struct Dispatcher::Ends {
  const Dispatcher& owner;
  MonoTime now;
  MonoTime due(std::uint32_t place) const {
    const MonoTime end = owner.first_end(place);
    // Windows that are over in no particular moment: a subscription has ended among them.
    return end <= Fanout::all_ready ? now : end;
  }
  void prefetch(std::uint32_t place) const { owner.board_.prefetch(place); }
};

std::size_t Dispatcher::on_window(MonoTime until, MonoTime now) {
  std::uint32_t place = 0;
  const Ends ends{*this, now};
  if (!windows_.take(until, place, ends)) return windows_.prepare(until, ends);
  const auto stream = stream_at(place);
  if (!stream || !board_.holds(*stream)) return 0;
  begin_event(now);
  Event event(*this, *stream, now);
  flush(*stream, event.slot());
  fanout(*stream).quiet_until = MonoTime::min();  // a callback may bring the next tick
  settle_all(*stream, event);
  return 0;
}

/// never_mono when no price waits for the end of a window.
MonoTime Dispatcher::first_end(std::uint32_t place) const {
  const Fanout& common = fanout(StreamId{place});
  MonoTime first = common.has_unseen() ? common.quiet_until : never_mono;
  for (std::uint32_t index = common.head; index != nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    const bool waits = state.has(State::open) && state.has(State::pending);
    if (waits && !state.has(State::closed)) first = std::min(first, window_end(record, state));
  }
  return first;
}

void Dispatcher::on_alarm(StreamId stream, MonoTime now) {
  // A callback may have ended the stream since its deadline came.
  if (!board_.holds(stream) || watched(stream) == nullptr) return;
  if (next_refusal(stream, board_.own(stream)) > now) return;
  begin_event(now);
  Event event(*this, stream, now);
  flush(stream, event.slot());
  review(stream, event.slot(), now);
  fanout(stream).quiet_until = MonoTime::min();
  settle_all(stream, event);
}

/// The stream of a place that somebody subscribes to.
std::optional<StreamId> Dispatcher::stream_at(std::uint32_t place) const {
  for (std::uint32_t index = fanout(StreamId{place}).head; index != nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    if (!record.state().has(State::closed)) return record.stream();
  }
  return std::nullopt;
}

MonoTime Dispatcher::window_end(const Record& record, State state) const {
  return plus(record.moment(), shared_.consumers[state.consumer()].options.min_interval);
}

void Dispatcher::add_window(Windows& windows, const Record& record) const {
  const State state = record.state();
  const bool open = state.has(State::open);
  windows.add(state, open ? window_end(record, state) : MonoTime::min());
}

void Dispatcher::arm_window(StreamId stream, const Windows& windows) {
  const MonoTime unless_quiet = windows.ready ? Fanout::all_ready : MonoTime::min();
  fanout(stream).quiet_until = windows.quiet ? windows.first_end : unless_quiet;
  windows_.set_not_later(place(stream), windows.first_due);
}

MonoTime Dispatcher::next_refusal(StreamId stream, const Slot& slot) const {
  MonoTime next = never_mono;
  for (std::uint32_t index = fanout(stream).head; index != nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    const bool watches = record.stream() == stream && !state.has(State::closed);
    if (!watches || state.has(State::refused)) continue;
    next = std::min(next, refused_from(slot, shared_.consumers[state.consumer()].read));
  }
  return next;
}

}  // namespace feedwatch
