// What the feed says about its topics, lines and venue.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

namespace {

constexpr Duration late_by = 1s;  ///< a message of a line that speaks may be so late

}  // namespace

bool VenueFeed::retired(TopicId topic) const {
  return std::ranges::all_of(copies_of(topic), [&](TopicId copy) { return at(copy).retired; });
}

Reason VenueFeed::reason_of(const TopicState& topic) const {
  if (topic.retired) return Reason::delisted;
  // It explains silence; a stream that ticks needs no explanation.
  const bool silent = topic.silent_since != never_mono || !topic.received;
  if (topic.instrument != Reason::ok && silent) return topic.instrument;
  if (halted() && silent) return Reason::venue_halt;
  if (topic.quarantined) return Reason::quarantined;
  const Slot& slot = *slots_[topic.slot];
  const Session* session = slot.current.get();
  const bool open = session != nullptr && (session->state() == Session::State::subscribing ||
                                           session->state() == Session::State::live);
  if (!open) return limited_until_ ? Reason::rate_limited : Reason::disconnected;
  if (topic.ladder.running()) return Reason::resubscribing;
  return session->lag() > Duration::zero() ? Reason::line_lag : Reason::ok;
}

void VenueFeed::update_reason(TopicId copy, MonoTime now) {
  const TopicId topic = at(copy).known_as;
  const TopicState& state = at(primary_of(topic));
  TopicState& told = at(topic);
  const Reason reason = reason_of(state);
  std::string detail = state.detail;
  if (detail.empty() && reason == Reason::disconnected) detail = slots_[state.slot]->detail;
  if (reason == Reason::rate_limited) detail = limited_detail_;
  if (reason == Reason::venue_halt && halted()) detail = halts_.begin()->second.detail;
  if (reason == told.told && detail == told.told_detail) return;
  told.told = reason;
  told.told_detail = detail;
  port_.topic_reason(topic, reason, detail, now);
}

void VenueFeed::update_reasons(const Slot& slot, MonoTime now) {
  for (const TopicId topic : slot.topics) update_reason(topic, now);
}

LineState VenueFeed::line_state(const Slot& slot) const {
  if (!slot.current) {
    if (!slot.closing.empty() && (slot.topics.empty() || !running_)) return LineState::draining;
    return slot.topics.empty() || !running_ ? LineState::idle : LineState::backing_off;
  }
  switch (slot.current->state()) {
    case Session::State::dialling:
      return slot.current->phase() < DialPhase::securing ? LineState::connecting
                                                         : LineState::handshaking;
    case Session::State::subscribing:
      return LineState::subscribing;
    case Session::State::live:
      return LineState::live;
    case Session::State::closing:
      return LineState::draining;
  }
  return LineState::idle;
}

void VenueFeed::publish(Slot& slot, MonoTime now, bool always) {
  const LineState state = line_state(slot);
  const bool live = state == LineState::live;
  const Reason reason = live || slot.topics.empty() ? Reason::ok
                        : limited(now)              ? Reason::rate_limited
                                                    : Reason::disconnected;
  const bool up = is_up(slot, now);
  if (state != slot.told) slot.state_since = now;
  if (up != slot.told_up) {
    slot.up_since = now;
    lines_moved_ = true;
  }
  if (!always && state == slot.told && reason == slot.told_reason && up == slot.told_up) return;
  slot.told = state;
  slot.told_reason = reason;
  slot.told_up = up;
  LineStatus status{.line = slot.id,
                    .name = slot.name,
                    .venue = options_.venue,
                    .route = slot.route,
                    .state = state,
                    .reason = reason,
                    .state_since = slot.state_since,
                    .up = up,
                    .up_since = slot.up_since};
  status.frames = slot.old_frames;
  for (const Session* session : {slot.current.get(), slot.replacement.get()}) {
    if (session != nullptr) status.frames += session->frames();
  }
  for (const SessionPtr& session : slot.closing) status.frames += session->frames();
  if (slot.current) {
    status.last_frame = slot.current->heartbeat().last_frame();
    status.ping_rtt = slot.current->heartbeat().round_trip();
  }
  status.dials = slot.dials;
  status.unplanned_closes = slot.unplanned_closes;
  status.losses = slot.losses;
  status.lost_at = slot.lost_at;
  status.failed_dial = slot.failed_dial;
  status.failed_at = slot.failed_at;
  status.as_of = now;
  status.topics = slot.topics.size();
  if (!live) status.detail = slot.detail;
  port_.line_changed(status);
}

