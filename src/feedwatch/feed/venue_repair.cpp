// Ladders of topics and the replacement of lines, make-before-break.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

// ---- replacement --------------------------------------------------------------------------------

bool VenueFeed::start_replacement(Slot& slot, std::string why, MonoTime now) {
  if (slot.replacement) return true;
  if (limited(now) || saves_dials(now) || !dials_.try_spend(now)) return false;
  slot.detail = std::move(why);
  slot.replacement = open_session(slot, now);
  slot.replace_deadline = now + LadderOptions{}.replace_deadline;
  publish(slot, now);
  return true;
}

void VenueFeed::check_replacement(Slot& slot, MonoTime now) {
  if (!slot.replacement) return;
  Session& next = *slot.replacement;
  const bool live = next.state() == Session::State::live;
  // Whom the old line no longer delivers, the new one need not wait for.
  if (live && next.settled() && next.expected_unseen() == 0) {
    promote(slot, now);
    return;
  }
  const bool old_dead = !slot.current || slot.current->health(now) != Session::Health::good;
  if (live && old_dead && next.settled()) {
    promote(slot, now);
    return;
  }
  if (now < slot.replace_deadline) return;
  // Not all are back. It is still the better line if it delivers at least what the old one does.
  const auto fresh_on_old = [&](TopicId topic) {
    const Coverage* coverage = slot.current ? slot.current->coverage(topic) : nullptr;
    return coverage != nullptr && coverage->seen && !at(topic).ladder.suspect();
  };
  const auto old_count = static_cast<std::size_t>(std::ranges::count_if(slot.topics, fresh_on_old));
  if (live && next.seen_count() >= old_count) {
    promote(slot, now);
  } else {
    give_up_replacement(slot, "the new line did not deliver within 15 s", now);
  }
}

void VenueFeed::promote(Slot& slot, MonoTime now) {
  SessionPtr old = std::move(slot.current);
  slot.current = std::move(slot.replacement);
  slot.reached = slot.current->phase();
  slot.replace_deadline = never_mono;
  // A subscription acknowledged beside a line in health misses nothing: silence is the market's.
  // Who owes data and sent none, or whose old line may have missed some, has no line now.
  const bool overlapped = old && old->health(now) == Session::Health::good;
  for (const TopicId topic : slot.topics) {
    const Coverage* coverage = slot.current->coverage(topic);
    if ((coverage != nullptr && coverage->seen) || at(topic).slot != slot.index) continue;
    const bool owes = slot.current->owes_data(topic);
    if (!overlapped || owes) lost(topic, now);
    // Its notices went unheard while it was not the line in use.
    if (owes || (coverage != nullptr && coverage->refused)) accuse(topic, now);
  }
  slot.dial_at.reset();
  slot.endpoint_before.reset();
  plan_rotation(slot);
  if (old) {
    pass_halt_on(old->conn(), now);
    old->begin_closing();
    port_.close(old->conn());
    slot.closing.push_back(std::move(old));
  }
  become_live(slot, now);
  publish(slot, now, true);
}

void VenueFeed::give_up_replacement(Slot& slot, const std::string& why, MonoTime now) {
  if (slot.current) {
    // Ticks of the old line would look like those of an older epoch where the new one had begun.
    for (const TopicId topic : slot.topics) {
      const Coverage* coverage = slot.replacement->coverage(topic);
      if (coverage != nullptr && coverage->seen) slot.current->renew_epoch(topic);
    }
  }
  slot.replace_deadline = never_mono;
  return_to_endpoint(slot);
  const bool stood = slot.replacement->state() != Session::State::dialling;
  drop(slot, slot.replacement);
  fail_repairs(slot, true, why, stood, now);
  publish(slot, now);
}

// ---- ladders ------------------------------------------------------------------------------------

// >= 3 silent topics, or more than a fifth of at least two: the line is the patient, not the
// topics. A single silent topic is never "a line", however few topics the line has.
bool VenueFeed::line_wide(const Slot& slot) const {
  const auto suspects = static_cast<std::size_t>(std::ranges::count_if(
      slot.topics, [&](TopicId topic) { return at(topic).ladder.accuses_line(); }));
  return suspects >= 3 || (suspects >= 2 && suspects * 5 > slot.topics.size());
}

