// What the rules are asked, and when.

#include <algorithm>
#include <array>
#include <utility>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

/// While there are lines, or a loop that may stand still, somebody looks this often.
constexpr Duration look_every = 1s;

/// Positions of a silent strategy that are named.
constexpr std::size_t named_positions = 10;

/// Of the loops that read prices, the longest without a sign of life.
std::optional<Duration> loop_silence(const health::SelfEvidence& self) {
  std::optional<Duration> longest;
  for (const health::LoopEvidence& loop : self.loops) {
    if (loop.since_beat) longest = std::max(longest.value_or(*loop.since_beat), *loop.since_beat);
  }
  return longest;
}

}  // namespace

/// A line that comes back is up a moment before its streams are: until then their silence is the
/// line's.
bool Control::Impl::is_unheard(const StreamTrack& track, const Slot& slot) const {
  const auto named = line_by_name.find(track.status.line);
  if (named == line_by_name.end()) return false;
  const auto line = lines.find(named->second);
  if (line == lines.end()) return false;
  const LineStatus& status = line->second.status;
  if (!status.up) return true;
  return slot.received && slot.confirmed < status.up_since;
}

rules::StreamFacts Control::Impl::facts_of(const StreamTrack& track, MonoTime now) const {
  const Slot slot = ports.monitor.unchecked_slot(track.status.stream);
  const alert::Alert* open = pipeline.find(rules::staleness_identity(track.status.info->key));
  return {.status = track.status,
          .age = ages_at(slot, now).level,
          .rejecting_since = track.rejecting_since,
          .exhausted_since = track.exhausted_since,
          .quarantined_since = track.quarantined_since,
          .outages_since = track.outages.since(),
          .lost_since = track.lost_since,
          .unheard = is_unheard(track, slot),
          .alerted = open != nullptr && open->state == alert::State::firing,
          .recovered = level_at(slot, now) == Level::healthy};
}

/// What ended did so when its subject recovered, unless that was before it began: a healthy stream
/// may have trouble that never touches its level, and a live venue a limit that closes no line.
void Control::Impl::judged(rules::Finding finding, std::string_view name, const Labels& scope,
                           MonoTime recovered, Evidence evidence, MonoTime now) {
  change_finding(finding, name);
  if (finding) {
    pipeline.observe(std::move(*finding));
    return;
  }
  const std::string identity = alert::identity_of(name, scope);
  const alert::Finding* was = pipeline.finding(identity);
  pipeline.clear(identity, was != nullptr && recovered <= was->since ? now : recovered, evidence);
}

void Control::Impl::note_outage(StreamTrack& track, const rules::StreamFacts& facts, MonoTime now) {
  const bool overdue = rules::is_overdue(facts);
  const bool was = std::exchange(track.overdue, overdue);
  const auto is_open = [&](const auto& cause) { return pipeline.find(cause) != nullptr; };
  if (overdue && !was && std::ranges::none_of(rules::causes_of(facts), is_open)) {
    track.outages.add(1, track.status.level_since);
  }
  if (track.outages.since(now)) {
    recurring.insert(track.status.stream);
  } else {
    recurring.erase(track.status.stream);
  }
}

void Control::Impl::judge_stream(StreamTrack& track, MonoTime now) {
  const StreamStatus& status = track.status;
  rules::StreamFacts facts = facts_of(track, now);
  note_outage(track, facts, now);
  facts.outages_since = track.outages.since(now);
  const Labels scope = rules::stream_scope(status.info->key);
  // A stream that is still unknown says nothing about an alert of an earlier run.
  const Evidence evidence = status.level == Level::unknown ? Evidence::none : Evidence::seen;
  const MonoTime recovered =
      status.level == Level::healthy ? std::min(status.level_since, now) : now;
  for (const auto& rule : rules::for_streams()) {
    judged(rule.judge(facts, rule.name, rule_options), rule.name, scope, recovered, evidence, now);
  }
}

/// What is lost while the venue is down, or has limited us, is told by that.
void Control::Impl::judge_line(LineTrack& track, MonoTime now) {
  const LineStatus& line = track.status;
  for (const auto& rule : rules::for_venues()) {
    if (rule.name != "line_down" && rule.name != "rate_limited") continue;
    const auto* cause =
        pipeline.find(alert::identity_of(rule.name, rules::venue_scope(line.venue)));
    if (cause != nullptr && cause->state == alert::State::firing) track.losses.forget();
  }
  const rules::LineFacts facts{.status = line, .flapping_since = track.losses.since(now)};
  const Evidence evidence = line.state == LineState::live ? Evidence::seen : Evidence::none;
  for (const auto& rule : rules::for_lines()) {
    judged(rule.judge(facts, rule.name), rule.name, rules::line_scope(line), now, evidence, now);
  }
}