void VenueFeed::publish_all(MonoTime now) {
  for (const auto& slot : slots_) publish(*slot, now, true);
}

// Accept, deliver a snapshot, close, and again: every such instant would otherwise look like the
// end of the outage, and it would never last long enough to be told.
bool VenueFeed::proven_live(const Slot& slot, MonoTime now) {
  if (!slot.current || slot.current->state() != Session::State::live) return false;
  return !slot.on_probation || now - *slot.current->live_since() >= proven_after;
}

/// It owes a message: no proof against it yet, but none that its line still speaks.
bool VenueFeed::is_behind(const Slot& slot, TopicId topic, MonoTime now) const {
  const Coverage* coverage = slot.current->coverage(topic);
  if (coverage == nullptr || !coverage->heard) return false;
  const Duration period = sheet_.channels[at(topic).wire.channel].cadence.period;
  return now - *coverage->heard > period + std::max<Duration>(period / 2, late_by);
}

// All that speak by a clock are silent together: that is the line's silence, not theirs. One of
// them has to be missed and the others to be behind. By the time the last is missed as well the
// first is past a tight limit, and would be told of as if it were alone.
bool VenueFeed::delivers_nothing(const Slot& slot, MonoTime now) const {
  if (halted()) return false;
  std::size_t clocked = 0;
  bool accused = false;
  for (const TopicId topic : slot.topics) {
    const TopicState& state = at(topic);
    if (!state.clocked || state.quarantined || state.instrument != Reason::ok) continue;
    const bool accuses = state.ladder.accuses_line();
    if (!accuses && !is_behind(slot, topic, now)) return false;
    if (accuses && state.beat == venues::BeatScope::line) return true;
    accused = accused || accuses || state.past_limit;
    ++clocked;
  }
  return accused && clocked > 1;  // a single silent topic is never a line (decision 2)
}

bool VenueFeed::is_up(const Slot& slot, MonoTime now) const {
  return proven_live(slot, now) && slot.current->health(now) == Session::Health::good &&
         !delivers_nothing(slot, now);
}

/// After what can only have made a line cease to be `up`, or not up. A venue of ten thousand topics
/// is not walked for each of them.
void VenueFeed::review_line(Slot& slot, bool up, MonoTime now) {
  if (slot.told_up == up) publish(slot, now);
  if (lines_moved_) update_venue(now);
}

void VenueFeed::update_venue(MonoTime now) {
  lines_moved_ = false;
  VenueStatus status{.venue = options_.venue};
  std::size_t down = 0;
  std::size_t wanted = 0;
  for (const auto& slot : slots_) {
    if (slot->topics.empty()) continue;
    ++wanted;
    if (is_up(*slot, now)) continue;
    ++down;
    if (status.detail.empty()) status.detail = slot->name;
    if (down == 1 && !slot->detail.empty()) status.detail += ", " + slot->detail;
  }
  status.live = down == 0 || all_stood_in_for(now);
  if (status.live && down > 0) status.stood_in = published_.stood_in.value_or(now);
  if (down > 0) {
    status.detail = std::to_string(down) + " of " + std::to_string(wanted) +
                    (wanted == 1 ? " line: " : " lines: ") + status.detail;
  }
  if (limited(now)) status.limited_until = limited_until_;
  status.dials_in_window = dials_.used(now);
  status.dial_share = dials_.count();
  if (status.limited_until) status.detail = limited_detail_;
  const bool changed =
      !published_once_ || status.live != published_.live ||
      status.stood_in != published_.stood_in || status.limited_until != published_.limited_until ||
      status.dials_in_window != published_.dials_in_window || status.detail != published_.detail;
  if (!changed) return;
  status.live_since =
      published_once_ && status.live == published_.live ? published_.live_since : now;
  published_once_ = true;
  published_ = status;
  port_.venue_changed(status);
}

const std::string& VenueFeed::line_name(TopicId topic) const {
  return slots_[at(primary_of(topic)).slot]->name;
}

}  // namespace feedwatch::feed
