// The rules of the configuration: their facts, and when they are asked.

#include <algorithm>
#include <utility>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;
using rules::fact;
using rules::fact_duration;
using rules::fact_flag;
using rules::fact_number;
using rules::FactValues;

/// What no deadline foretells is looked at this often.
constexpr Duration look_every = 1s;

rules::FactValue rank(rules::Subject subject, std::string_view name, std::string_view word) {
  const auto facts = rules::facts_of(subject);
  const auto found = std::ranges::find(facts, name, &rules::FactInfo::name);
  return rules::fact_rank(found->words, word);
}

std::optional<Duration> since(const std::optional<WallTime>& at, WallTime now) {
  return at ? std::optional(minus(now, *at)) : std::nullopt;
}

/// In the order of rules::facts_of(Subject::stream).
FactValues facts_of(const StreamView& view, WallTime now) {
  const StreamKey& key = view.info->key;
  std::optional<Duration> transit;
  if (view.ages.event && view.ages.receive) transit = *view.ages.event - *view.ages.receive;
  return {fact(view.info->text),
          fact(key.venue),
          fact(key.symbol),
          fact(to_text(key.kind)),
          fact(view.line),
          rank(rules::Subject::stream, "level", to_text(view.level)),
          fact(to_text(view.reason)),
          fact_flag(view.fault),
          fact_flag(view.info->required),
          fact_flag(view.quarantined),
          fact_flag(view.flapping),
          fact_flag(view.repair_exhausted),
          fact_duration(view.ages.level),
          fact_duration(view.ages.receive),
          fact_duration(view.ages.confirmed),
          fact_duration(view.ages.event),
          fact_duration(transit),
          fact_duration(since(view.level_since, now)),
          fact_duration(since(view.suspect_since, now)),
          fact_number(static_cast<double>(view.ticks))};
}

/// In the order of rules::facts_of(Subject::line).
FactValues facts_of(const LineView& view, WallTime now) {
  const LineStatus& line = view.status;
  return {fact(line.name),
          fact(line.venue),
          fact(line.route),
          fact(to_text(line.state)),
          fact(to_text(line.reason)),
          fact_flag(line.up),
          fact_duration(view.last_frame_age),
          fact_duration(minus(now, view.state_since)),
          fact_duration(line.ping_rtt),
          fact_number(view.frames_per_second),
          fact_number(static_cast<double>(line.topics)),
          fact_number(static_cast<double>(line.dials)),
          fact_number(static_cast<double>(line.unplanned_closes))};
}

/// In the order of rules::facts_of(Subject::pulse).
FactValues facts_of(const PulseView& pulse) {
  return {fact(pulse.name),
          rank(rules::Subject::pulse, "state", to_text(pulse.state)),
          fact_duration(pulse.silence),
          fact_flag(pulse.failed),
          fact_flag(pulse.required),
          fact(pulse.detail)};
}

/// In the order of rules::facts_of(Subject::sink).
FactValues facts_of(const std::string& name, const alert::SinkHealth& health, MonoTime now) {
  const auto age = [&](const std::optional<MonoTime>& at) {
    return fact_duration(at ? std::optional(now - *at) : std::nullopt);
  };
  return {fact(name),
          fact_number(health.consecutive_failures),
          age(health.failing_since),
          fact_number(static_cast<double>(health.pending)),
          age(health.oldest_pending),
          age(health.last_success)};
}

/// In the order of rules::facts_of(Subject::store).
FactValues facts_of(const health::StoreEvidence& store) {
  return {fact_duration(store.failing_for),
          fact_number(static_cast<double>(store.errors)),
          fact_number(static_cast<double>(store.pending)),
          fact_duration(store.oldest_pending),
          fact_number(static_cast<double>(store.self.spooled)),
          fact_duration(store.self.spool_age),
          fact_number(static_cast<double>(store.self.spool_bytes)),
          fact_number(static_cast<double>(store.dropped))};
}

}  // namespace

