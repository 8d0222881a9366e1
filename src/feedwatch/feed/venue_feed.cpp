#include "feedwatch/feed/venue_feed.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

VenueFeed::VenueFeed(FeedOptions options, FeedPort& port)
    : options_(std::move(options)),
      sheet_(options_.codec->sheet()),
      port_(port),
      random_(options_.seed),
      dials_(Budget::share_of(sheet_.dials)) {}

VenueFeed::~VenueFeed() = default;

// ---- life ---------------------------------------------------------------------------------------

void VenueFeed::start(MonoTime now) {
  running_ = true;
  next_refresh_ = now + refresh_every;
  last_dial_ = now - 1h;  // nothing to keep a distance from
  choose_pathfinder(Redial::spread, now);
  publish_all(now);
  update_venue(now);
}

void VenueFeed::stop(MonoTime now) {
  running_ = false;
  for (const auto& slot : slots_) {
    slot->dial_at.reset();
    for (SessionPtr* session : {&slot->current, &slot->replacement}) {
      if (!*session) continue;
      (*session)->begin_closing();
      port_.close((*session)->conn());
      slot->closing.push_back(std::move(*session));
    }
    publish(*slot, now);
  }
}

// ---- connection events --------------------------------------------------------------------------

Session* VenueFeed::find(ConnId conn, Slot** slot) const {
  const auto found = sessions_.find(conn);
  if (found == sessions_.end()) return nullptr;
  Slot& owner = *slots_[found->second];
  if (slot != nullptr) *slot = &owner;
  if (owner.current && owner.current->conn() == conn) return owner.current.get();
  if (owner.replacement && owner.replacement->conn() == conn) return owner.replacement.get();
  return nullptr;  // closing
}

void VenueFeed::process(Slot& slot, Session& session, MonoTime now) {
  Session::Happened happened = session.take_happened();
  for (const TopicId topic : happened.acknowledged) {
    if (is_primary(topic)) port_.topic_acknowledged(at(topic).known_as, now);
    update_reason(topic, now);
  }
  for (const auto& [topic, words] : happened.refused) refused(slot, session, topic, words, now);
  for (const TopicId topic : happened.overdue) overdue(slot, session, topic, now);
  if (happened.became_live && slot.current.get() == &session) become_live(slot, now);
  check_replacement(slot, now);
  publish(slot, now);
}

void VenueFeed::refused(Slot& slot, Session& session, TopicId topic, const std::string& words,
                        MonoTime now) {
  TopicState& state = at(topic);
  if (slot.current.get() != &session) return;  // a replacement's refusals are judged with it
  const std::string why = words.empty() ? "the venue refused the subscription" : words;
  const bool repairing = state.ladder.running().has_value();
  end_repair(topic, why, now);
  if (state.quarantined) return;
  // What has had data is no bad symbol; a venue in trouble refuses good ones.
  if (!state.received && ++state.fruitless >= fruitless_epochs) return quarantine(topic, why, now);
  accuse(topic, now);
  if (!repairing) state.ladder.postpone(now + refused_pause);
}

void VenueFeed::overdue(Slot& slot, const Session& session, TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  if (slot.current.get() != &session || state.quarantined) return;
  // Only a line that delivers other symbols can accuse this one.
  const Coverage* coverage = session.coverage(topic);
  const bool taken = coverage != nullptr && coverage->acknowledged;
  if (!state.received && taken && session.seen_count() > 0 &&
      ++state.fruitless >= fruitless_epochs) {
    quarantine(topic, "subscribed twice, never any data, while its line delivers others", now);
    return;
  }
  accuse(topic, now);
}

void VenueFeed::on_phase(ConnId conn, DialPhase reached, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  session->on_phase(reached, now);
  if (reached >= DialPhase::securing) {
    last_dial_seen_ = true;
    slot->failed_dial.reset();
  }
  if (session == slot->current.get()) slot->reached = reached;
  process(*slot, *session, now);
  update_reasons(*slot, now);
}

void VenueFeed::on_frames(ConnId conn, std::size_t count, MonoTime now) {
  if (Session* session = find(conn)) session->on_frames(count, now);
}

void VenueFeed::on_heard(ConnId conn, MonoTime now) {
  if (Session* session = find(conn)) session->on_heard(now);
}

void VenueFeed::on_pong(ConnId conn, std::string_view payload, MonoTime arrived, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  const bool lagged = session->lag() > Duration::zero();
  session->on_pong(payload, arrived, now);
  if (lagged != (session->lag() > Duration::zero())) update_reasons(*slot, now);
}

void VenueFeed::on_answered_ping(ConnId conn, MonoTime now) {
  if (Session* session = find(conn)) session->on_answered_ping(now);
}

