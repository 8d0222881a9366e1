#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

constexpr std::size_t kept_open_repairs = 16;

/// Sets or resets the moment since when something holds.
void track_since(std::optional<MonoTime>& since, bool holds, MonoTime now) {
  if (!holds) {
    since.reset();
  } else if (!since) {
    since = now;
  }
}

std::string level_text(Level from, const StreamStatus& next) {
  std::string text = fmt::format("{} -> {}", to_text(from), to_text(next.level));
  if (next.reason != Reason::ok) text += fmt::format(" {}", to_text(next.reason));
  return text;
}

/// Where a stream found at the level it had before has been in between, as far as one can know.
Level level_between(const StreamStatus& next) {
  return next.worst == next.level ? Level::healthy : next.worst;
}

std::string with_detail(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + detail;
  return text;
}

}  // namespace

void Control::Impl::apply(StreamStatus next, MonoTime now, std::vector<JournalRow>& rows) {
  if (next.removed) {
    forget_stream(next.stream);
    return;
  }
  const auto known = streams.find(next.stream);
  if (known != streams.end() && known->second.status.info->text != next.info->text) {
    forget_stream(next.stream);
  }

  StreamTrack& track = streams[next.stream];
  wanted_changed = wanted_changed || track.status.info != next.info;
  if (!track.status.info) track.status.info = next.info;
  stream_by_text.insert_or_assign(next.info->text, next.stream);
  level_change(track, next, now, rows);
  suspect_change(track, next, now);
  for (const auto& repair : next.repairs) repair_change(track, next, repair, rows);
  track_since(track.rejecting_since, next.reason == Reason::rejecting, now);
  track_since(track.exhausted_since, next.repair_exhausted, now);
  track_since(track.quarantined_since, next.quarantined, now);
  track_since(track.lost_since, next.reason == Reason::subscription_lost, now);
  const auto is_counted = [](Reason reason) {
    return reason == Reason::venue_lag || reason == Reason::clock_suspect;
  };
  wanted_changed = wanted_changed || is_counted(next.reason) || is_counted(track.status.reason);
  track.left_unknown = track.left_unknown || next.level != Level::unknown;
  track.status = std::move(next);
  track.status.repairs.clear();
}

/// One row per observed change; what happened between two looks is counted in it.
void Control::Impl::level_change(const StreamTrack& track, const StreamStatus& next, MonoTime now,
                                 std::vector<JournalRow>& rows) {
  const bool moved = next.level != track.status.level;
  const Level from = moved ? track.status.level : level_between(next);
  if (from == next.level || (!moved && next.transitions == 0)) return;
  const std::uint32_t merged = next.transitions > 1 ? next.transitions - 1 : 0;
  ++counted.transitions;
  counted.transitions_merged += merged;

  StreamTransitionRow row;
  row.stream = next.info->text;
  row.at = anchor.at(next.level_since);
  row.from = to_text(from);
  row.to = to_text(next.level);
  row.reason = to_text(next.reason);
  row.fault = next.fault;
  const Ages ages = ages_at(ports.monitor.unchecked_slot(next.stream), now);
  if (ages.level) row.age_seconds = to_seconds(*ages.level);
  row.merged = merged;
  rows.emplace_back(std::move(row));

  Event event;
  event.type = Event::Type::stream_level;
  event.at = next.level_since;
  event.subject = next.info->text;
  event.text = level_text(from, next);
  event.from = from;
  event.to = next.level;
  event.reason = next.reason;
  emit(event);
}

void Control::Impl::suspect_change(const StreamTrack& track, const StreamStatus& next,
                                   MonoTime now) const {
  if (track.status.suspect_since == next.suspect_since) return;
  Event event;
  event.subject = next.info->text;
  event.reason = next.reason;
  event.type = next.suspect_since ? Event::Type::suspect : Event::Type::suspect_cleared;
  event.at = next.suspect_since.value_or(now);
  event.text = next.suspect_since ? "suspect" : "suspect cleared";
  emit(event);
}

void Control::Impl::repair_change(StreamTrack& track, const StreamStatus& next,
                                  const RepairStatus& repair, std::vector<JournalRow>& rows) const {
  if (repair.id <= track.newest_ended_repair && !track.open_repairs.contains(repair.id)) return;
  RepairRow row;
  row.id = fmt::format("{}-{:x}-{}", options.instance,
                       static_cast<std::uint64_t>(to_ns(anchor.at(repair.started))), repair.id);
  row.stream = next.info->text;
  row.step = to_text(repair.step);
  row.line = repair.line;
  row.started_at = anchor.at(repair.started);
  row.detail = repair.detail;
  row.topics = static_cast<std::int64_t>(repair.topics);
  if (repair.gap) row.gap_seconds = to_seconds(*repair.gap);

  Event event;
  event.subject = next.info->text;
  event.reason = next.reason;
  event.repair = repair;
  if (track.open_repairs.insert(repair.id).second) {
    event.type = Event::Type::repair_started;
    event.at = repair.started;
    event.text = fmt::format("{} on {}", to_text(repair.step), repair.line);
    emit(event);
  }
  if (repair.ended) {
    row.ended_at = anchor.at(*repair.ended);
    row.ok = repair.ok;
    track.open_repairs.erase(repair.id);
    track.newest_ended_repair = std::max(track.newest_ended_repair, repair.id);
    event.type = Event::Type::repair_ended;
    event.at = *repair.ended;
    event.text = with_detail(
        fmt::format("{} {}", to_text(repair.step), repair.ok ? "ok" : "failed"), repair.detail);
    emit(event);
  }
  if (track.open_repairs.size() > kept_open_repairs) {
    track.open_repairs.erase(track.open_repairs.begin());
  }
  rows.emplace_back(std::move(row));
}

