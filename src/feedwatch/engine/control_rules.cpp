#include "feedwatch/engine/control_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/freshness/trouble.hpp"
#include "feedwatch/health/checks.hpp"

namespace feedwatch::engine::rules {
namespace {

using alert::identity_of;
using alert::Severity;

constexpr std::string_view price_staleness_name = "price_staleness";
constexpr std::string_view rejecting_name = "rejecting";
constexpr std::string_view quarantined_name = "quarantined";
constexpr std::string_view repair_exhausted_name = "repair_exhausted";
constexpr std::string_view line_down_name = "line_down";
constexpr std::string_view redundancy_lost_name = "redundancy_lost";
constexpr std::string_view rate_limited_name = "rate_limited";
constexpr std::string_view sink_failing_name = "sink_failing";
constexpr std::string_view store_down_name = "store_down";

alert::Finding finding(std::string_view name, Labels scope, Severity severity, MonoTime since) {
  alert::Finding found;
  found.name = name;
  found.identity = identity_of(name, scope);
  found.labels = std::move(scope);
  found.severity = severity;
  found.since = since;
  return found;
}

std::string with_detail(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + detail;
  return text;
}

// ---- streams ----

const StreamKey& key_of(const StreamFacts& facts) {
  return facts.status.info->key;
}

std::string other(const StreamFacts& facts, std::string_view name) {
  return identity_of(name, stream_scope(key_of(facts)));
}

/// Critical only for required streams, and only on the evidence that health takes for critical: the
/// silence of an event channel is a warning until a probe can tell a quiet market (semantics §4).
Severity severity_of(const StreamFacts& facts, bool bad_enough) {
  const StreamInfo& info = *facts.status.info;
  const bool proven =
      health::is_proven(info.cadence.type == CadenceType::clocked, facts.status.reason);
  return bad_enough && info.required && proven ? Severity::critical : Severity::warning;
}

bool is_stale(const StreamFacts& facts) {
  return facts.status.level == Level::stale;
}

/// Whether the stream's trouble is its line's: the alerts that then speak for it. What another line
/// of the venue suffers explains nothing.
std::vector<std::string> venue_causes(const StreamFacts& facts) {
  const Reason reason = facts.status.reason;
  const bool its_line =
      facts.unheard || reason == Reason::disconnected || reason == Reason::rate_limited;
  if (!its_line) return {};
  const Labels scope = venue_scope(key_of(facts).venue);
  return {identity_of(rate_limited_name, scope), identity_of(line_down_name, scope)};
}

std::string age_text(const StreamFacts& facts) {
  return facts.age ? fmt::format("age {:.1f}s", to_seconds(*facts.age)) : "never received";
}

std::string stream_metadata(const StreamFacts& facts) {
  const StreamStatus& status = facts.status;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("stale_symbols").begin_array().string(status.info->key.symbol).end_array();
  json.field("stream", status.info->text);
  json.key("age_seconds");
  if (facts.age) {
    json.number(to_seconds(*facts.age));
  } else {
    json.null();
  }
  json.field("reason", to_text(status.reason)).field("level", to_text(status.level));
  json.end_object();
  return out;
}

alert::Finding stream_finding(const StreamFacts& facts, std::string_view name, Severity severity,
                              MonoTime since) {
  alert::Finding found = finding(name, stream_scope(key_of(facts)), severity, since);
  found.metadata = stream_metadata(facts);
  return found;
}

/// Between its outages a stream that flaps is healthy; its alert stays, so that it is one
/// (semantics §4).
Finding between_flaps(const StreamFacts& facts, std::string_view name) {
  auto found = stream_finding(facts, name, Severity::warning, facts.status.level_since);
  found.message = fmt::format(
      "{} flaps: healthy now, {}, but its level changed {} times or more in {:g} min",
      facts.status.info->text, age_text(facts), Flaps::many, to_seconds(Flaps::span) / 60);
  found.explained_by = venue_causes(facts);
  found.replaces.push_back(other(facts, repair_exhausted_name));
  return found;
}

Finding price_staleness(const StreamFacts& facts, std::string_view name) {
  const StreamStatus& status = facts.status;
  const bool past_limit = status.level == Level::degraded || is_stale(facts);
  if (!past_limit || !status.fault || facts.recovered) {
    // Flapping opens no alert: it keeps the one there is.
    const bool healthy = status.level == Level::healthy || facts.recovered;
    if (!status.flapping || !facts.alerted || !healthy) return std::nullopt;
    return between_flaps(facts, name);
  }
  // It takes the place of repair_exhausted, and must not say less.
  const bool bad_enough = is_stale(facts) || facts.exhausted_since.has_value();
  auto found = stream_finding(facts, name, severity_of(facts, bad_enough), status.level_since);
  const Policy& policy = status.info->policy;
  const Duration limit = is_stale(facts) ? policy.stale_after : policy.degraded_after;
  found.message = with_detail(
      fmt::format("{} is {}: {}, limit {:g}s, {}", status.info->text, to_text(status.level),
                  age_text(facts), to_seconds(limit), to_text(status.reason)),
      status.detail);
  found.explained_by = venue_causes(facts);
  if (status.reason == Reason::rejecting) {
    found.yields_to.push_back(other(facts, rejecting_name));
  }
  if (status.reason == Reason::quarantined || status.quarantined) {
    found.yields_to.push_back(other(facts, quarantined_name));
  }
  found.replaces.push_back(other(facts, repair_exhausted_name));
  return found;
}

Finding rejecting(const StreamFacts& facts, std::string_view name) {
  if (!facts.rejecting_since) return std::nullopt;
  auto found =
      stream_finding(facts, name, severity_of(facts, is_stale(facts)), *facts.rejecting_since);
  found.message = with_detail(
      fmt::format("{}: every message is refused, {}", facts.status.info->text, age_text(facts)),
      facts.status.detail);
  found.yields_to.push_back(other(facts, price_staleness_name));
  return found;
}

Finding quarantined(const StreamFacts& facts, std::string_view name) {
  if (!facts.quarantined_since) return std::nullopt;
  // It stands in for price_staleness, so it grows as serious as that would have been.
  auto found =
      stream_finding(facts, name, severity_of(facts, is_stale(facts)), *facts.quarantined_since);
  found.message =
      with_detail(fmt::format("{} is quarantined: it never came to data", facts.status.info->text),
                  facts.status.detail);
  found.yields_to.push_back(other(facts, price_staleness_name));
  found.yields_to.push_back(other(facts, rejecting_name));
  return found;
}

Finding repair_exhausted(const StreamFacts& facts, std::string_view name) {
  if (!facts.exhausted_since) return std::nullopt;
  auto found = stream_finding(facts, name, severity_of(facts, true), *facts.exhausted_since);
  found.message = with_detail(
      fmt::format("{}: repairs exhausted, {}", facts.status.info->text, age_text(facts)),
      facts.status.detail);
  found.explained_by = venue_causes(facts);
  found.yields_to = {other(facts, price_staleness_name), other(facts, rejecting_name),
                     other(facts, quarantined_name)};
  return found;
}

// ---- venues ----

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

Finding line_down(const VenueFacts& facts, std::string_view name, const Options& options,
                  MonoTime /*now*/) {
  const VenueStatus& venue = facts.status;
  if (venue.live || !facts.wanted || facts.limited_since) return std::nullopt;
  const Severity severity = facts.required ? Severity::critical : Severity::warning;
  auto found = finding(name, venue_scope(venue.venue), severity,
                       std::max(venue.live_since, facts.limit_ended));
  found.hold = options.line_down_for;
  found.message = with_detail(fmt::format("{} does not deliver", venue.venue), venue.detail);
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
  return found;
}

constexpr std::array stream_table{
    StreamRule{rejecting_name, rejecting},
    StreamRule{quarantined_name, quarantined},
    StreamRule{price_staleness_name, price_staleness},
    StreamRule{repair_exhausted_name, repair_exhausted},
};
constexpr std::array venue_table{
    VenueRule{rate_limited_name, rate_limited},
    VenueRule{line_down_name, line_down},
    VenueRule{redundancy_lost_name, redundancy_lost},
};

}  // namespace

std::span<const StreamRule> for_streams() {
  return stream_table;
}
std::span<const VenueRule> for_venues() {
  return venue_table;
}

Finding sink_failing(const std::string& sink, const alert::SinkHealth& health,
                     const Options& options, MonoTime now) {
  if (!health.failing_since) return std::nullopt;
  const bool many = health.consecutive_failures >= options.sink_failing_count;
  const bool long_ago = now - *health.failing_since >= options.sink_failing_after;
  if (!many && !long_ago && !health.refused_since) return std::nullopt;
  auto found =
      finding(sink_failing_name, sink_scope(sink), Severity::warning, *health.failing_since);
  found.message = with_detail(fmt::format("alerts do not reach sink {}", sink), health.last_error);
  std::string metadata;
  JsonWriter(metadata).begin_object().field("last_error", health.last_error).end_object();
  found.metadata = std::move(metadata);
  return found;
}

Finding store_down(const StoreFacts& facts, const Options& options) {
  if (!facts.refusing_since && !facts.failing_since) return std::nullopt;
  const MonoTime since =
      std::min(facts.refusing_since.value_or(never_mono), facts.failing_since.value_or(never_mono));
  auto found = finding(store_down_name, {}, Severity::warning, since);
  found.hold = options.store_down_for;
  found.message = with_detail(facts.refusing_since ? "the store takes no rows"
                                                   : "the database fails, rows wait in the spool",
                              facts.error);
  return found;
}

std::string staleness_identity(const StreamKey& key) {
  return identity_of(price_staleness_name, stream_scope(key));
}

Labels stream_scope(const StreamKey& key) {
  return {{"kind", std::string(to_text(key.kind))}, {"symbol", key.symbol}, {"venue", key.venue}};
}
Labels venue_scope(const std::string& venue) {
  return {{"venue", venue}};
}
Labels sink_scope(const std::string& sink) {
  return {{"sink", sink}};
}

const std::set<std::string, std::less<>>& names() {
  static const std::set<std::string, std::less<>> all = [] {
    std::set<std::string, std::less<>> set{std::string(sink_failing_name),
                                           std::string(store_down_name)};
    for (const auto& rule : stream_table) set.emplace(rule.name);
    for (const auto& rule : venue_table) set.emplace(rule.name);
    return set;
  }();
  return all;
}

std::string_view current_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> former{{
      {"stream_rejecting", rejecting_name},
      {"sink_failed", sink_failing_name},
      {"store_failed", store_down_name},
  }};
  const auto* known = std::ranges::find(former, name, &decltype(former)::value_type::first);
  return known == former.end() ? name : known->second;
}

}  // namespace feedwatch::engine::rules