void VenueFeed::on_ack(ConnId conn, const venues::Ack& ack, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  session->on_ack(ack, now);
  process(*slot, *session, now);
}

void VenueFeed::on_decoded(ConnId conn) {
  if (Session* session = find(conn)) session->on_decoded();
}

void VenueFeed::on_decode_error(ConnId conn, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  session->on_decode_error();
  check_session_health(*slot, now);
}

Session::Data VenueFeed::on_data(ConnId conn, TopicId topic, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return {};
  const TopicId copy = copy_on(*slot, topic);
  const bool was_live = session->state() == Session::State::live;
  Session::Data data = session->on_data(copy, now);
  if (data.epoch == 0) return data;
  if (data.epoch < at(copy).epoch && slot->current.get() == session && !slot->replacement) {
    // A repair of the line before this one had begun a later epoch than this line's subscription.
    session->renew_epoch(copy);
    data = session->on_data(copy, now);
  }
  if (!was_live && session->state() == Session::State::live) process(*slot, *session, now);
  // Afterwards: a line that has become live may be the primary's by now.
  if (options_.lines > 1) tell_copy(copy, data);
  return data;
}

void VenueFeed::on_evidence(ConnId conn, TopicId of, MonoTime now) {
  Slot* slot = nullptr;
  Session* session = find(conn, &slot);
  if (session == nullptr) return;
  const TopicId topic = copy_on(*slot, of);
  session->on_evidence(topic, now);
  TopicState& state = at(topic);
  if (const Coverage* coverage = session->coverage(topic)) {
    state.epoch = std::max(state.epoch, coverage->epoch);
  }
  for (const TopicId copy : copies_of(of)) at(copy).received = true;
  state.fruitless = 0;
  state.gap.reset();
  if (state.silent_since != never_mono) state.gap = now - state.silent_since;
  state.silent_since = never_mono;
  if (state.instrument != Reason::ok) set_instrument(of, Reason::ok, {}, now);
  if (state.quarantined) release(topic);
  if (state.ladder.running()) {
    const bool same_line = state.ladder.running()->step == RepairStep::resubscribe;
    // Tried elsewhere, and served again where it was: it stays there.
    const bool came_back = state.moved_from == slot->index && conn != state.ladder.from();
    if (came_back) settle_move(topic, false, now);
    if (same_line || conn != state.ladder.from()) finish_repair(topic, true, {}, now);
  } else {
    state.ladder.on_cleared();
  }
  note_exhausted(topic, now);
  if (is_primary(topic)) at(of).all_lost = false;
  const bool takes_over = !is_primary(topic) && !delivers(primary_of(of)) && delivers(topic);
  if (takes_over) hand_over(of, slot->copy, now);
  process(*slot, *session, now);
  update_reason(topic, now);
}

void VenueFeed::on_closed(ConnId conn, const CloseReport& report, MonoTime now) {
  const auto found = sessions_.find(conn);
  if (found == sessions_.end()) return;
  Slot& slot = *slots_[found->second];
  sessions_.erase(found);
  if (halts_.erase(conn) > 0 && !halted()) end_halt(now);
  const auto frames_of = [&](const Session& session) { slot.old_frames += session.frames(); };

  const auto closing = std::ranges::find_if(
      slot.closing, [&](const SessionPtr& session) { return session->conn() == conn; });
  if (closing != slot.closing.end()) {
    frames_of(**closing);
    slot.closing.erase(closing);
    return;
  }
  if (report.phase < DialPhase::securing && !report.http_status) dials_.refund();
  if (!report.detail.empty()) slot.detail = report.detail;
  const bool told_off =
      (report.http_status && (*report.http_status == 429 || *report.http_status == 418 ||
                              *report.http_status == 403 || *report.http_status == 451)) ||
      report.close_code == 1008;
  if (told_off) limit(report.retry_after, report.detail, now);

  if (slot.replacement && slot.replacement->conn() == conn) {
    frames_of(*slot.replacement);
    const bool stood = slot.replacement->state() != Session::State::dialling;
    slot.replacement.reset();
    slot.replace_deadline = never_mono;
    return_to_endpoint(slot);
    fail_repairs(slot, true, "the new line was lost: " + report.detail, stood, now);
  } else if (slot.current && slot.current->conn() == conn) {
    frames_of(*slot.current);
    ++slot.unplanned_closes;
    const Lasted how_long = lasted(*slot.current, now);
    slot.current.reset();
    lose_current(slot, how_long, now);
  }
  publish(slot, now);
  update_venue(now);
}

// ---- streams ------------------------------------------------------------------------------------

void VenueFeed::on_suspect(TopicId topic, MonoTime since, RepairStep never_past, MonoTime now) {
  for (const TopicId copy : copies_of(topic)) suspect_copy(copy, since, never_past, now);
}