void Control::Impl::judge_venue(rules::VenueFacts& facts, MonoTime now) {
  const auto& until = facts.status.limited_until;
  if (facts.limited_since && (!until || *until <= now)) {
    facts.limited_since.reset();
    facts.limit_ended = until.value_or(now);
  }
  const Labels scope = rules::venue_scope(facts.status.venue);
  const Evidence evidence = facts.status.live ? Evidence::seen : Evidence::none;
  const MonoTime recovered = facts.status.live ? std::min(facts.status.live_since, now) : now;
  for (const auto& rule : rules::for_venues()) {
    judged(rule.judge(facts, rule.name, rule_options, now), rule.name, scope, recovered, evidence,
           now);
  }
}

void Control::Impl::judge_own(MonoTime now) {
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    const std::string& name = outbox.sinks()[sink];
    const alert::SinkHealth health = outbox.health(sink);
    const bool idle = !health.failing_since && health.pending == 0;
    const Evidence evidence = health.last_success || idle ? Evidence::seen : Evidence::none;
    judged(rules::sink_failing(name, health, rule_options, now), rules::sink_failing_name,
           rules::sink_scope(name), health.last_success.value_or(now), evidence, now);
  }
  judged(judge_store(now), rules::store_down_name, {}, now,
         journal.commits() > 0 ? Evidence::seen : Evidence::none, now);
  judge_unstored(now);
  judge_receivers(now);
  judge_pulses(now);
  judge_clock(now);
  judge_watchdog(now);
}

void Control::Impl::judge_pulses(MonoTime now) {
  for (const PulseView& pulse : pulse_views(now)) {
    const Evidence evidence = pulse.state == PulseState::unknown ? Evidence::none : Evidence::seen;
    const Labels scope = rules::pulse_scope(pulse.name);
    std::vector<const PositionLease*> largest;
    for (const PositionKey& key : positions.holdings().largest(pulse.name, named_positions)) {
      largest.push_back(positions.book().find(key));
    }
    judged(rules::signal_silence(pulse, largest), rules::signal_silence_name, scope, now, evidence,
           now);
    judged(rules::signal_source_failing(pulse, rule_options, now),
           rules::signal_source_failing_name, scope, now, Evidence::seen, now);
  }
}

std::vector<PulseView> Control::Impl::pulse_views(MonoTime now) const {
  std::vector<PulseView> views = pulses.views(now);
  for (PulseView& view : views) view.positions = positions.holdings().count(view.name);
  if (!ports.pulse_source) return views;
  for (PulseView& view : views) view.source = ports.pulse_source(view.name, now);
  return views;
}

void Control::Impl::judge_clock(MonoTime now) {
  if (!ports.self) return;
  const std::optional<Duration> shift = looked.clock_shift;
  if (!shift) clock_shifted_since.reset();
  if (shift && !clock_shifted_since) clock_shifted_since = now;
  judged(rules::own_clock(shift, clock_shifted_since, rule_options), rules::clock_suspect_name, {},
         now, suspicion.trusted() ? Evidence::seen : Evidence::none, now);
}

void Control::Impl::judge_watchdog(MonoTime now) {
  if (options.watchdog && pipeline.finding(rules::watchdog_name) != nullptr) return;
  rules::Finding always;
  if (options.watchdog) {
    always = rules::watchdog(options.instance, anchor.mono, options.watchdog->repeat);
  }
  judged(std::move(always), rules::watchdog_name, {}, now, Evidence::seen, now);
}

/// Not for every event: it asks all loops, queues and disks.
void Control::Impl::look_at_ourselves(MonoTime now) {
  if (!ports.self || now < next_look) return;
  next_look = now + look_every;
  looked = ports.self();
  // One that has not shown itself yet has had since our start for it.
  for (health::LoopEvidence& loop : looked.loops) {
    if (loop.since_beat) loop.since_beat = std::min(*loop.since_beat, now - anchor.mono);
  }
}

/// Before all others: who suspects himself accuses nobody.
void Control::Impl::judge_ourselves(MonoTime now) {
  std::optional<Duration> gap;
  if (!lines.empty() && evaluated_last) gap = now - *evaluated_last;
  evaluated_last = now;
  // Between the statuses, which come each second, only our own lateness is news.
  if (now < next_suspicion && gap.value_or(0s) < Suspicion::stall) return;
  next_suspicion = now + look_every;
  Suspicion::Seen seen;
  seen.gap = gap;
  for (const auto& [id, track] : lines) seen.lines.push_back(&track.status);
  look_at_ourselves(now);
  seen.loop_silence = loop_silence(looked);
  const bool suspected = suspicion.since().has_value();
  suspicion.update(seen, now);
  rules::SuspicionFacts facts{.since = suspicion.since(), .why = suspicion.why(), .premature = {}};
  if (facts.since && !suspected) facts.premature = premature_alerts();
  if (facts.since && suspected) return;  // told
  judged(rules::monitor_suspect(facts), rules::monitor_suspect_name, {}, now,
         suspicion.trusted() || lines.empty() ? Evidence::seen : Evidence::none, now);
}

