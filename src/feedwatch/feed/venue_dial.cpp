// Who dials when: pathfinder, followers, backoff, budget, bans.

#include <algorithm>
#include <utility>

#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/feed/venue_feed_state.hpp"

namespace feedwatch::feed {

bool VenueFeed::venue_live(MonoTime now) const {
  return std::ranges::any_of(slots_, [&](const auto& slot) { return proven_live(*slot, now); });
}

void VenueFeed::schedule(Slot& slot, Redial redial, MonoTime now) {
  slot.give_up_at.reset();
  if (!running_ || slot.topics.empty()) return;
  if (venue_live(now)) {
    slot.dial_at = now + slot.backoff.next(random_);
    return;
  }
  if (pathfinder_ && pathfinder_ != slot.index && slots_[*pathfinder_]->current) return;
  if (!pathfinder_) pathfinder_ = slot.index;
  if (pathfinder_ == slot.index) choose_pathfinder(redial, now);
}

// The line whose channels owe data finds the path: its first data proves the venue is back.
void VenueFeed::choose_pathfinder(Redial redial, MonoTime now) {
  if (!running_) return;
  const auto owes_data = [&](const Slot& slot) {
    return std::ranges::any_of(slot.topics, [&](TopicId topic) {
      const venues::ChannelSheet& sheet = sheet_.channels[at(topic).wire.channel];
      return sheet.cadence.type == CadenceType::clocked || sheet.snapshot_on_subscribe;
    });
  };
  Slot* best = nullptr;
  for (const auto& slot : slots_) {
    if (slot->topics.empty() || slot->current) continue;
    if (best == nullptr || (!owes_data(*best) && owes_data(*slot))) best = slot.get();
  }
  if (best == nullptr) return;
  pathfinder_ = best->index;
  // Dials the venue saw keep within the pace its limit allows for ever; others only cost us.
  Duration pace = random_.between(2s, pathfinder_pace);
  if (last_dial_seen_ && !dials_.unlimited()) {
    pace = std::max(pace, dials_.window() / dials_.count());
  }
  const MonoTime paced = last_dial_ + pace;
  best->dial_at = std::max(now, paced);
  if (redial == Redial::paced) return;
  const MonoTime soon = now + random_.between(Duration::zero(), redial_within);
  best->dial_at = redial == Redial::spread ? soon : std::min(soon, *best->dial_at);
}

void VenueFeed::release_followers(MonoTime now) {
  pathfinder_.reset();
  followers_released_ = true;
  for (const auto& slot : slots_) {
    slot->give_up_at.reset();
    slot->release_due = false;
    follow(*slot, now);
    // The line that called them has shown that the venue keeps its connections.
    if (!slot->current) slot->on_probation = false;
  }
}

// The pathfinder stays what it is for the lines of its own route.
void VenueFeed::release_other_routes(const Slot& silent, MonoTime now) {
  followers_released_ = true;
  for (const auto& slot : slots_) {
    if (slot->route != silent.route) follow(*slot, now);
  }
}

void VenueFeed::follow(Slot& slot, MonoTime now) {
  if (slot.topics.empty() || slot.current || slot.dial_at) return;
  slot.dial_at = now + random_.between(Duration::zero(), follow_spread);
}

void VenueFeed::dial_due(Slot& slot, MonoTime now) {
  if (!slot.dial_at || *slot.dial_at > now) return;
  if (limited(now)) {
    slot.dial_at = *limited_until_;
    return;
  }
  // What was to come back beside a live line waits for the path, now that there is none.
  if (!followers_released_ && !venue_live(now)) {
    if (!pathfinder_) pathfinder_ = slot.index;
    if (*pathfinder_ != slot.index) {
      slot.dial_at.reset();
      return;
    }
  }
  if (!dials_.try_spend(now)) {
    slot.dial_at = dials_.next_allowed(now);
    return;
  }
  slot.dial_at.reset();
  slot.current = open_session(slot, now);
  slot.reached = DialPhase::resolving;
  plan_rotation(slot);
  if (pathfinder_ == slot.index) slot.give_up_at = now + random_.between(2s, pathfinder_pace);
  publish(slot, now);
  update_reasons(slot, now);
}

VenueFeed::SessionPtr VenueFeed::open_session(Slot& slot, MonoTime now) {
  ++slot.dials;
  last_dial_ = now;
  last_dial_seen_ = false;
  const std::string url = options_.codec->dial_url(endpoint_of(slot), slot.route);
  const ConnId conn = port_.dial({.url = url,
                                  .ca_file = options_.ca_file,
                                  .offer_deflate = sheet_.deflate,
                                  .max_message = sheet_.max_message});
  auto session =
      std::make_unique<Session>(*options_.codec, port_, conn, epochs_, now, options_.session);
  for (const TopicId topic : slot.topics) {
    const TopicState& state = at(topic);
    session->want(topic, state.wire, state.quarantined);
    session->excuse(topic, halted() || state.quarantined || state.instrument != Reason::ok, now);
  }
  sessions_.emplace(conn, slot.index);
  port_.budget_changed(now);
  return session;
}

// The socket is aborted, and stands aside until the transport reports its end.
void VenueFeed::drop(Slot& slot, SessionPtr& session) {
  session->begin_closing();
  port_.abort(session->conn());
  slot.closing.push_back(std::move(session));
}

// The line's connection is gone. What only it delivered is lost; a replacement under way takes
// over.
void VenueFeed::lose_current(Slot& slot, Lasted lasted, MonoTime now) {
  const bool was_stable = lasted == Lasted::stable;
  if (was_stable) slot.backoff.reset();
  const Redial redial = was_stable                                          ? Redial::spread
                        : lasted == Lasted::briefly && may_hurry(slot, now) ? Redial::soon
                                                                            : Redial::paced;
  // An address that is never reached is not the only one the venue has.
  slot.failed_dials = lasted == Lasted::never_live ? slot.failed_dials + 1 : 0;
  if (slot.failed_dials >= failed_dials_an_endpoint) {
    slot.failed_dials = 0;
    ++slot.endpoint;
  }
  if (lasted != Lasted::never_live) {
    slot.on_probation = !was_stable;
    ++slot.losses;
    slot.lost_at = now;
  } else if (slot.reached < DialPhase::securing) {
    slot.failed_dial = slot.reached;
    slot.failed_at = now;
  }
  slot.release_due = false;
  fail_repairs(slot, false, "the line was lost", true, now);
  if (slot.replacement) {
    slot.current = std::move(slot.replacement);
    slot.reached = slot.current->phase();
    slot.replace_deadline = never_mono;
  }
  for (const TopicId topic : slot.topics) {
    const Coverage* coverage = slot.current ? slot.current->coverage(topic) : nullptr;
    if (coverage == nullptr || !coverage->seen) lost(topic, now);
  }
  plan_rotation(slot);
  if (slot.current && slot.current->state() == Session::State::live) {
    become_live(slot, now);
  } else if (!slot.current) {
    fail_repairs(slot, true, "the line was lost", true, now);
    if (!venue_live(now)) followers_released_ = false;
    schedule(slot, redial, now);
  }
  update_reasons(slot, now);
}

/// The first connection with data that did not last says nothing against the venue. Whatever comes
/// within half a minute of it does: from then on dials are paced.
bool VenueFeed::may_hurry(const Slot& slot, MonoTime now) {
  if (slot.on_probation || now < hurry_again_at_) return false;
  hurry_again_at_ = now + stable_after;
  return true;
}

void VenueFeed::become_live(Slot& slot, MonoTime now) {
  slot.detail.clear();
  slot.give_up_at.reset();
  if (proven_live(slot, now)) {
    release_followers(now);
  } else {
    slot.release_due = true;
  }
  update_reasons(slot, now);
  update_venue(now);
}

/// A line that is live on probation calls the others once it has lasted; one that is stable ends
/// the doubling of bans.
void VenueFeed::check_probation(Slot& slot, MonoTime now) {
  if (!slot.current || slot.current->state() != Session::State::live) return;
  if (slot.release_due && proven_live(slot, now)) release_followers(now);
  if (!is_stable(*slot.current, now)) return;
  next_ban_ = ban_first;
  slot.on_probation = false;
}

void VenueFeed::check_session_health(Slot& slot, MonoTime now) {
  if (slot.replacement && slot.replacement->health(now) == Session::Health::dead) {
    give_up_replacement(slot, slot.replacement->unhealthy_because(), now);
  }
  if (!slot.current) return;
  const Session::Health health = slot.current->health(now);
  if (health == Session::Health::suspect && !slot.replacement) {
    start_replacement(slot, std::string(slot.current->heartbeat().complaint(now)), now);
  }
  if (health != Session::Health::dead) return;
  slot.detail = slot.current->unhealthy_because();
  if (slot.detail.empty()) slot.detail = slot.current->heartbeat().complaint(now);
  ++slot.unplanned_closes;
  const Lasted how_long = lasted(*slot.current, now);
  drop(slot, slot.current);
  lose_current(slot, how_long, now);
  publish(slot, now);  // before the next dial: that this one failed is told, and why
}

// A pathfinder whose dial has reached nobody makes room for the next one; one that has reached the
// venue keeps its ten seconds a phase. After three seconds of acknowledged silence lines of
// other routes need not wait for its data any longer: it may be its route alone that is dead.
void VenueFeed::check_pathfinder(Slot& slot, MonoTime now) {
  if (pathfinder_ != slot.index || !slot.give_up_at || *slot.give_up_at > now) return;
  slot.give_up_at.reset();
  if (!slot.current) return;
  if (slot.current->state() == Session::State::subscribing) {
    release_other_routes(slot, now);
    return;
  }
  if (slot.current->phase() >= DialPhase::securing) {
    if (slot.current->state() == Session::State::dialling) slot.give_up_at = now + 1s;
    return;
  }
  dials_.refund();
  slot.detail = "no connection to the venue";
  drop(slot, slot.current);
  lose_current(slot, Lasted::never_live, now);
}

void VenueFeed::limit(std::optional<Duration> retry_after, std::string detail, MonoTime now) {
  // All lines closed by one cause are told off once.
  if (!retry_after && limited(now)) return;
  const Duration ban =
      retry_after ? std::clamp<Duration>(*retry_after, 1s, retry_after_max) : next_ban_;
  if (!retry_after) next_ban_ = std::min(next_ban_ * 2, ban_max);
  limited_until_ = std::max(limited_until_.value_or(now), now + ban);
  limited_detail_ = std::move(detail);
  for (const auto& slot : slots_) update_reasons(*slot, now);
  port_.budget_changed(now);
  update_venue(now);
}

VenueFeed::Memory VenueFeed::memory(MonoTime now) const {
  Memory memory{.dial_ages = dials_.ages(now)};
  if (limited(now)) memory.limited_for = *limited_until_ - now;
  return memory;
}

void VenueFeed::restore(const Memory& memory, MonoTime now) {
  dials_.restore(memory.dial_ages, now);
  if (memory.limited_for) {
    limited_until_ =
        now + std::clamp<Duration>(*memory.limited_for, Duration::zero(), retry_after_max);
    limited_detail_ = "told off before the restart";
  }
}

}  // namespace feedwatch::feed
