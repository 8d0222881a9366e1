#include "feedwatch/sim/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/sim/event_log.hpp"

namespace feedwatch::sim {
namespace {

using Event = engine::Control::Event;
using engine::StreamView;
using health::Status;

constexpr std::size_t one_fifth = 5;  ///< 20 %

std::string_view label(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Labels::value_type::first);
  return found == labels.end() ? std::string_view{} : std::string_view(found->second);
}

/// Severity that grew is a row of the same episode.
bool is_firing(const AlertTransitionRow& row) {
  return row.from == "pending" && row.to == "firing";
}

bool is_resolved(const AlertTransitionRow& row) {
  return row.to == "resolved";
}

bool names_stream(const AlertRow& alert, const StreamKey& stream) {
  return label(alert.labels, "venue") == stream.venue &&
         label(alert.labels, "symbol") == stream.symbol &&
         label(alert.labels, "kind") == to_text(stream.kind);
}

bool names_one_of(const AlertRow& alert, const std::set<StreamKey>& streams) {
  return std::ranges::any_of(streams, [&](const auto& each) { return names_stream(alert, each); });
}

}  // namespace

// ---- 2 ------------------------------------------------------------------------------------------

Told told_of(std::span<const Event> events) {
  Told told;
  std::set<std::string> open;
  for (const Event& event : events) {
    if (event.type == Event::Type::stream_level) ++told.levels;
    if (event.type != Event::Type::alert) continue;
    // Told again, or grown more severe, it is still the same episode.
    if (event.alert_state == "firing" && open.insert(event.subject).second) ++told.fired;
    if (event.alert_state == "resolved" && open.erase(event.subject) > 0) ++told.resolved;
  }
  return told;
}

Complaint episode_complaint(const AlertRows& alerts, std::span<const AlertTransitionRow> rows) {
  std::set<std::string> open;
  for (const auto& [id, alert] : alerts) {
    const auto mine = [&](const auto& row) { return row.alert_id == id; };
    const auto fired =
        std::ranges::count_if(rows, [&](const auto& row) { return mine(row) && is_firing(row); });
    const auto resolved =
        std::ranges::count_if(rows, [&](const auto& row) { return mine(row) && is_resolved(row); });
    const int over = alert.state == "resolved" ? 1 : 0;
    if (fired != 1 || resolved != over) {
      return fmt::format("{} is {} with {} firing and {} resolved rows", alert.identity,
                         alert.state, fired, resolved);
    }
    if (over == 0 && !open.insert(alert.identity).second) {
      return fmt::format("{} is open twice", alert.identity);
    }
  }
  const auto orphan =
      std::ranges::find_if(rows, [&](const auto& row) { return !alerts.contains(row.alert_id); });
  if (orphan == rows.end()) return std::nullopt;
  return fmt::format("a row of {}, which is no alert", orphan->alert_id);
}

Complaint lost_rows_complaint(const Told& told, std::span<const AlertTransitionRow> alerts,
                              std::span<const StreamTransitionRow> levels) {
  const Told kept{static_cast<std::size_t>(std::ranges::count_if(alerts, is_firing)),
                  static_cast<std::size_t>(std::ranges::count_if(alerts, is_resolved)),
                  levels.size()};
  if (kept.fired == told.fired && kept.resolved == told.resolved && kept.levels == told.levels) {
    return std::nullopt;
  }
  return fmt::format(
      "the journal has {} firing, {} resolved and {} level rows of {}, {} and {} decided",
      kept.fired, kept.resolved, kept.levels, told.fired, told.resolved, told.levels);
}

Complaint open_alerts_complaint(const AlertRows& alerts, std::span<const engine::AlertView> shown) {
  std::set<std::string> kept;
  for (const auto& [id, alert] : alerts) {
    if (alert.state == "firing") kept.insert(id);
  }
  for (const engine::AlertView& view : shown) {
    if (view.open && kept.erase(view.row.id) == 0) {
      return fmt::format("{} is shown as open, the journal does not have it so", view.row.identity);
    }
  }
  if (kept.empty()) return std::nullopt;
  return fmt::format("{} is open in the journal only", alerts.at(*kept.begin()).identity);
}

// ---- 3 ------------------------------------------------------------------------------------------

namespace {

/// What befalls one venue is no ground to suspect the monitor.
bool all_venues_caused(const Causes& causes, WallTime fired) {
  const auto caused = [&](const auto& venue) { return venue.second <= fired; };
  return causes.configured > 1 && causes.venues.size() == causes.configured &&
         std::ranges::all_of(causes.venues, caused);
}

}  // namespace

