// Channels that only beat: subscribed beside those with prices, they prove that a symbol, or a
// line, is served where the prices themselves prove nothing by their silence.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

using venues::BeatScope;

namespace {

constexpr int missed_beats = 3;  ///< so many periods of silence are one (semantics §4)

}  // namespace

/// What is to beat beside a topic that has just been put on the line.
void VenueFeed::add_beats(Slot& slot, const std::string& symbol, MonoTime now) {
  for (std::size_t i = 0; i < sheet_.channels.size(); ++i) {
    const venues::ChannelSheet& beat = sheet_.channels[i];
    if (beat.beats == BeatScope::none) continue;
    const venues::Topic topic{static_cast<std::uint8_t>(i),
                              beat.beats == BeatScope::symbol ? symbol : std::string{}};
    if (beat.beats == BeatScope::venue) {
      const bool known = std::ranges::any_of(
          slots_, [&](const auto& each) { return each->beats.contains(topic); });
      if (!known) insert_beat(slot_with_room(beat.route, 1, slot.copy, now), topic, now);
    } else if (beat.route == slot.route && !slot.beats.contains(topic)) {
      insert_beat(slot, topic, now);
    }
  }
}

void VenueFeed::insert_beat(Slot& slot, const venues::Topic& topic, MonoTime now) {
  const TopicId id = insert_topic(slot, topic, now);
  TopicState& state = at(id);
  state.beat = sheet_.channels[topic.channel].beats;
  state.beat_at = never_mono;
  slot.beats.emplace(topic, id);
}

/// How many topics one more of the symbol adds to a line of the route.
std::size_t VenueFeed::beats_of_symbol(std::string_view route) const {
  return static_cast<std::size_t>(std::ranges::count_if(sheet_.channels, [&](const auto& each) {
    return each.beats == BeatScope::symbol && each.route == route;
  }));
}

/// Those that nothing is left to beat for.
void VenueFeed::drop_beats(Slot& slot, MonoTime now) {
  const auto priced = [&](const auto& wanted) {
    return std::ranges::any_of(slot.topics, [&](TopicId topic) {
      return at(topic).beat == BeatScope::none && wanted(at(topic).wire.symbol);
    });
  };
  const std::map<venues::Topic, TopicId> beats = slot.beats;
  for (const auto& [topic, id] : beats) {
    const BeatScope scope = at(id).beat;
    const std::string& symbol = topic.symbol;
    const bool needed = scope == BeatScope::symbol
                            ? priced([&](const auto& other) { return other == symbol; })
                        : scope == BeatScope::line ? priced([](const auto&) { return true; })
                                                   : has_prices();
    if (needed) continue;
    slot.beats.erase(topic);
    erase_topic(slot, id, now);
  }
}

bool VenueFeed::has_prices() const {
  return std::ranges::any_of(topics_, [](const auto& state) {
    return state && !state->retired && state->beat == BeatScope::none;
  });
}

void VenueFeed::on_beat(ConnId conn, const venues::Beat& beat, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  const auto found = slot->beats.find({beat.channel, std::string(beat.symbol)});
  if (found == slot->beats.end()) return;
  const TopicId topic = found->second;
  const Session::Data data = on_data(conn, topic, now);
  if (data.epoch == 0) return;
  if (data.first) on_evidence(conn, topic, now);
  if (slot->current.get() != session) return;
  TopicState& state = at(topic);
  const bool was_silent = state.ladder.suspect() && !state.ladder.running();
  const bool waits = std::exchange(state.beat_at, now) == never_mono;
  if (waits) beats_due_.emplace_back(now + beat_limit(state), topic);
  if (was_silent) on_cleared(topic, now);
}

Duration VenueFeed::beat_limit(const TopicState& state) const {
  return missed_beats * sheet_.channels[state.wire.channel].cadence.period;
}

/// In the order in which the beats looked at last will have been missed; a beat since then puts its
/// topic back at the end.
void VenueFeed::check_beats(MonoTime now) {
  while (!beats_due_.empty() && beats_due_.front().first <= now) {
    const auto [due, topic] = beats_due_.front();
    beats_due_.pop_front();
    TopicState* const state =
        topic.index() < topics_.size() ? topics_[topic.index()].get() : nullptr;
    if (state == nullptr || state->beat == BeatScope::none || state->beat_at == never_mono)
      continue;
    const MonoTime silent_at = state->beat_at + beat_limit(*state);
    if (silent_at > now) {
      beats_due_.emplace_back(silent_at, topic);
      continue;
    }
    const MonoTime since = std::exchange(state->beat_at, never_mono);
    const Slot& slot = *slots_[state->slot];
    if (!line_up(slot)) continue;  // dialling has its own rules
    on_suspect(topic, since, RepairStep::replace_line, now);
  }
}

/// The first topic with prices that the beat stands for.
std::optional<TopicId> VenueFeed::beats_for(TopicId beat) const {
  const TopicState& state = at(beat);
  for (const TopicId topic : slots_[state.slot]->topics) {
    const TopicState& other = at(topic);
    if (other.beat != BeatScope::none) continue;
    if (state.beat != BeatScope::symbol || other.wire.symbol == state.wire.symbol) return topic;
  }
  return std::nullopt;
}

/// Whether the beat of the topic's symbol is silent: what repairs it repairs the topic.
bool VenueFeed::beat_repairs(const Slot& slot, const TopicState& topic) const {
  if (topic.beat != BeatScope::none || topic.clocked) return false;
  return std::ranges::any_of(slot.beats, [&](const auto& item) {
    const Ladder& ladder = at(item.second).ladder;
    const bool same = item.first.symbol == topic.wire.symbol;
    return same && (ladder.suspect() || ladder.running());
  });
}

/// The subscriptions that may have died with a beat: those that only speak of changes, and have not
/// spoken since. None for a topic that has prices itself.
std::vector<TopicId> VenueFeed::silent_beside(TopicId beat) const {
  std::vector<TopicId> silent;
  const TopicState& state = at(beat);
  if (state.beat == BeatScope::none) return silent;
  const Slot& slot = *slots_[state.slot];
  // The symbol died at some moment before the first beat that did not come, speaking until then.
  const MonoTime died_by = state.silent_since + sheet_.channels[state.wire.channel].cadence.period;
  for (const TopicId topic : slot.topics) {
    const TopicState& other = at(topic);
    if (other.beat != BeatScope::none || other.clocked || other.quarantined) continue;
    if (state.beat == BeatScope::symbol && other.wire.symbol != state.wire.symbol) continue;
    const Coverage* coverage = slot.current->coverage(topic);
    if (coverage != nullptr && coverage->heard.value_or(MonoTime{}) <= died_by) {
      silent.push_back(topic);
    }
  }
  return silent;
}

}  // namespace feedwatch::feed
