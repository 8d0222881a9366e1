// Connections that the venue is going to end are replaced before, make-before-break.

#include <algorithm>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

/// The connection in use has just opened: it is replaced within the last tenth of the life the
/// venue grants it, lines one after another.
void VenueFeed::plan_rotation(Slot& slot) {
  slot.rotate_at = never_mono;
  if (!slot.current || sheet_.forced_close <= Duration::zero()) return;
  const Duration tenth = sheet_.forced_close / 10;
  const Duration before = random_.between(tenth / 10, tenth);
  slot.rotate_at = slot.current->dialled() + sheet_.forced_close - before;
  slot.rotate_why = "the venue ends connections of this age";
}

void VenueFeed::on_notice(ConnId conn, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr || slot->current.get() != session) return;
  slot->rotate_at = now;
  slot->rotate_why = "the venue announced that it will close the connection";
  check_rotation(*slot, now);
}

void VenueFeed::check_rotation(Slot& slot, MonoTime now) {
  if (slot.rotate_at > now || slot.topics.empty()) return;
  slot.rotate_at = now + rotate_retry;
  if (line_up(slot) && !slot.replacement) start_replacement(slot, slot.rotate_why, now);
}

}  // namespace feedwatch::feed