/// Alerts of streams, lines and venues that what is the matter with us has opened, or is about to.
std::vector<std::string> Control::Impl::premature_alerts() const {
  std::vector<std::string> identities;
  const auto add = [&](const alert::Alert& alert) {
    if (alert.started < suspicion.from() || alert.name == "rate_limited") return;
    const auto is_of = [&](const auto& rule) { return rule.name == alert.name; };
    if (std::ranges::any_of(rules::for_streams(), is_of) ||
        std::ranges::any_of(rules::for_lines(), is_of) ||
        std::ranges::any_of(rules::for_venues(), is_of)) {
      identities.push_back(alert.identity);
    }
  };
  for (const auto& alert : pipeline.open()) add(alert);
  for (const auto& alert : pipeline.pending()) add(alert);
  return identities;
}

rules::Finding Control::Impl::judge_store(MonoTime now) const {
  rules::StoreFacts facts;
  facts.refusing_since = journal.trouble_since(now);
  facts.failing_since = probe.trouble_since(now);
  const health::StoreSelf self = ports.store ? ports.store() : health::StoreSelf{};
  // Rows that wait in the spool say it sooner than the next probe.
  if (self.failures > 0 && self.spool_age) {
    const MonoTime spooling = plus(now, -*self.spool_age);
    facts.failing_since = std::min(facts.failing_since.value_or(never_mono), spooling);
  }
  facts.error = self.last_error;
  if (facts.error.empty()) {
    facts.error = facts.refusing_since ? journal.last_error() : probe.last_error();
  }
  return rules::store_down(facts, rule_options);
}

/// What becomes true or ends by the passing of time alone.
void Control::Impl::review(MonoTime now) {
  judge_ourselves(now);
  clear_orphans(now);
  for (auto& [name, facts] : venues) judge_venue(facts, now);
  for (auto& [id, track] : lines) {
    if (track.losses.calm_from() != never_mono) judge_line(track, now);
  }
  const std::set<StreamId> flapping = recurring;  // which changes meanwhile
  for (const StreamId stream : flapping) judge_stream(streams.at(stream), now);
  judge_own(now);
  judge_sources(now);
  judge_positions(now);
  judge_custom(now);
  send_heartbeat(now);
}

void Control::Impl::send_heartbeat(MonoTime now) {
  if (!ports.heartbeat || now < next_heartbeat) return;
  HeartbeatFacts facts;
  facts.loop_silence = loop_silence(looked);
  facts.store_silence = journal.evidence(now).last_success_age;
  // Asked again soon: what has just begun advances in a moment.
  next_heartbeat = now + (may_beat(facts) ? heartbeat_every : look_every);
  if (may_beat(facts)) ports.heartbeat();
}

MonoTime Control::Impl::next_review(MonoTime now) const {
  MonoTime next = never_mono;
  const auto consider = [&](MonoTime at) {
    if (at > now) next = std::min(next, at);
  };
  if (evaluated && !orphans_cleared) consider(*evaluated + orphan_delay);
  for (const auto& [name, facts] : venues) {
    if (!facts.limited_since) continue;
    if (facts.status.limited_until) consider(*facts.status.limited_until);
    if (!facts.status.live) consider(facts.status.live_since + rule_options.line_down_for);
  }
  for (const auto& [id, track] : lines) {
    if (track.losses.calm_from() != never_mono) consider(track.losses.calm_from());
  }
  for (const StreamId stream : recurring) consider(streams.at(stream).outages.calm_from());
  if ((!lines.empty() || ports.self || ports.pulse_source) && evaluated_last)
    consider(*evaluated_last + look_every);
  if (ports.heartbeat) consider(next_heartbeat);
  if (!stopping && positions.book().size() > 0) consider(look_at_positions);
  if (!stopping) consider(next_of_sources());
  if (!options.rules.custom.empty()) consider(custom_due);
  consider(pulses.next_deadline(now));
  consider(suspicion.next_deadline());
  if (const auto since = unstored.oldest()) consider(*since + rule_options.undelivered_after);
  for (const DecisionOutbox& decisions : decision_outboxes) {
    const DecisionOutbox::Health health = decisions.health();
    if (health.oldest) consider(*health.oldest + rule_options.undelivered_after);
    if (health.refused_at) consider(*health.refused_at + rule_options.refused_for);
  }
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    if (const auto since = outbox.health(sink).failing_since) {
      consider(*since + rule_options.sink_failing_after);
    }
  }
  return next;
}

}  // namespace feedwatch::engine