/// Whether its channel sends something soon, whatever the market does.
bool VenueFeed::owes_data(const TopicState& topic) const {
  return topic.clocked || sheet_.channels[topic.wire.channel].snapshot_on_subscribe;
}

/// The line in use has its subscription granted.
bool VenueFeed::served(const Slot& slot, TopicId topic) {
  const Coverage* coverage = slot.current ? slot.current->coverage(topic) : nullptr;
  return coverage != nullptr && coverage->acknowledged;
}

/// Its subscription owes data, or was refused: repair begins without waiting for silence.
void VenueFeed::accuse(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  if (state.quarantined || state.instrument != Reason::ok || halted()) return;
  // A channel that owes nothing accuses no line by being quiet (decision 3).
  state.silent_since = std::min(state.silent_since, now);
  state.ladder.on_suspect(now,
                          owes_data(state) ? RepairStep::replace_line : RepairStep::resubscribe);
  climbing_.insert(topic);
}

/// The repair under way is over for another reason than its own deadline.
void VenueFeed::end_repair(TopicId topic, std::string why, MonoTime now) {
  Ladder& ladder = at(topic).ladder;
  if (!ladder.running()) return;
  settle_move(topic, false, now);
  tell_repair(topic, ladder.on_failure(now, std::move(why), true));
}

/// A subscription that still waits for the budget of requests is not made anew for nothing: after a
/// pause of REST hundreds may wait for hours, where the venue allows few.
void VenueFeed::withdraw_repair(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  const auto& running = state.ladder.running();
  if (!running || running->step != RepairStep::resubscribe) return;
  Session* const current = slots_[state.slot]->current.get();
  if (current == nullptr || !current->withdraw_resubscription(topic)) return;
  tell_repair(topic, state.ladder.on_failure(now, "withdrawn before it was sent", false));
}

/// The running step has had its time.
void VenueFeed::check_deadline(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  if (!state.ladder.overdue(now)) return;
  const Slot& tried = *slots_[state.slot];
  if (tried.current && tried.current->waits_to_be_sent(topic)) {
    return state.ladder.not_sent_yet(now);
  }
  const bool unproven = !owes_data(state) && served(tried, topic);
  finish_repair(topic, false, "no data of the new epoch in time", now);
  if (unproven) state.ladder.rest();
}

void VenueFeed::run_ladder(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  check_deadline(topic, now);
  Slot& slot = *slots_[state.slot];
  if (state.clocked && state.required && line_up(slot) && state.silent_since != never_mono) {
    state.ladder.check_silence(state.silent_since, now);
  }
  // Without a line there is nothing to repair here: dialling has its own rules.
  if (!line_up(slot)) {
    state.ladder.postpone(now + 1s);
    if (!state.ladder.suspect()) climbing_.erase(topic);
    return;
  }
  // Its symbol's beat is being repaired, and it with it.
  if (!state.ladder.running() && beat_repairs(slot, state)) {
    state.ladder.postpone(now + 1s);
    return;
  }
  // A subscription just made has its time to deliver before the topic is judged by it.
  if (!state.ladder.running()) {
    if (const auto grace = slot.current->grace(topic, now)) {
      note_exhausted(topic, now);
      state.ladder.postpone(*grace);
      return;
    }
  }
  // Counting a line's suspects for each of them, due or not, would be the square of its topics.
  const std::optional<RepairStep> step =
      state.ladder.due(now) ? state.ladder.due_step(now, choice_of(slot, topic, now))
                            : std::nullopt;
  note_exhausted(topic, now);
  if (step && !begin_repair(topic, *step, now)) {
    state.ladder.postpone(std::max(now + 1s, dials_.next_allowed(now)));
    return;
  }
  if (!state.ladder.suspect() && !state.ladder.running()) climbing_.erase(topic);
}

Ladder::Choice VenueFeed::choice_of(const Slot& slot, TopicId topic, MonoTime now) const {
  return {.line_wide = at(topic).beat == venues::BeatScope::line || line_wide(slot),
          .other_line = other_line_for(topic, now) != nullptr,
          .other_endpoint = options_.ws_urls.size() > 1};
}

