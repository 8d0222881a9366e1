// Topics whose symbol the venue lists no longer: nobody asks for them until a list holds it again.

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

/// One list may be a mistake of the venue's; two in a row that do not hold what is silent are not.
void VenueFeed::retire_if_gone(TopicId topic, MonoTime now) {
  const TopicState& state = at(topic);
  const bool gone = state.instrument == Reason::delisted && state.beat == venues::BeatScope::none;
  if (gone && now - state.delisted_since >= retire_after) retire(topic, now);
}

/// It keeps its id, and whoever wants it goes on wanting it; no line has it any more.
void VenueFeed::retire(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  Slot& slot = *slots_[state.slot];
  state.retired = true;
  state.detail += ": no longer subscribed";
  take_off(slot, topic, now);
  for (const auto& each : slots_) drop_beats(*each, now);
  close_if_empty(slot, now);
  publish(slot, now, true);
  lost(topic, now);
  if (retired(state.known_as)) port_.topic_retired(state.known_as, true, now);
  update_reason(topic, now);
  update_venue(now);
}

/// A list holds it again: subscribed like a new one, on whatever line has room. Until it has data,
/// or a further list has said the same, its silence is explained as it was.
void VenueFeed::revive(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  const bool was_retired = retired(state.known_as);
  const std::string_view route = route_of(state.wire);
  Slot& slot = slot_with_room(route, 1 + beats_of_symbol(route), slots_[state.slot]->copy, now);
  state.retired = false;
  state.slot = slot.index;
  put_on(slot, topic, now);
  excuse(topic, true, now);
  set_aside_.insert(topic);
  state.instrument_at = state.delisted_since = now;
  state.detail = "listed again";
  add_beats(slot, state.wire.symbol, now);
  publish(slot, now, true);
  if (was_retired) port_.topic_retired(state.known_as, false, now);
  update_reason(topic, now);
  update_venue(now);
}

}  // namespace feedwatch::feed
