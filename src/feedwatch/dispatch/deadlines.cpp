#include <algorithm>

#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

void Dispatcher::on_deadline(MonoTime now) {
  const bool window = windows_.next() <= refusals_.next();
  DeadlineHeap& heap = window ? windows_ : refusals_;
  const std::uint32_t place = heap.top().number;
  heap.erase(place);
  if (!window) shared_.topics[place].refusal_armed = never_mono;
  const auto stream = stream_at(place);
  if (!stream) return;
  ++events_;
  Event event(*this, *stream, now);
  flush(*stream, event.slot);
  if (!window) {
    review(*stream, event.slot, now);
    arm_refusal(*stream, event.slot, {});
  }
  settle_all(*stream, event);
}

/// The stream of a place that somebody subscribes to.
std::optional<StreamId> Dispatcher::stream_at(std::uint32_t place) const {
  for (std::uint32_t index = shared_.topics[place].fanout.head; index != nobody;
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

void Dispatcher::arm_refusal(StreamId stream, const Slot& slot, const dispatch::Plain& plain) {
  if (plain.acceptable && refusal_is_armed(stream, plain)) return;
  arm_refusal_at(stream, next_refusal(stream, slot));
}

void Dispatcher::arm_refusal_at(StreamId stream, MonoTime at) {
  MonoTime& armed = shared_.topics[place(stream)].refusal_armed;
  if (at >= armed) return;
  armed = at;
  refusals_.set(place(stream), at);
}

void Dispatcher::disarm(StreamId stream) {
  windows_.erase(place(stream));
  refusals_.erase(place(stream));
  shared_.topics[place(stream)].refusal_armed = never_mono;
}

/// Whether the deadline stands early enough for what a plain tick has left of the future. If so the
/// tick leaves it where it is, and when it comes too early it is moved.
bool Dispatcher::refusal_is_armed(StreamId stream, const dispatch::Plain& plain) const {
  return shared_.topics[place(stream)].refusal_armed <= plain.refused_not_before;
}

}  // namespace feedwatch
