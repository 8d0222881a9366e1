#include "feedwatch/freshness/tracker.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/freshness/due.hpp"

namespace feedwatch {
namespace {

/// 30 s after it was wanted, or 10 s after the first acknowledgement, whichever is earlier: a later
/// acknowledgement is no data and moves nothing.
void set_limits(Slot& slot, const Watch& watch) {
  const Policy& policy = watch.policy;
  slot.degraded_after = policy.degraded_after;
  slot.stale_after = policy.stale_after;
  slot.first_deadline = plus(slot.wanted, policy.first_tick_wanted);
  if (watch.acknowledged) {
    slot.first_deadline =
        std::min(slot.first_deadline, plus(*watch.acknowledged, policy.first_tick_after));
  }
}

/// The level the moments give, without the wait for recover_ticks.
Level plain_level(const Slot& slot, MonoTime now) {
  Slot plain = slot;
  plain.recovering = false;
  return level_at(plain, now);
}

}  // namespace

void Tracker::begin(Subject subject, MonoTime now) {
  subject.slot.level_since = now;
  set_limits(subject.slot, subject.watch);
  arm(subject);
}

void Tracker::end(Subject subject, MonoTime now) {
  advance(subject, now);
  heap_.erase(static_cast<std::uint32_t>(subject.stream.index()));
  clear_suspicion(subject, now);
  subject.watch.feed_reason = Reason::unconfigured;
  if (subject.slot.level != Level::unknown) transition(subject, Level::unknown, now);
}

void Tracker::on_policy(Subject subject, MonoTime now) {
  advance(subject, now);
  Slot& slot = subject.slot;
  set_limits(slot, subject.watch);
  slot.recovering = false;
  subject.watch.good_ticks = 0;
  // True from now on, not earlier: until now other limits were in force.
  const Level level = level_at(slot, now);
  if (level != slot.level) transition(subject, level, now);
  arm(subject);
}

void Tracker::on_acknowledged(Subject subject, MonoTime now) {
  if (subject.watch.acknowledged) return;
  subject.watch.acknowledged = now;
  set_limits(subject.slot, subject.watch);
  advance(subject, now);
}

void Tracker::on_feed_reason(Subject subject, Reason reason, MonoTime now) {
  advance(subject, now);
  subject.watch.feed_reason = reason;
  refresh_reason(subject, now);
}

void Tracker::advance(Subject subject, MonoTime now) {
  for (;;) {
    const Due due = next_due(subject.slot, subject.watch);
    if (due.what == Due::What::nothing || due.at > now) break;
    switch (due.what) {
      case Due::What::suspect:
        subject.watch.suspect_since = due.at;
        log(subject, {.type = StreamChange::Type::suspect, .at = due.at, .active = true});
        refresh_reason(subject, due.at);  // what was late until now is silent from now on
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
      case Due::What::nothing:
        break;
    }
  }
  subject.watch.settled = std::max(subject.watch.settled, now);
  arm(subject);
}

void Tracker::on_evidence(Subject subject, Heard heard, MonoTime now) {
  subject.watch.heard = heard.at;
  subject.watch.heard_stalled = heard.stalled;
  subject.watch.rejections.end();
  const bool was_rejecting = std::exchange(subject.slot.rejecting, false);
  clear_suspicion(subject, now);
  recover(subject, now);
  advance(subject, now);
  refresh_reason(subject, now);
  if (was_rejecting) log(subject, {.type = StreamChange::Type::rejecting, .at = now});
}

void Tracker::on_rejected(Subject subject, MonoTime now) {
  if (!subject.watch.rejections.add(now) || subject.slot.rejecting) return;
  subject.slot.rejecting = true;
  subject.slot.reason = reason_for(subject.slot, subject.watch, now);
  log(subject, {.type = StreamChange::Type::rejecting, .at = now, .active = true});
}

void Tracker::on_deadline(Subject subject, MonoTime now) {
  advance(subject, now);
  // Ticks have left the deadline behind; now it moves to where it belongs.
  heap_.set(static_cast<std::uint32_t>(subject.stream.index()),
            next_due(subject.slot, subject.watch).at);
}

void Tracker::recover(Subject subject, MonoTime now) {
  Slot& slot = subject.slot;
  Watch& watch = subject.watch;
  const Level level = plain_level(slot, now);
  const bool better = slot.level == Level::unknown || severity(level) < severity(slot.level);
  if (!better) {
    watch.good_ticks = 0;
    slot.recovering = false;
    return;
  }
  const bool waits =
      slot.level != Level::unknown && ++watch.good_ticks < watch.policy.recover_ticks;
  slot.recovering = waits;
  if (waits) return;
  watch.good_ticks = 0;
  transition(subject, level, now);
}

void Tracker::transition(Subject subject, Level to, MonoTime at) {
  Slot& slot = subject.slot;
  const Level from = slot.level;
  slot.level = to;
  // What was settled before stays as it was told, even if new evidence puts it in another light.
  slot.level_since = std::max({at, slot.level_since, subject.watch.settled});
  slot.reason = reason_for(slot, subject.watch, slot.level_since);
  log(subject, {.type = StreamChange::Type::level, .from = from, .at = slot.level_since});
}

void Tracker::clear_suspicion(Subject subject, MonoTime now) {
  if (!subject.watch.suspect_since) return;
  subject.watch.suspect_since.reset();
  log(subject, {.type = StreamChange::Type::cleared, .at = now});
}

void Tracker::refresh_reason(Subject subject, MonoTime now) {
  Slot& slot = subject.slot;
  const Reason reason = reason_for(slot, subject.watch, now);
  if (reason == slot.reason) return;
  slot.reason = reason;
  log(subject, {.type = StreamChange::Type::reason, .at = now});
  arm(subject);
}

void Tracker::arm(Subject subject) {
  heap_.set_not_later(static_cast<std::uint32_t>(subject.stream.index()),
                      next_due(subject.slot, subject.watch).at);
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