void VenueFeed::suspect_copy(TopicId topic, MonoTime since, RepairStep never_past, MonoTime now) {
  TopicState& state = at(topic);
  if (state.quarantined || state.retired) return;
  state.silent_since = std::min(state.silent_since, since);
  // Repaired when it trades again and is still silent.
  if (state.instrument != Reason::ok || halted()) {
    update_reason(topic, now);
    return;
  }
  state.ladder.on_suspect(now, never_past);
  climbing_.insert(topic);
  review_line(*slots_[state.slot], true, now);
}

void VenueFeed::set_past_limit(TopicId topic, bool past, MonoTime now) {
  for (const TopicId copy : copies_of(topic)) {
    TopicState& state = at(copy);
    if (std::exchange(state.past_limit, past) != past) {
      review_line(*slots_[state.slot], past, now);
    }
  }
}

void VenueFeed::note_silent(TopicId topic, MonoTime since, MonoTime now) {
  for (const TopicId copy : copies_of(topic)) at(copy).silent_since = since;
  update_reason(topic, now);
}

/// Whoever brought the data: of its other copies that says nothing, if they are being looked into.
void VenueFeed::on_cleared(TopicId topic, MonoTime now) {
  for (const TopicId copy : copies_of(topic)) {
    if (is_primary(copy)) {
      clear_copy(copy, now);
    } else if (!at(copy).ladder.suspect()) {
      at(copy).silent_since = never_mono;
    }
  }
}

void VenueFeed::clear_copy(TopicId topic, MonoTime now) {
  TopicState& state = at(topic);
  if (state.retired) return;  // by other limits, not by data
  state.silent_since = never_mono;
  // Data is better evidence than a list: what ticks is neither halted nor gone.
  if (state.instrument != Reason::ok) set_instrument(state.known_as, Reason::ok, {}, now);
  state.ladder.on_cleared();
  note_exhausted(topic, now);
  if (!state.ladder.running()) climbing_.erase(topic);
  update_reason(topic, now);
  review_line(*slots_[state.slot], false, now);
}

void VenueFeed::on_quiet(TopicId topic, MonoTime now) {
  for (const TopicId copy : copies_of(topic)) {
    at(copy).ladder.on_cleared();
    withdraw_repair(copy, now);
    note_exhausted(copy, now);
    if (!at(copy).ladder.running()) climbing_.erase(copy);
  }
  update_reason(topic, now);
}

// ---- time ---------------------------------------------------------------------------------------

MonoTime VenueFeed::next_deadline(MonoTime now) const {
  if (!running_) return never_mono;
  MonoTime next = next_refresh_;
  const auto consider = [&](MonoTime t) { next = std::min(next, t); };
  for (const auto& slot : slots_) {
    if (slot->dial_at) consider(*slot->dial_at);
    if (slot->give_up_at) consider(*slot->give_up_at);
    if (slot->release_due && slot->current && slot->current->live_since()) {
      consider(*slot->current->live_since() + proven_after);
    }
    if (slot->current) {
      consider(slot->current->next_deadline(now));
      consider(slot->rotate_at);
    }
    if (slot->replacement) {
      consider(slot->replacement->next_deadline(now));
      consider(slot->replace_deadline);
    }
  }
  for (const TopicId topic : climbing_) consider(at(topic).ladder.next_deadline());
  if (!beats_due_.empty()) consider(beats_due_.front().first);
  if (limited_until_) consider(*limited_until_);
  return next;
}

void VenueFeed::on_time(MonoTime now) {
  if (!running_) return;
  if (limited_until_ && *limited_until_ <= now) {
    limited_until_.reset();
    limited_detail_.clear();
    for (const auto& slot : slots_) update_reasons(*slot, now);
  }
  for (const auto& slot : slots_) {
    for (Session* session : {slot->current.get(), slot->replacement.get()}) {
      if (session != nullptr) session->on_time(now);
    }
    if (slot->current) process(*slot, *slot->current, now);
    check_session_health(*slot, now);
    check_pathfinder(*slot, now);
    check_probation(*slot, now);
    check_replacement(*slot, now);
    if (slot->current) check_rotation(*slot, now);
    dial_due(*slot, now);
    publish(*slot, now);
  }
  check_beats(now);
  const std::vector<TopicId> climbing(climbing_.begin(), climbing_.end());
  for (const TopicId topic : climbing) run_ladder(topic, now);
  if (now >= next_refresh_) {
    next_refresh_ = now + refresh_every;
    review_set_aside(now);
    if (options_.lines > 1) review_copies(now);
    publish_all(now);
  }
  update_venue(now);
}

}  // namespace feedwatch::feed
