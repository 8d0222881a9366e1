// What the venue says of itself.

#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

void VenueFeed::on_status(ConnId conn, const venues::SystemStatus& status, MonoTime now) {
  if (find(conn) == nullptr) return;
  if (status.trading) return end_halt(now);
  const bool began = !halt_;
  halt_ = Halt{.by = conn, .detail = status.detail};
  for (const auto& slot : slots_) {
    for (const TopicId topic : slot->topics) {
      if (began) {
        Ladder& ladder = at(topic).ladder;
        ladder.on_cleared();
        note_exhausted(topic, now);
        if (!ladder.running()) climbing_.erase(topic);
        excuse(topic, true, now);
      }
      update_reason(topic, now);
    }
    publish(*slot, now);
  }
  update_venue(now);
}

/// It trades again, or nobody says any longer that it does not.
void VenueFeed::end_halt(MonoTime now) {
  if (!std::exchange(halt_, std::nullopt)) return;
  for (const auto& slot : slots_) {
    for (const TopicId topic : slot->topics) {
      const TopicState& state = at(topic);
      const bool excused = state.quarantined || state.instrument != Reason::ok;
      excuse(topic, excused, now);
      update_reason(topic, now);
      if (state.silent_since == never_mono) continue;
      on_suspect(topic, state.silent_since,
                 state.clocked ? RepairStep::replace_line : RepairStep::resubscribe, now);
    }
    publish(*slot, now);
  }
  update_venue(now);
}

}  // namespace feedwatch::feed
