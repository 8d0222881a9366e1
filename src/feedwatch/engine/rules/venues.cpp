#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "feedwatch/engine/rules/words.hpp"

namespace feedwatch::engine::rules {

void Afflicted::add(const StreamStatus& status) {
  if (count++ == 0) first = status.info->text;
  severe = severe || (status.info->required && status.level == Level::stale && status.fault &&
                      is_proven(status));
}

void Afflicted::end_count(MonoTime now) {
  if (count > 0) {
    since = since.value_or(now);
  } else if (since) {
    since.reset();
    ended = now;
  }
}

namespace {

std::string such_streams(const Afflicted& streams) {
  if (streams.count == 1) return streams.first;
  return fmt::format("{} and {} more", streams.first, streams.count - 1);
}

Finding rate_limited(const VenueFacts& facts, std::string_view name, const Options& options,
                     MonoTime now) {
  if (!facts.limited_since || !facts.wanted) return std::nullopt;
  // It stands in for line_down, so it grows as serious as that would have been.
  const VenueStatus& venue = facts.status;
  const bool down = !venue.live && now - venue.live_since >= options.line_down_for;
  const Severity severity = down && facts.required ? Severity::critical : Severity::warning;
  auto found = finding(name, venue_scope(venue.venue), severity, *facts.limited_since);
  found.message = with_detail(fmt::format("{} has limited us", venue.venue), venue.detail);
  found.replaces.push_back(identity_of(line_down_name, found.labels));
  return found;
}

/// Per venue, as its cause: streams of one line that is down while others stand are as stale as if
/// all were, and the message says which. A line that another stands in for is redundancy_lost.
Finding line_down(const VenueFacts& facts, std::string_view name, const Options& options,
                  MonoTime /*now*/) {
  const VenueStatus& venue = facts.status;
  if (venue.live || !facts.wanted || facts.limited_since) return std::nullopt;
  const Severity severity = facts.required ? Severity::critical : Severity::warning;
  auto found = finding(name, venue_scope(venue.venue), severity,
                       std::max(venue.live_since, facts.limit_ended));
  found.hold = options.line_down_for;
  found.message = with_detail(fmt::format("{} does not deliver", venue.venue), venue.detail);
  found.explained_by = {ourselves()};
  return found;
}

/// Prices go on by the other line: nothing to get up for, but the next loss is a gap.
Finding redundancy_lost(const VenueFacts& facts, std::string_view name, const Options& options,
                        MonoTime /*now*/) {
  const VenueStatus& venue = facts.status;
  if (!venue.stood_in || !facts.wanted) return std::nullopt;
  auto found = finding(name, venue_scope(venue.venue), Severity::warning, *venue.stood_in);
  found.hold = options.line_down_for;
  found.message = with_detail(
      fmt::format("{} delivers, by fewer lines than it should", venue.venue), venue.detail);
  found.explained_by = {ourselves()};
  return found;
}

/// Prices keep coming, only old (semantics §3). It speaks for the streams that are late so.
Finding venue_lag(const VenueFacts& facts, std::string_view name, const Options& options,
                  MonoTime /*now*/) {
  if (!facts.lagging.since) return std::nullopt;
  const Severity severity = facts.lagging.severe ? Severity::critical : Severity::warning;
  auto found = finding(name, venue_scope(facts.status.venue), severity, *facts.lagging.since);
  found.hold = options.venue_lag_for;
  found.message =
      fmt::format("{} sends prices late: {}", facts.status.venue, such_streams(facts.lagging));
  found.explained_by = {ourselves()};
  return found;
}

/// Stamps ahead of our clock: event age and venue lag cannot be told, receive age still is.
Finding clock_suspect(const VenueFacts& facts, std::string_view name, const Options& options,
                      MonoTime /*now*/) {
  if (!facts.ahead.since) return std::nullopt;
  auto found =
      finding(name, venue_scope(facts.status.venue), Severity::warning, *facts.ahead.since);
  found.hold = options.clock_suspect_for;
  found.message = fmt::format("stamps of {} lie ahead of our clock: {}", facts.status.venue,
                              such_streams(facts.ahead));
  found.explained_by = {ourselves(), std::string(clock_suspect_name)};
  return found;
}

/// Three connections lost in five minutes, and up in between (semantics §7). While the venue is
/// down or has limited us, that is the cause.
Finding line_flapping(const LineFacts& facts, std::string_view name) {
  if (!facts.flapping_since) return std::nullopt;
  const LineStatus& line = facts.status;
  auto found = finding(name, line_scope(line), Severity::warning, *facts.flapping_since);
  found.message = with_detail(
      fmt::format("{} flaps: its connection was lost again and again", line.name), line.detail);
  const Labels venue = venue_scope(line.venue);
  found.explained_by = {ourselves(), identity_of(rate_limited_name, venue),
                        identity_of(line_down_name, venue)};
  return found;
}

constexpr std::array venue_table{
    VenueRule{rate_limited_name, rate_limited},       VenueRule{line_down_name, line_down},
    VenueRule{redundancy_lost_name, redundancy_lost}, VenueRule{venue_lag_name, venue_lag},
    VenueRule{clock_suspect_name, clock_suspect},
};
constexpr std::array line_table{LineRule{flapping_name, line_flapping}};

}  // namespace

std::vector<std::string> causes_of_lines() {
  return {ourselves()};
}

std::span<const VenueRule> for_venues() {
  return venue_table;
}
std::span<const LineRule> for_lines() {
  return line_table;
}

}  // namespace feedwatch::engine::rules
