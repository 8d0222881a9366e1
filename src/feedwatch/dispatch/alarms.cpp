#include <algorithm>

#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

void Dispatcher::on_window(MonoTime now) {
  const std::uint32_t place = windows_.top().number;
  windows_.erase(place);
  const auto stream = stream_at(place);
  if (!stream || !board_.holds(*stream)) return;
  ++events_;
  Event event(*this, *stream, now);
  flush(*stream, event.slot);
  fanout(*stream).quiet_until = MonoTime::min();  // a callback may bring the next tick
  settle_all(*stream, event);
}

void Dispatcher::on_alarm(StreamId stream, MonoTime now) {
  // A callback may have ended the stream since its deadline came.
  if (!board_.holds(stream) || watched(stream) == nullptr) return;
  if (next_refusal(stream, board_.own(stream)) > now) return;
  ++events_;
  Event event(*this, stream, now);
  flush(stream, event.slot);
  review(stream, event.slot, now);
  fanout(stream).quiet_until = MonoTime::min();
  settle_all(stream, event);
}

/// The stream of a place that somebody subscribes to.
std::optional<StreamId> Dispatcher::stream_at(std::uint32_t place) const {
  for (std::uint32_t index = fanout(StreamId{place}).head; index != nobody;
       index = shared_.records[index].next_of_stream) {
    const Record& record = shared_.records[index];
    if (!record.state().has(State::closed)) return record.stream();
  }
  return std::nullopt;
}

MonoTime Dispatcher::window_end(const Record& record, State state) const {
  return plus(record.moment(), shared_.consumers[state.consumer()].options.min_interval);
}

void Dispatcher::arm_window(StreamId stream) {
  MonoTime first_end = never_mono;
  MonoTime first_due = never_mono;
  bool quiet = true;
  for_each(stream, [&](std::uint32_t index) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    quiet = quiet && state.has(State::open) && !state.has(State::refused);
    if (!state.has(State::open)) return;
    const MonoTime end = window_end(record, state);
    first_end = std::min(first_end, end);
    if (state.has(State::pending)) first_due = std::min(first_due, end);
  });
  fanout(stream).quiet_until = quiet ? first_end : MonoTime::min();
  windows_.set(place(stream), first_due);
}

MonoTime Dispatcher::next_refusal(StreamId stream, const Slot& slot) const {
  MonoTime next = never_mono;
  for (std::uint32_t index = fanout(stream).head; index != nobody;
       index = shared_.records[index].next_of_stream) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    const bool watches = record.stream() == stream && !state.has(State::closed);
    if (!watches || state.has(State::refused)) continue;
    next = std::min(next, refused_from(slot, shared_.consumers[state.consumer()].read));
  }
  return next;
}

}  // namespace feedwatch
