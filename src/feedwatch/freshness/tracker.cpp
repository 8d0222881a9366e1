#include "feedwatch/freshness/tracker.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/board/judge.hpp"

namespace feedwatch {
namespace {

/// The level the moments give, without the wait for recover_ticks.
Level plain_level(const Slot& slot, MonoTime now) {
  Slot plain = slot;
  plain.recovering = false;
  return level_at(plain, now);
}

}  // namespace

// ---- what others tell us ------------------------------------------------------------------------

void Tracker::begin(Subject subject, MonoTime now) {
  subject.slot.level_since = now;
  troubles_.of(subject.watch).wanted = now;
  set_limits(subject);
  wheel_.begin(number_of(subject.stream));
  prepare(now);  // the wheel stands at the present, so that what is armed is near
  arm(subject.stream, next_due(known(subject)).at);
}

void Tracker::end(Subject subject, MonoTime now) {
  advance(subject, now);
  clear_suspicion(subject, now);
  subject.watch.feed_reason = Reason::unconfigured;
  if (subject.slot.level != Level::unknown) transition(subject, Level::unknown, now);
  troubles_.release(subject.watch);
  wheel_.remove(number_of(subject.stream));
}

void Tracker::on_policy(Subject subject, std::uint16_t policy, MonoTime now) {
  advance(subject, now);
  subject.watch.policy = policy;
  Slot& slot = subject.slot;
  set_limits(subject);
  slot.recovering = false;
  if (Trouble* trouble = troubles_.find(subject.watch)) trouble->good_ticks = 0;
  // True from now on, not earlier: until now other limits were in force.
  const Due due = next_due(known(subject));
  if (due.what == Due::What::suspect && due.at <= now) suspect(subject, now);
  const Level level = level_at(slot, now);
  if (level != slot.level) transition(subject, level, now);
  arm(subject.stream, next_due(known(subject)).at);
}

void Tracker::on_acknowledged(Subject subject, MonoTime now) {
  Trouble* trouble = troubles_.find(subject.watch);
  const bool matters = !subject.slot.received && !trouble->acknowledged;
  if (!matters) return;
  trouble->acknowledged = now;
  set_limits(subject);
  settle(subject, now);
}

void Tracker::on_feed_reason(Subject subject, Reason reason, MonoTime now) {
  advance(subject, now);
  subject.watch.feed_reason = reason;
  refresh_reason(subject, now);
}

void Tracker::on_evidence(Subject subject, Heard heard, MonoTime now) {
  Watch& watch = subject.watch;
  watch.heard = heard.at;
  watch.heard_stalled = heard.stalled;
  watch.order_began_again = heard.order_began_again;
  const bool was_rejecting = subject.slot.rejecting;
  subject.slot.rejecting = false;
  if (watch.trouble != 0) {
    troubles_.of(watch).rejections.end();
    clear_suspicion(subject, now);
  }
  if (subject.slot.level != Level::healthy || subject.slot.recovering) recover(subject, now);
  settle(subject, now);
  refresh_reason(subject, now);
  if (was_rejecting) log(subject, {.type = StreamChange::Type::rejecting, .at = now});
  if (watch.trouble != 0) release_trouble(subject, now);
}

void Tracker::on_rejected(Subject subject, MonoTime now) {
  if (!troubles_.of(subject.watch).rejections.add(now) || subject.slot.rejecting) return;
  subject.slot.rejecting = true;
  subject.slot.reason = reason_for(known(subject), now);
  log(subject, {.type = StreamChange::Type::rejecting, .at = now, .active = true});
}

void Tracker::on_frozen(Subject subject, MonoTime now) {
  // Whatever it says, the feed is not well: diagnosis begins at once.
  if (subject.slot.frozen) suspect(subject, now);
  settle(subject, now);
  refresh_reason(subject, now);
}

// ---- time ---------------------------------------------------------------------------------------

std::optional<std::uint32_t> Tracker::take_due(MonoTime now) {
  std::uint32_t number = 0;
  if (!wheel_.take(now, number, Streams{*this})) return std::nullopt;
  return number;
}

void Tracker::on_deadline(Subject subject, MonoTime now) {
  act_until(subject, now);
}

void Tracker::rearm(Subject subject) {
  const MonoTime level = next_due(known(subject)).at;
  arm(subject.stream, std::min(level, alarms_.next_alarm(subject.stream, subject.slot)));
}

MonoTime Tracker::Streams::due(std::uint32_t number) const {
  const Slot slot = tracker.board_.own(StreamId{number});
  const Watch& watch = tracker.board_.owned<Watch>(number);
  const Policy& policy = tracker.policies_[watch.policy];
  const MonoTime level = next_due({slot, watch, policy, tracker.troubles_.find(watch)}).at;
  return std::min(level, tracker.alarms_.next_alarm(StreamId{number, slot.generation}, slot));
}

void Tracker::settle(Subject subject, MonoTime now) {
  const Due due = act_until(subject, now);
  arm(subject.stream, due.at);
}

/// Does what is due; what comes next.
Due Tracker::act_until(Subject subject, MonoTime now) {
  Due due = next_due(known(subject));
  for (; due.what != Due::What::nothing && due.at <= now; due = next_due(known(subject))) {
    act(subject, due);
  }
  subject.watch.settled = std::max(subject.watch.settled, now);
  return due;
}

void Tracker::act(Subject subject, const Due& due) {
  switch (due.what) {
    case Due::What::suspect:
      suspect(subject, due.at);
      break;
    case Due::What::degraded:
      transition(subject, Level::degraded, due.at);
      break;
    case Due::What::stale:
      transition(subject, Level::stale, due.at);
      break;
    case Due::What::stall_excused:
      refresh_reason(subject, due.at);
      break;
    case Due::What::calm:
      subject.slot.flapping = false;
      log(subject, {.type = StreamChange::Type::flapping, .at = due.at});
      break;
    case Due::What::nothing:
      break;
  }
}

/// 30 s after it was wanted, or 10 s after the first acknowledgement, whichever is earlier: a later
/// acknowledgement is no data and moves nothing.
void Tracker::set_limits(Subject subject) const {
  const Policy& policy = policies_[subject.watch.policy];
  Slot& slot = subject.slot;
  slot.degraded_after = policy.degraded_after;
  slot.stale_after = policy.stale_after;
  subject.watch.quiet_for =
      std::min({policy.degraded_after, policy.stale_after, DeadlineWheel::longest});
  if (policy.suspect_after > Duration::zero()) {
    subject.watch.quiet_for = std::min(subject.watch.quiet_for, policy.suspect_after);
  }
  subject.watch.has_band = policy.sanity_percent > 0;
  if (slot.received) return;
  const Trouble& trouble = *troubles_.find(subject.watch);
  slot.first_deadline = plus(trouble.wanted, policy.first_tick_wanted);
  if (trouble.acknowledged) {
    slot.first_deadline =
        std::min(slot.first_deadline, plus(*trouble.acknowledged, policy.first_tick_after));
  }
}

// ---- what follows -------------------------------------------------------------------------------

void Tracker::recover(Subject subject, MonoTime now) {
  Slot& slot = subject.slot;
  Trouble& trouble = troubles_.of(subject.watch);
  const Level level = plain_level(slot, now);
  const bool better = slot.level == Level::unknown || severity(level) < severity(slot.level);
  if (!better) {
    trouble.good_ticks = 0;
    slot.recovering = false;
    return;
  }
  const bool waits = slot.level != Level::unknown &&
                     ++trouble.good_ticks < policies_[subject.watch.policy].recover_ticks;
  slot.recovering = waits;
  if (waits) return;
  trouble.good_ticks = 0;
  transition(subject, level, now);
}

void Tracker::transition(Subject subject, Level to, MonoTime at) {
  Slot& slot = subject.slot;
  const Level from = slot.level;
  slot.level = to;
  // What was settled before stays as it was told, even if new evidence puts it in another light.
  slot.level_since = std::max({at, slot.level_since, subject.watch.settled});
  slot.reason = reason_for(known(subject), slot.level_since);
  log(subject, {.type = StreamChange::Type::level, .from = from, .at = slot.level_since});
  // Beginning and end of being watched are no flaps.
  if (from != Level::unknown && to != Level::unknown) count_flap(subject, slot.level_since);
}

void Tracker::count_flap(Subject subject, MonoTime at) {
  const bool flaps = troubles_.of(subject.watch).flaps.add(at);
  if (!flaps || subject.slot.flapping) return;
  subject.slot.flapping = true;
  log(subject, {.type = StreamChange::Type::flapping, .at = at, .active = true});
}

void Tracker::suspect(Subject subject, MonoTime at) {
  Trouble& trouble = troubles_.of(subject.watch);
  if (trouble.suspect_since) return;
  trouble.suspect_since = at;
  log(subject, {.type = StreamChange::Type::suspect, .at = at, .active = true});
  refresh_reason(subject, at);  // what was late until now is silent from now on
}

void Tracker::clear_suspicion(Subject subject, MonoTime now) {
  Trouble* trouble = troubles_.find(subject.watch);
  // What only confirms a frozen price is no sign of health.
  if (trouble == nullptr || !trouble->suspect_since || subject.slot.frozen) return;
  trouble->suspect_since.reset();
  log(subject, {.type = StreamChange::Type::cleared, .at = now});
}

void Tracker::refresh_reason(Subject subject, MonoTime now) {
  Slot& slot = subject.slot;
  const Reason reason = reason_for(known(subject), now);
  if (reason == slot.reason) return;
  slot.reason = reason;
  log(subject, {.type = StreamChange::Type::reason, .at = now});
  arm(subject.stream, next_due(known(subject)).at);
}

void Tracker::release_trouble(Subject subject, MonoTime now) {
  const Slot& slot = subject.slot;
  const Trouble& trouble = troubles_.of(subject.watch);
  const bool over = slot.received && !slot.gate_closed && !slot.recovering && !slot.flapping &&
                    !trouble.suspect_since && trouble.doubt.empty() && !trouble.beside &&
                    trouble.flaps.forgotten_from() <= now;
  if (over) troubles_.release(subject.watch);
}

/// Fills in what every change tells: the stream, where it stands now and why.
void Tracker::log(Subject subject, StreamChange change) {
  change.stream = subject.stream;
  if (change.type != StreamChange::Type::level) change.from = subject.slot.level;
  change.to = subject.slot.level;
  change.reason = subject.slot.reason;
  log_.push(change);
}

}  // namespace feedwatch
