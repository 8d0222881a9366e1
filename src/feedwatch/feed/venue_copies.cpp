// Topics of doubled lines: a copy on each, of which one is the primary (semantics §7).

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

// ---- which copies there are ---------------------------------------------------------------------

/// Of a topic as it is known outside; itself alone where it is the only one.
std::vector<TopicId> VenueFeed::copies_of(TopicId topic) const {
  const std::vector<TopicId>& copies = at(topic).copies;
  return copies.empty() ? std::vector{topic} : copies;
}

TopicId VenueFeed::copy_on(const Slot& slot, TopicId topic) const {
  if (options_.lines == 1) return topic;
  const std::vector<TopicId>& copies = at(topic).copies;
  return copies.empty() ? topic : copies[slot.copy];
}

std::uint8_t VenueFeed::primary(TopicId topic) const {
  return at(topic).primary;
}

TopicId VenueFeed::primary_of(TopicId topic) const {
  const TopicState& first = at(topic);
  return first.copies.empty() ? topic : first.copies[first.primary];
}

bool VenueFeed::is_primary(TopicId copy) const {
  return primary_of(at(copy).known_as) == copy;
}

bool VenueFeed::is_comparable(TopicId topic) const {
  return sheet_.channels[at(topic).wire.channel].seq_comparable;
}

// ---- data ---------------------------------------------------------------------------------------

/// A line counts its subscriptions by itself; what the streams count by only rises, whichever line
/// is the primary. Where the venue's numbers mean the same on every line, the ticks of all count
/// so.
void VenueFeed::tell_copy(TopicId copy, Session::Data& data) {
  const TopicState& state = at(copy);
  TopicState& first = at(state.known_as);
  if (first.copies.empty()) return;
  data.doubled = true;
  data.copy = slots_[state.slot]->copy;
  data.primary = primary_of(state.known_as) == copy;
  data.accused = state.ladder.suspect() && !state.ladder.running();
  data.line_epoch = data.epoch;
  const auto as_primary =
      static_cast<std::uint32_t>(std::max<std::int64_t>(1, data.epoch + first.epoch_shift));
  if (data.primary || first.told_epoch == 0) {
    first.told_epoch = std::max(first.told_epoch, as_primary);
  }
  if (is_comparable(state.known_as)) {
    data.epoch = first.told_epoch;
  } else if (data.primary) {
    data.epoch = as_primary;
  }
}

void VenueFeed::on_copy_speaks(ConnId conn, TopicId topic, MonoTime now) {
  Slot* slot = nullptr;
  if (find(conn, &slot) != nullptr) clear_copy(copy_on(*slot, topic), now);
}

// ---- who is the primary -------------------------------------------------------------------------

/// Its line brings what there is. Where the channel owes nothing, the venue's word has to do.
bool VenueFeed::delivers(TopicId copy) const {
  const TopicState& state = at(copy);
  const Session* session = slots_[state.slot]->current.get();
  if (session == nullptr || session->state() != Session::State::live) return false;
  const Coverage* coverage = session->coverage(copy);
  if (coverage == nullptr) return false;
  return coverage->seen || (coverage->acknowledged && !owes_data(state));
}

bool VenueFeed::copy_delivers(TopicId topic, std::uint8_t copy) const {
  const std::vector<TopicId> copies = copies_of(topic);
  return copy < copies.size() && delivers(copies[copy]);
}

/// A copy that delivers, on a line nothing is known against.
std::optional<std::uint8_t> VenueFeed::stand_in_for(TopicId topic, MonoTime now) const {
  const TopicState& first = at(topic);
  const auto copies = static_cast<std::uint8_t>(first.copies.size());
  for (std::uint8_t copy = 0; copy < copies; ++copy) {
    const TopicId other = first.copies[copy];
    if (copy == first.primary || !delivers(other) || at(other).ladder.suspect()) continue;
    const Session& session = *slots_[at(other).slot]->current;
    if (session.health(now) == Session::Health::good) return copy;
  }
  return std::nullopt;
}

/// Doubled lines that are silent together are replaced together: a quarter of the dials is kept for
/// lines that are lost.
bool VenueFeed::saves_dials(MonoTime now) const {
  return options_.lines > 1 && !dials_.unlimited() &&
         std::size_t{dials_.used(now)} * 4 >= std::size_t{dials_.count()} * 3;
}

/// Whether each topic of the lines that are down has a copy on one that is up.
bool VenueFeed::all_stood_in_for(MonoTime now) const {
  if (options_.lines == 1) return false;
  const auto carried = [&](TopicId topic) {
    return std::ranges::any_of(copies_of(at(topic).known_as),
                               [&](TopicId copy) { return is_up(*slots_[at(copy).slot], now); });
  };
  return std::ranges::all_of(slots_, [&](const auto& slot) {
    return is_up(*slot, now) || std::ranges::all_of(slot->topics, [&](TopicId topic) {
             return at(topic).beat != venues::BeatScope::none || carried(topic);
           });
  });
}