/// In the order of rules::facts_of(Subject::venue).
rules::FactValues Control::Impl::facts_of_venue(const rules::VenueFacts& facts,
                                                MonoTime now) const {
  const VenueStatus& venue = facts.status;
  std::size_t all = 0;
  std::array<std::size_t, 4> at_level{};
  for (const auto& [id, track] : streams) {
    if (track.status.info->key.venue != venue.venue) continue;
    ++all;
    ++at_level.at(static_cast<std::size_t>(track.status.level));
  }
  const auto count = [&](Level level) {
    return fact_number(static_cast<double>(at_level.at(static_cast<std::size_t>(level))));
  };
  const std::optional<Duration> held = now - venue.live_since;
  return {fact(venue.venue),
          fact_flag(venue.live),
          fact_flag(facts.limited_since.has_value()),
          fact_flag(facts.required),
          fact_duration(venue.live ? held : std::nullopt),
          fact_duration(venue.live ? std::nullopt : held),
          fact_number(venue.dials_in_window),
          fact_number(static_cast<double>(all)),
          count(Level::degraded),
          count(Level::stale),
          count(Level::unknown)};
}

void Control::Impl::judge_custom(MonoTime now) {
  if (options.rules.custom.empty() || now < custom_due) return;
  custom_due = now + look_every;
  std::set<std::string> seen;
  for (const rules::CustomRule& rule : options.rules.custom) {
    for_subjects(rule.subject(), now,
                 [&](Labels scope, const FactValues& values, Evidence evidence,
                     std::vector<std::string> causes) {
                   const auto outcome = rule.judge(values, now);
                   custom_due = std::min(custom_due, outcome.next);
                   scope = rule.labels(std::move(scope));
                   const std::string identity = alert::identity_of(rule.name(), scope);
                   seen.insert(identity);
                   if (!outcome.holds) {
                     custom_since.erase(identity);
                     pipeline.clear(identity, now, evidence);
                     return;
                   }
                   alert::Finding found;
                   found.name = rule.name();
                   found.identity = identity;
                   found.labels = std::move(scope);
                   found.severity = rule.severity();
                   found.since = custom_since.try_emplace(identity, now).first->second;
                   found.hold = rule.hold();
                   found.message = rule.message(values);
                   found.metadata = rule.metadata(values);
                   found.explained_by = std::move(causes);
                   pipeline.observe(std::move(found));
                 });
  }
  // Whose subject is gone has nobody to end it.
  std::erase_if(custom_since, [&](const auto& entry) {
    if (seen.contains(entry.first)) return false;
    pipeline.retire(entry.first);
    return true;
  });
}

template <class Action>
void Control::Impl::for_subjects(rules::Subject subject, MonoTime now, Action action) {
  const WallTime wall = anchor.at(now);
  switch (subject) {
    case rules::Subject::stream:
      for (const auto& [id, track] : streams) {
        const StreamView view = view_of(id, track, now);
        const Evidence evidence = view.level == Level::unknown ? Evidence::none : Evidence::seen;
        action(rules::stream_scope(view.info->key), engine::facts_of(view, wall), evidence,
               rules::causes_of(facts_of(track, now)));
      }
      break;
    case rules::Subject::line:
      for (const auto& [id, track] : lines) {
        action(rules::line_scope(track.status), engine::facts_of(view_of(track, now), wall),
               Evidence::seen, rules::causes_of_lines());
      }
      break;
    case rules::Subject::venue:
      for (const auto& [name, facts] : venues) {
        action(rules::venue_scope(name), facts_of_venue(facts, now), Evidence::seen,
               rules::causes_of_lines());
      }
      break;
    case rules::Subject::pulse:
      for (const PulseView& pulse : pulses.views(now)) {
        const Evidence evidence =
            pulse.state == PulseState::unknown ? Evidence::none : Evidence::seen;
        action(rules::pulse_scope(pulse.name), engine::facts_of(pulse), evidence, {});
      }
      break;
    case rules::Subject::sink:
      for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
        const std::string& name = outbox.sinks()[sink];
        action(rules::sink_scope(name), engine::facts_of(name, outbox.health(sink), now),
               Evidence::seen, {});
      }
      break;
    case rules::Subject::store:
      action({}, engine::facts_of(store_evidence(now)), Evidence::seen, {});
      break;
  }
}

/// A built-in rule as the configuration wants it.
void Control::Impl::change_finding(rules::Finding& finding, std::string_view name) const {
  if (!finding) return;
  const auto change = options.rules.changes.find(name);
  if (change == options.rules.changes.end()) return;
  if (change->second.severity) finding->severity = *change->second.severity;
  if (change->second.hold) finding->hold = *change->second.hold;
  if (!change->second.enabled) finding.reset();
}

}  // namespace feedwatch::engine