/// Everything about a stream nobody wants any more ends with it (semantics §10: within 1 s).
void Control::Impl::forget_stream(StreamId stream) {
  const auto known = streams.find(stream);
  if (known == streams.end()) return;
  const StreamInfo& info = *known->second.status.info;
  for (const auto& rule : rules::for_streams()) {
    pipeline.retire(alert::identity_of(rule.name, rules::stream_scope(info.key)));
  }
  const auto named = stream_by_text.find(info.text);
  if (named != stream_by_text.end() && named->second == stream) stream_by_text.erase(named);
  recurring.erase(stream);
  streams.erase(known);
  wanted_changed = true;
}

void Control::Impl::forget_venue(const std::string& venue) {
  for (const auto& rule : rules::for_venues()) {
    pipeline.retire(alert::identity_of(rule.name, rules::venue_scope(venue)));
  }
  venues.erase(venue);
}

void Control::Impl::apply(LineStatus next, MonoTime now) {
  const auto known = lines.find(next.line);
  const bool is_new = known == lines.end();
  if (is_new && next.removed) return;
  if (next.removed) next.name = known->second.status.name;
  const bool moved = is_new || known->second.status.state != next.state ||
                     known->second.status.reason != next.reason;
  // A connection that was lost, or never stood, and one that has come as far since we looked.
  const bool lost =
      !is_new && next.unplanned_closes > known->second.status.unplanned_closes && !moved;
  if (moved || lost || next.removed) {
    Event event;
    event.type = Event::Type::line_state;
    event.at = next.state_since;
    event.subject = next.name;
    event.reason = next.reason;
    const std::string_view from = is_new ? "new" : to_text(known->second.status.state);
    event.text = next.removed ? "removed"
                              : fmt::format("{} -> {}{}", from, lost ? "backing_off -> " : "",
                                            to_text(next.state));
    if (next.reason != Reason::ok) event.text += fmt::format(" {}", to_text(next.reason));
    event.text = with_detail(std::move(event.text), next.detail);
    emit(event);
  }
  if (next.removed) {
    for (const auto& rule : rules::for_lines()) {
      pipeline.retire(alert::identity_of(rule.name, rules::line_scope(known->second.status)));
    }
    if (!is_new) lines.erase(known);
    line_by_name.erase(next.name);
    return;
  }
  line_by_name.insert_or_assign(next.name, next.line);
  LineTrack& track = lines[next.line];
  if (next.lost_at && next.losses > track.status.losses) {
    track.losses.add(next.losses - track.status.losses, *next.lost_at);
  }
  track.rate.add(now, next.frames);
  track.status = std::move(next);
}

/// True when what its streams' alerts depend on has changed.
bool Control::Impl::apply(VenueStatus next, MonoTime now) {
  if (next.removed) {
    forget_venue(next.venue);
    return false;
  }
  const auto [place, is_new] = venues.try_emplace(next.venue);
  wanted_changed = wanted_changed || is_new;
  rules::VenueFacts& facts = place->second;
  const bool limited = next.limited_until && *next.limited_until > now;
  const bool moved = is_new || facts.status.live != next.live ||
                     facts.limited_since.has_value() != limited ||
                     facts.status.stood_in.has_value() != next.stood_in.has_value();
  if (facts.limited_since && !limited) facts.limit_ended = now;
  track_since(facts.limited_since, limited, now);
  if (moved) {
    Event event;
    event.type = Event::Type::venue;
    event.at = limited || (!is_new && facts.status.live == next.live) ? now : next.live_since;
    event.subject = next.venue;
    event.text = with_detail(limited         ? "rate_limited"
                             : !next.live    ? "not live"
                             : next.stood_in ? "live by fewer lines"
                                             : "live",
                             next.detail);
    if (limited) event.reason = Reason::rate_limited;
    emit(event);
  }
  facts.status = std::move(next);
  return moved;
}

void Control::Impl::count_streams(MonoTime now) {
  if (!std::exchange(wanted_changed, false)) return;
  for (auto& [name, facts] : venues) {
    facts.wanted = facts.required = false;
    facts.lagging.begin_count();
    facts.ahead.begin_count();
  }
  for (const auto& [id, track] : streams) {
    const StreamInfo& info = *track.status.info;
    const auto venue = venues.find(info.key.venue);
    if (venue == venues.end()) continue;
    venue->second.wanted = true;
    venue->second.required = venue->second.required || info.required;
    if (track.status.reason == Reason::venue_lag) venue->second.lagging.add(track.status);
    if (track.status.reason == Reason::clock_suspect) venue->second.ahead.add(track.status);
  }
  for (auto& [name, facts] : venues) {
    facts.lagging.end_count(now);
    facts.ahead.end_count(now);
  }
}

}  // namespace feedwatch::engine
