// Which topics there are, on which line, and which are set aside.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

std::string_view VenueFeed::route_of(const venues::Topic& topic) const {
  return sheet_.channels[topic.channel].route;
}

VenueFeed::Slot& VenueFeed::slot_with_room(std::string_view route, std::size_t room,
                                           std::uint8_t copy, MonoTime now) {
  std::size_t number = 1;
  for (const auto& slot : slots_) {
    if (slot->route != route || slot->copy != copy) continue;
    const std::size_t limit = sheet_.max_topics_per_line;
    if (limit == 0 || slot->topics.empty() || slot->topics.size() + room <= limit) return *slot;
    ++number;
  }
  const std::size_t index = slots_.size();
  const LineId id{options_.first_line + static_cast<std::uint32_t>(index)};
  slots_.push_back(std::make_unique<Slot>(index, id, std::string(route), copy,
                                          line_name_of(route, number, copy)));
  slots_.back()->state_since = now;
  return *slots_.back();
}

/// "binance-usdm/market#1"; of doubled ones "…#1a" and "…#1b".
std::string VenueFeed::line_name_of(std::string_view route, std::size_t number,
                                    std::uint8_t copy) const {
  std::string name = options_.venue + "/" + std::string(route) + "#" + std::to_string(number);
  if (options_.lines > 1) name += static_cast<char>('a' + copy);
  return name;
}

TopicId VenueFeed::add_topic(const venues::Topic& topic, bool required, MonoTime now) {
  const std::string_view route = route_of(topic);
  std::vector<TopicId> copies;
  const auto lines = static_cast<std::uint8_t>(options_.lines);
  for (std::uint8_t copy = 0; copy < lines; ++copy) {
    Slot& slot = slot_with_room(route, 1 + beats_of_symbol(route), copy, now);
    copies.push_back(insert_topic(slot, topic, now));
    at(copies.back()).required = required;
    at(copies.back()).known_as = copies.front();
    add_beats(slot, topic.symbol, now);
    publish(slot, now, true);
  }
  const TopicId id = copies.front();
  if (copies.size() > 1) at(id).copies = std::move(copies);
  update_reason(id, now);
  update_venue(now);
  return id;
}

TopicId VenueFeed::insert_topic(Slot& slot, const venues::Topic& topic, MonoTime now) {
  const auto free = std::ranges::find_if(topics_, [](const auto& state) { return !state; });
  const TopicId id{static_cast<std::uint32_t>(free - topics_.begin())};
  auto state = std::make_unique<TopicState>();
  const Cadence& cadence = sheet_.channels[topic.channel].cadence;
  state->wire = topic;
  state->slot = slot.index;
  state->known_as = id;
  state->clocked = cadence.type == CadenceType::clocked;
  state->ladder = Ladder(std::max<Duration>(3s, cadence.period + 2s));
  if (free == topics_.end()) {
    topics_.push_back(std::move(state));
  } else {
    *free = std::move(state);
  }
  put_on(slot, id, now);
  return id;
}

void VenueFeed::put_on(Slot& slot, TopicId topic, MonoTime now) {
  slot.topics.insert(topic);
  for (Session* session : {slot.current.get(), slot.replacement.get()}) {
    if (session == nullptr) continue;
    session->want(topic, at(topic).wire, false);
    session->on_time(now);
  }
  if (running_ && !slot.current && !slot.dial_at) schedule(slot, Redial::spread, now);
}

void VenueFeed::set_required(TopicId topic, bool required) {
  for (const TopicId copy : copies_of(topic)) at(copy).required = required;
}

void VenueFeed::remove_topic(TopicId topic, MonoTime now) {
  std::vector<TopicId> copies = copies_of(topic);
  for (const TopicId copy : copies) end_repair(copy, "nobody wants it any more", now);
  // From here on it is one topic, and the last to go.
  at(topic).primary = 0;
  at(topic).copies.clear();
  std::ranges::reverse(copies);
  for (const TopicId copy : copies) erase_topic(*slots_[at(copy).slot], copy, now);
  for (const auto& each : slots_) drop_beats(*each, now);
  update_venue(now);
}

/// No line asks for it, and nothing is repaired; it exists still.
void VenueFeed::take_off(Slot& slot, TopicId topic, MonoTime now) {
  end_repair(topic, "nobody wants it any more", now);
  slot.topics.erase(topic);
  climbing_.erase(topic);
  std::erase_if(beats_due_, [&](const auto& due) { return due.second == topic; });
  for (Session* session : {slot.current.get(), slot.replacement.get()}) {
    if (session != nullptr) session->unwant(topic, now);
  }
  set_aside_.erase(topic);
}

void VenueFeed::erase_topic(Slot& slot, TopicId topic, MonoTime now) {
  take_off(slot, topic, now);
  topics_[topic.index()].reset();
  close_if_empty(slot, now);
  publish(slot, now, true);
}

/// Nobody is served by the line any more.
void VenueFeed::close_if_empty(Slot& slot, MonoTime now) {
  if (!slot.topics.empty()) return;
  slot.dial_at.reset();
  slot.give_up_at.reset();
  for (SessionPtr* session : {&slot.current, &slot.replacement}) {
    if (!*session) continue;
    (*session)->begin_closing();
    pass_halt_on((*session)->conn(), now);
    port_.close((*session)->conn());
    slot.closing.push_back(std::move(*session));
  }
  if (pathfinder_ == slot.index) {
    pathfinder_.reset();
    choose_pathfinder(Redial::spread, now);
  }
}

