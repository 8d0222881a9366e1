// The wider steps of the ladder: a topic on another line, a line at another address.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

/// A line of the same route that stands, is well and has room; nullptr when there is none.
VenueFeed::Slot* VenueFeed::other_line_for(TopicId topic, MonoTime now) const {
  const TopicState& state = at(topic);
  if (state.beat != venues::BeatScope::none || state.moved_from) return nullptr;
  const std::string_view route = route_of(state.wire);
  const std::size_t room = 1 + beats_of_symbol(route);
  for (const auto& slot : slots_) {
    if (slot->index == state.slot || slot->route != route || slot->topics.empty()) continue;
    if (slot->copy != slots_[state.slot]->copy) continue;  // its other copy is there
    const std::size_t limit = sheet_.max_topics_per_line;
    if (limit != 0 && slot->topics.size() + room > limit) continue;
    if (!slot->replacement && is_up(*slot, now)) return slot.get();
  }
  return nullptr;
}

/// Asks for it there as well; it is given up here once it has data there.
bool VenueFeed::move_topic(TopicId topic, MonoTime now) {
  Slot* const to = other_line_for(topic, now);
  if (to == nullptr) return false;
  TopicState& state = at(topic);
  state.moved_from = std::exchange(state.slot, to->index);
  to->topics.insert(topic);
  to->current->want(topic, state.wire, true);
  to->current->on_time(now);
  add_beats(*to, state.wire.symbol, now);
  return true;
}

void VenueFeed::settle_move(TopicId topic, bool ok, MonoTime now) {
  TopicState& state = at(topic);
  if (!state.moved_from) return;
  const std::size_t from = *std::exchange(state.moved_from, std::nullopt);
  const std::size_t left = ok ? from : std::exchange(state.slot, from);
  Slot& slot = *slots_[left];
  slot.topics.erase(topic);
  for (Session* session : {slot.current.get(), slot.replacement.get()}) {
    if (session != nullptr) session->unwant(topic, now);
  }
  drop_beats(slot, now);
  close_if_empty(slot, now);
  publish(slot, now, true);
  publish(*slots_[state.slot], now, true);
}

const std::string& VenueFeed::endpoint_of(const Slot& slot) const {
  return options_.ws_urls[slot.endpoint % options_.ws_urls.size()];
}

bool VenueFeed::dial_elsewhere(Slot& slot, MonoTime now) {
  if (slot.replacement) return true;
  slot.endpoint_before = slot.endpoint++;
  if (start_replacement(slot, "another address: " + endpoint_of(slot), now)) return true;
  return_to_endpoint(slot);
  return false;
}

/// The other address did not help: the line in use stands at this one.
void VenueFeed::return_to_endpoint(Slot& slot) {
  if (slot.endpoint_before) slot.endpoint = *slot.endpoint_before;
  slot.endpoint_before.reset();
}

}  // namespace feedwatch::feed
