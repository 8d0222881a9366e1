#include <algorithm>

#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

MonoTime Dispatcher::next_alarm(StreamId stream, const Slot& slot) const {
  if (fanout(stream).head == nobody) return never_mono;
  return std::min(next_delivery(stream), next_refusal(stream, slot));
}

void Dispatcher::on_alarm(StreamId stream, MonoTime now) {
  // A callback may have ended the stream since its deadline came.
  if (!board_.holds(stream) || watched(stream) == nullptr) return;
  const Slot slot = board_.own(stream);
  const bool refuses = next_refusal(stream, slot) <= now;
  if (!refuses && next_delivery(stream) > now) {
    arm_(stream, next_alarm(stream, slot));
    return;
  }
  ++events_;
  Event event(*this, stream, now);
  flush(stream, event.slot);
  if (refuses) review(stream, event.slot, now);
  arm_(stream, next_refusal(stream, event.slot));
  settle_all(stream, event);
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
  arm_(stream, first_due);
}

/// The end of the first window that holds a price.
MonoTime Dispatcher::next_delivery(StreamId stream) const {
  const Fanout& fanout = this->fanout(stream);
  MonoTime next = never_mono;
  for_each(stream, [&](std::uint32_t index) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    const bool holds = state.has(State::pending) || fanout.has_unseen();
    if (holds && state.has(State::open)) next = std::min(next, window_end(record, state));
  });
  return next;
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