/// How many subscriptions the step makes anew.
std::size_t VenueFeed::blast_of(const Slot& slot, TopicId topic, RepairStep step) const {
  if (step >= RepairStep::replace_line) return slot.topics.size();
  return step == RepairStep::resubscribe ? 1 + silent_beside(topic).size() : 1;
}

/// False when there is no line or no budget for it now.
bool VenueFeed::begin_repair(TopicId topic, RepairStep step, MonoTime now) {
  Slot& slot = *slots_[at(topic).slot];
  const ConnId from = slot.current->conn();
  const std::size_t blast = blast_of(slot, topic, step);
  std::string line = slot.name;
  switch (step) {
    case RepairStep::resubscribe:
      for (const TopicId beside : silent_beside(topic)) slot.current->resubscribe(beside, now);
      slot.current->resubscribe(topic, now);
      break;
    case RepairStep::other_line:
      if (!move_topic(topic, now)) return false;
      line = slots_[at(topic).slot]->name;
      break;
    case RepairStep::replace_line:
      if (!start_replacement(slot, at(topic).wire.symbol + " is silent", now)) return false;
      break;
    case RepairStep::other_endpoint:
      if (!dial_elsewhere(slot, now)) return false;
      line += " at " + endpoint_of(slot);
      break;
  }
  tell_repair(topic, at(topic).ladder.begin(++repairs_, step, from, std::move(line), now, blast));
  update_reason(topic, now);
  return true;
}

bool VenueFeed::line_up(const Slot& slot) {
  return slot.current && (slot.current->state() == Session::State::live ||
                          slot.current->state() == Session::State::subscribing);
}

void VenueFeed::finish_repair(TopicId topic, bool ok, std::string detail, MonoTime now,
                              bool tried) {
  TopicState& state = at(topic);
  settle_move(topic, ok, now);
  RepairStatus done =
      ok ? state.ladder.on_success(now) : state.ladder.on_failure(now, std::move(detail), tried);
  if (ok) done.gap = state.gap;
  tell_repair(topic, done);
  note_exhausted(topic, now);
  if (!ok && tried && !state.received) {
    const Slot& slot = *slots_[state.slot];
    const Coverage* coverage = slot.current ? slot.current->coverage(topic) : nullptr;
    // Only a line that took the subscription and delivers other topics can accuse this one.
    const bool fruitless = coverage != nullptr && coverage->acknowledged &&
                           slot.current->health(now) == Session::Health::good &&
                           slot.current->seen_count() > 0;
    if (fruitless && ++state.fruitless >= fruitless_epochs) {
      quarantine(topic, "subscribed twice, never any data, while its line delivers others", now);
    }
  }
  update_reason(topic, now);
}

void VenueFeed::fail_repairs(Slot& slot, bool of_line, const std::string& why, bool tried,
                             MonoTime now) {
  const std::set<TopicId> topics = slot.topics;  // one that was tried on this line goes back
  for (const TopicId topic : topics) {
    if (!slot.topics.contains(topic)) continue;  // it went with one before it
    const auto& running = at(topic).ladder.running();
    if (running && (running->step >= RepairStep::replace_line) == of_line) {
      finish_repair(topic, false, why, now, tried);
    }
  }
}

void VenueFeed::note_exhausted(TopicId topic, MonoTime now) {
  Ladder& ladder = at(topic).ladder;
  if (!ladder.take_exhausted_change()) return;
  if (at(topic).beat != venues::BeatScope::none) {
    const std::optional<TopicId> shown = beats_for(topic);
    if (shown) port_.repair_exhausted(at(*shown).known_as, ladder.exhausted(), now);
    return;
  }
  const TopicId shown = at(topic).known_as;
  const bool exhausted = std::ranges::all_of(
      copies_of(shown), [&](TopicId copy) { return at(copy).ladder.exhausted(); });
  if (std::exchange(at(shown).told_exhausted, exhausted) != exhausted) {
    port_.repair_exhausted(shown, exhausted, now);
  }
}

/// A repair of what only beats is told with a topic it beats for.
void VenueFeed::tell_repair(TopicId topic, const RepairStatus& repair) {
  const bool beats = at(topic).beat != venues::BeatScope::none;
  const auto shown = beats ? beats_for(topic) : topic;
  if (shown) port_.repair_changed(at(*shown).known_as, repair);
}

}  // namespace feedwatch::feed
