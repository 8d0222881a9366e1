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
    dispatcher.on_level(copy.stream, copy.from, copy.to);
  }
}

void Monitor::Impl::on_time(MonoTime now, std::size_t limit) {
  told = std::max(told, now);
  // A look at a stream costs about as much as its expiry: both count against the limit.
  for (std::size_t spent = 0; spent < limit; ++spent) {
    if (tracker.next_deadline() > now || tracker.next_deadline() == never_mono) return;
    const auto index = tracker.take_due(now);
    if (!index) {
      spent += tracker.prepare(now);
      continue;
    }
    Stream expired{board.at(*index), board.own(StreamId{*index}), board.owned<OwnerState>(*index)};
    tracker.on_deadline(expired.subject(), now);
    const StreamId stream = expired.id;
    publish(expired);
    // Behind the level: a consumer hears of the level it is judged by.
    dispatcher.on_alarm(stream, now);
  }
}

}  // namespace feedwatch