Complaint cause_complaint(const AlertRow& alert, WallTime fired, const Causes& causes) {
  // Of a position: its bot, or a market that is quiet for longer than it may be protected with.
  const bool unstored = alert.name == "decision_unstored";
  if (!unstored && !label(alert.labels, "position").empty()) return std::nullopt;
  const auto since = [&](const std::optional<WallTime>& cause) { return cause && *cause <= fired; };
  const auto venue = causes.venues.find(label(alert.labels, "venue"));
  const bool caused =
      since(causes.host) || (alert.name == "sink_failing" && since(causes.sink)) ||
      (!unstored && alert.name.starts_with("decision_") && since(causes.receiver)) ||
      ((unstored || alert.name == "store_down") && since(causes.journal)) ||
      alert.name == "Watchdog" ||
      (alert.name == "monitor_suspect" && all_venues_caused(causes, fired)) ||
      (venue != causes.venues.end() && since(venue->second)) ||
      names_one_of(alert, causes.unserved);
  if (caused) return std::nullopt;
  const bool quiet = names_one_of(alert, causes.quiet);
  if (quiet && alert.severity != "critical") return std::nullopt;
  return fmt::format("{} ({}) has no cause in the scenario{}", alert.identity, alert.severity,
                     quiet ? " but a quiet market" : "");
}

// ---- 5 ------------------------------------------------------------------------------------------

Complaint age_complaint(const AgeSample& before, const AgeSample& now) {
  for (const auto& age : {now.ages.receive, now.ages.confirmed, now.ages.event, now.ages.level}) {
    if (age && *age < Duration{}) return "an age is negative";
  }
  const Duration passed = now.at - before.at;
  const auto shrank = [&](const auto& was, const auto& is) {
    return was && (!is || *is < *was + passed);
  };
  const auto without = [&](std::uint64_t was, std::uint64_t is) {
    return was == is && !now.doubled;
  };
  if (without(before.carrying, now.carrying) && shrank(before.ages.receive, now.ages.receive)) {
    return "it grew younger without a price";
  }
  if (without(before.messages, now.messages) && shrank(before.ages.confirmed, now.ages.confirmed)) {
    return "its confirmed age shrank without a message";
  }
  if (now.ages.receive && now.ages.confirmed && *now.ages.confirmed > *now.ages.receive) {
    return "its confirmed age is above its receive age";
  }
  const auto younger = [&](const auto& age, const auto& arrived) {
    return age && (!arrived || *age < now.at - *arrived);
  };
  if (younger(now.ages.receive, now.newest_price))
    return "its age is below that of its newest price";
  if (younger(now.ages.confirmed, now.newest)) {
    return "its confirmed age is below that of its newest message";
  }
  return std::nullopt;
}

// ---- 7 ------------------------------------------------------------------------------------------

Complaint bound_complaint(const engine::Control::Counters& counters, std::size_t resolved_alerts,
                          std::uint64_t changes_dropped, const Bounds& bounds) {
  const auto above = [](std::string_view what, std::size_t count, std::size_t bound) -> Complaint {
    if (count <= bound) return std::nullopt;
    return fmt::format("{} {}, bound {}", count, what, bound);
  };
  if (auto it = above("notifications wait", counters.notifications_pending, bounds.notifications)) {
    return it;
  }
  if (auto it =
          above("batches wait for the journal", counters.journal_pending, bounds.journal_batches)) {
    return it;
  }
  if (auto it = above("resolved alerts are kept", resolved_alerts, bounds.resolved_alerts)) {
    return it;
  }
  if (changes_dropped == 0) return std::nullopt;
  return fmt::format("{} changes were dropped: their log was full", changes_dropped);
}

// ---- 4 and 8 ------------------------------------------------------------------------------------

namespace {

/// What the ages alone say. More than one tick to recover may hold a worse level.
Level level_by_age(const StreamView& view) {
  const Policy& policy = view.info->policy;
  if (!view.ages.level) return view.level == Level::stale ? Level::stale : Level::unknown;
  if (*view.ages.level > policy.stale_after) return Level::stale;
  return *view.ages.level > policy.degraded_after ? Level::degraded : Level::healthy;
}

/// Price and age of a view against those the guard returned.
Complaint accepted_complaint(const StreamView& view, const Price& price) {
  if (price.level != view.level) {
    return fmt::format("the view says {}, the guard {}", to_text(view.level), to_text(price.level));
  }
  if (!view.prices || *view.prices != price.prices) return "view and guard differ in the price";
  if (view.ages.receive != price.receive_age || view.ages.confirmed != price.confirmed_age) {
    return "view and guard differ in the age";
  }
  return std::nullopt;
}

}  // namespace