void VenueFeed::hand_over(TopicId topic, std::uint8_t to, MonoTime now) {
  TopicState& first = at(topic);
  first.primary = to;
  const TopicId copy = first.copies[to];
  const Coverage coverage = *slots_[at(copy).slot]->current->coverage(copy);
  // One order over all lines goes on while there is a line; elsewhere each has an order of its own.
  const bool was_lost = std::exchange(first.all_lost, false);
  if (!is_comparable(topic) || was_lost) ++first.told_epoch;
  first.epoch_shift = std::int64_t{first.told_epoch} - coverage.epoch;
  port_.topic_taken_over(topic, to, first.told_epoch, now);
  if (!coverage.seen) port_.topic_acknowledged(topic, now);
  update_reason(topic, now);
}

/// The copy's line is gone, or no longer brings it.
void VenueFeed::lost(TopicId copy, MonoTime now) {
  const TopicId topic = at(copy).known_as;
  if (!at(topic).copies.empty()) port_.copy_lost(topic, slots_[at(copy).slot]->copy);
  if (!is_primary(copy)) return;
  if (const auto next = stand_in_for(topic, now)) return hand_over(topic, *next, now);
  at(topic).all_lost = true;
  port_.topic_lost(topic, now);
}

bool VenueFeed::stand_in(TopicId topic, std::uint8_t copy, MonoTime since, MonoTime now) {
  const TopicState& first = at(topic);
  if (copy >= first.copies.size() || copy == first.primary) return false;
  if (!delivers(first.copies[copy])) return false;
  const TopicId silent = primary_of(topic);
  hand_over(topic, copy, now);
  suspect_copy(silent, since,
               at(silent).clocked ? RepairStep::replace_line : RepairStep::resubscribe, now);
  return true;
}

void VenueFeed::on_diverged(TopicId topic, std::uint8_t copy, MonoTime now) {
  const TopicState& first = at(topic);
  if (copy >= first.copies.size() || copy == first.primary) return;
  suspect_copy(first.copies[copy], now, RepairStep::resubscribe, now);
}

/// Its line has had a message of it since then, whoever was told of it.
bool VenueFeed::spoke_since(TopicId copy, MonoTime since) const {
  const Slot& slot = *slots_[at(copy).slot];
  const Coverage* coverage = slot.current ? slot.current->coverage(copy) : nullptr;
  return since != never_mono && coverage != nullptr && coverage->heard && *coverage->heard > since;
}

// ---- copies that fall silent beside others ------------------------------------------------------

/// Since when, if another copy has had data for so long that this one should have had some as well.
std::optional<MonoTime> VenueFeed::behind_since(TopicId copy, MonoTime newest) const {
  constexpr Duration shortest = 3s;
  const TopicState& state = at(copy);
  const Slot& slot = *slots_[state.slot];
  const Coverage* coverage = slot.current ? slot.current->coverage(copy) : nullptr;
  if (coverage == nullptr || !coverage->acknowledged) return std::nullopt;
  const venues::ChannelSheet& sheet = sheet_.channels[state.wire.channel];
  const Duration silence = state.clocked ? 3 * sheet.cadence.period : sheet.suspect_after;
  const Duration limit = std::max(shortest, silence);
  const MonoTime since = std::max(*coverage->acknowledged, coverage->heard.value_or(MonoTime{}));
  return newest - since > limit ? std::optional{since} : std::nullopt;
}

void VenueFeed::review_copies(MonoTime now) {
  for (std::size_t i = 0; i < topics_.size(); ++i) {
    const TopicId topic{static_cast<std::uint32_t>(i)};
    if (topics_[i] && !topics_[i]->copies.empty()) review_copies_of(topic, now);
  }
}

/// Nobody misses a copy whose streams another one serves: it is compared with that one.
void VenueFeed::review_copies_of(TopicId topic, MonoTime now) {
  MonoTime newest{};
  for (const TopicId copy : at(topic).copies) {
    const Slot& slot = *slots_[at(copy).slot];
    const Coverage* coverage = slot.current ? slot.current->coverage(copy) : nullptr;
    if (coverage == nullptr || !coverage->seen) continue;
    // The first message of a subscription may be a snapshot, which is owed to nobody else.
    if (*coverage->heard > *coverage->seen) newest = std::max(newest, *coverage->heard);
  }
  const std::vector<TopicId> copies = at(topic).copies;
  for (const TopicId copy : copies) {
    if (at(copy).ladder.suspect() || !line_up(*slots_[at(copy).slot])) continue;
    const auto since = behind_since(copy, newest);
    if (since) suspect_copy(copy, *since, RepairStep::replace_line, now);
  }
  const TopicId primary = primary_of(topic);
  const Session* session = slots_[at(primary).slot]->current.get();
  const bool doubtful = session == nullptr || session->health(now) != Session::Health::good ||
                        behind_since(primary, newest);
  if (!doubtful) return;
  if (const auto next = stand_in_for(topic, now)) hand_over(topic, *next, now);
}

}  // namespace feedwatch::feed