template <class Action>
void VenueFeed::for_sessions(TopicId topic, Action action) {
  const Slot& slot = *slots_[at(topic).slot];
  for (Session* session : {slot.current.get(), slot.replacement.get()}) {
    if (session != nullptr) action(*session);
  }
}

/// Its silence is no fault of its lines, or is one again.
void VenueFeed::excuse(TopicId topic, bool excused, MonoTime now) {
  for_sessions(topic, [&](Session& session) { session.excuse(topic, excused, now); });
}

void VenueFeed::set_instrument(TopicId topic, Reason reason, const std::string& detail,
                               MonoTime now) {
  for (const TopicId copy : copies_of(topic)) set_instrument_of(copy, reason, detail, now);
}

void VenueFeed::set_instrument_of(TopicId topic, Reason reason, std::string detail, MonoTime now) {
  TopicState& state = at(topic);
  if (state.retired) {
    if (reason == Reason::quarantined) return;
    revive(topic, now);
    if (reason == Reason::ok) return;  // its first data says so, or the next list
  }
  if (state.beat == venues::BeatScope::none) {  // what beats for it trades or halts with it
    for (const auto& [beat, id] : slots_[state.slot]->beats) {
      if (beat.symbol == state.wire.symbol) set_instrument(id, reason, detail, now);
    }
  }
  if (reason == Reason::quarantined && !state.received) {
    state.unlisted = true;
    state.instrument = Reason::ok;  // a halt it was in before is no matter any more
    quarantine(topic, std::move(detail), now);
    return;
  }
  if (reason == Reason::quarantined) {
    // Data is better evidence than a list: a stream that ticks is neither bad nor gone.
    reason = state.silent_since == never_mono ? Reason::ok : Reason::delisted;
    if (reason == Reason::ok) detail.clear();
  } else if (std::exchange(state.unlisted, false) && state.quarantined) {
    release(topic);
    for_sessions(topic, [&](Session& session) {
      session.want(topic, state.wire, false);
      session.on_time(now);
    });
  }
  const Reason before = std::exchange(state.instrument, reason);
  state.instrument_at = now;
  if (before != Reason::delisted) state.delisted_since = now;
  if (reason != Reason::ok) set_aside_.insert(topic);
  if (reason != Reason::ok || before != Reason::ok) state.detail = std::move(detail);
  if ((reason == Reason::ok) != (before == Reason::ok)) {
    excuse(topic, reason != Reason::ok, now);
  }
  if (reason != Reason::ok) {
    // A halt is no fault of the feed: nothing to repair, nothing to page about.
    state.ladder.on_cleared();
    note_exhausted(topic, now);
    if (!state.ladder.running()) climbing_.erase(topic);
  } else if (before != Reason::ok && spoke_since(topic, state.silent_since)) {
    state.silent_since = never_mono;
  } else if (before != Reason::ok && state.silent_since != never_mono) {
    suspect_copy(topic, state.silent_since,
                 state.clocked ? RepairStep::replace_line : RepairStep::resubscribe, now);
  }
  update_reason(topic, now);
  retire_if_gone(topic, now);
}

void VenueFeed::quarantine(TopicId topic, std::string detail, MonoTime now) {
  TopicState& state = at(topic);
  if (state.quarantined) return;
  state.quarantined = true;
  state.retry_at = now + quarantine_retry;
  set_aside_.insert(topic);
  state.detail = std::move(detail);
  state.ladder.on_cleared();
  end_repair(topic, "the topic is quarantined", now);
  note_exhausted(topic, now);
  climbing_.erase(topic);
  excuse(topic, true, now);
  update_reason(topic, now);
}

/// Out of quarantine: by data, or because a list knows it now.
void VenueFeed::release(TopicId topic) {
  TopicState& state = at(topic);
  state.quarantined = false;
  state.fruitless = 0;
  state.detail.clear();
}

/// A venue may have come to serve what it did not: quarantine asks again now and then. And a word
/// of REST that is not repeated excuses nobody any longer.
void VenueFeed::review_set_aside(MonoTime now) {
  const std::vector<TopicId> aside(set_aside_.begin(), set_aside_.end());
  for (const TopicId topic : aside) {
    TopicState& state = at(topic);
    if (state.instrument != Reason::ok && now - state.instrument_at > instrument_fresh) {
      set_instrument_of(topic, Reason::ok, {}, now);
    }
    if (state.quarantined && now >= state.retry_at && line_up(*slots_[state.slot]) &&
        !state.ladder.running()) {
      state.retry_at = now + quarantine_retry;
      begin_repair(topic, RepairStep::resubscribe, now);
      climbing_.insert(topic);
    }
    if (!state.quarantined && state.instrument == Reason::ok) set_aside_.erase(topic);
  }
}

bool VenueFeed::excusing() const {
  return std::ranges::any_of(set_aside_, [&](TopicId topic) {
    return at(topic).instrument != Reason::ok && at(topic).silent_since != never_mono;
  });
}

}  // namespace feedwatch::feed