Complaint view_complaint(const StreamView& view, const std::expected<Price, Refusal>& judged) {
  const Level by_age = level_by_age(view);
  const bool holds_worse = view.info->policy.recover_ticks > 1 && view.level > by_age;
  if (view.level != by_age && !holds_worse) {
    return fmt::format("the view says {}, its age of {} {}", to_text(view.level),
                       view.ages.level ? format_duration(*view.ages.level) : "never",
                       to_text(by_age));
  }
  if (judged) return accepted_complaint(view, *judged);
  const Refusal& refusal = judged.error();
  if (refusal.level != view.level) {
    return fmt::format("the view says {}, the guard's refusal {}", to_text(view.level),
                       to_text(refusal.level));
  }
  const bool may_be_refused = view.level == Level::stale || view.level == Level::unknown ||
                              refusal.code == RefusalCode::awaiting_fresh;
  if (may_be_refused) return std::nullopt;
  return fmt::format("{} by the view, the guard refuses it at any age: {}", to_text(view.level),
                     to_text(refusal.code));
}

namespace {

/// Silence of an event channel proves nothing (semantics §4); a line that is down does.
bool proves_fault(const StreamView& view) {
  const bool mere_silence = view.reason == Reason::silent ||
                            view.reason == Reason::never_received ||
                            view.reason == Reason::resubscribing;
  return view.fault && (view.info->cadence.type == CadenceType::clocked || !mere_silence);
}

/// Semantics §8, from the views alone.
Status expected_status(std::span<const StreamView> views) {
  const auto is = [](Level level) { return [level](const auto& v) { return v.level == level; }; };
  if (std::ranges::all_of(views, is(Level::unknown))) return Status::unknown;
  const bool critical = std::ranges::any_of(views, [](const StreamView& view) {
    return view.level == Level::stale && view.info->required && proves_fault(view);
  });
  if (critical) return Status::critical;
  const bool well = std::ranges::all_of(
      views, [](const auto& view) { return view.level == Level::healthy && !view.quarantined; });
  return well ? Status::healthy : Status::degraded;
}

}  // namespace

Complaint health_complaint(std::span<const StreamView> views, const engine::HealthView& health) {
  const Status expected = expected_status(views);
  for (const std::string_view name : {"WebSocket Streams", "Price Updates"}) {
    const auto found = std::ranges::find(health.components, name, &health::Component::name);
    if (found == health.components.end()) return fmt::format("no component {}", name);
    if (found->status != expected) {
      return fmt::format("{} is {}, by its streams {}", name, to_text(found->status),
                         to_text(expected));
    }
  }
  const bool critical = std::ranges::any_of(
      health.components, [](const auto& each) { return each.status == Status::critical; });
  const bool well = std::ranges::all_of(
      health.components, [](const auto& each) { return each.status == Status::healthy; });
  if ((health.status == Status::critical) != critical ||
      (health.status == Status::healthy) != well) {
    return fmt::format("overall {}, which its components are not", to_text(health.status));
  }
  return std::nullopt;
}

bool speaks_for(const AlertRow& alert, const StreamKey& stream) {
  if (alert.name == "monitor_suspect") return true;
  if (label(alert.labels, "venue") != stream.venue || alert.name == "clock_suspect") return false;
  if (!label(alert.labels, "line").empty()) return false;  // that it flaps, not that it is down
  return label(alert.labels, "symbol").empty() || names_stream(alert, stream);
}

bool is_no_fault(Reason reason) {
  return reason == Reason::market_quiet || reason == Reason::venue_halt ||
         reason == Reason::delisted;
}

// ---- 9 ------------------------------------------------------------------------------------------

std::size_t our_share(const venues::RateLimit& published) {
  return std::max<std::size_t>(published.count / one_fifth, 1);
}

Complaint rate_complaint(std::span<const MonoTime> times, std::size_t count, Duration window,
                         Duration slack) {
  for (std::size_t i = count; i < times.size(); ++i) {
    if (times[i] - times[i - count] >= window - slack) continue;
    return fmt::format("more than {} within {} at {} s", count, format_duration(window),
                       run_time_text(times[i]));
  }
  return std::nullopt;
}

Complaint ban_complaint(std::span<const MonoTime> times, std::span<const Ban> bans, Duration way) {
  for (const Ban& ban : bans) {
    const auto inside = std::ranges::find_if(
        times, [&](MonoTime at) { return at > ban.from + way && at < ban.until; });
    if (inside == times.end()) continue;
    return fmt::format("at {} s, told at {} s to stay away until {} s", run_time_text(*inside),
                       run_time_text(ban.from), run_time_text(ban.until));
  }
  return std::nullopt;
}

}  // namespace feedwatch::sim
