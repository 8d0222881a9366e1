#include <algorithm>

#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {

void Monitor::Impl::publish(const Stream& stream) {
  board.write(stream.id, stream.slot);
  notify_levels();
}

void Monitor::Impl::notify_levels() {
  while (const StreamChange* change = changes.next_unnotified()) {
    if (change->type != StreamChange::Type::level) continue;
    const StreamChange copy = *change;
    dispatcher.on_level(copy.stream, copy.from, copy.to, told);
  }
}

void Monitor::Impl::on_time(MonoTime now, std::size_t limit) {
  told = std::max(told, now);
  tracker.tell(now);
  dispatcher.tell(now);
  // A look at a stream costs about as much as its expiry: both count against the limit.
  for (std::size_t spent = 0; spent < limit; ++spent) {
    const MonoTime level_due = tracker.next_deadline();
    const MonoTime window_due = dispatcher.next_window();
    const MonoTime due = std::min(level_due, window_due);
    if (due > now || due == never_mono) return;
    // Levels before deliveries of the same moment: a consumer hears of the level it is judged by.
    // So no window goes beyond the next level: the one that stood first may be overtaken.
    if (window_due < level_due) {
      spent += dispatcher.on_window(std::min(now, level_due - Duration{1}), now);
      continue;
    }
    const auto index = tracker.take_due(now);
    if (!index) {
      spent += tracker.prepare(now);
      continue;
    }
    Stream expired{board.at(*index), board.own(StreamId{*index}), board.owned<OwnerState>(*index)};
    const StreamId id = expired.id;
    tracker.on_deadline(expired.subject(), now);
    publish(expired);
    dispatcher.on_alarm(id, now);
    if (auto known = stream(id)) tracker.rearm(known->subject());
  }
}

}  // namespace feedwatch
