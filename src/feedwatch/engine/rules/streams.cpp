#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/engine/rules/words.hpp"
#include "feedwatch/freshness/trouble.hpp"
#include "feedwatch/health/checks.hpp"

namespace feedwatch::engine::rules {

bool is_proven(const StreamStatus& status) {
  return health::is_proven(status.info->cadence.type == CadenceType::clocked, status.reason);
}

namespace {

const StreamKey& key_of(const StreamFacts& facts) {
  return facts.status.info->key;
}

std::string other(const StreamFacts& facts, std::string_view name) {
  return identity_of(name, stream_scope(key_of(facts)));
}

Severity severity_of(const StreamFacts& facts, bool bad_enough) {
  const bool critical = bad_enough && facts.status.info->required && is_proven(facts.status);
  return critical ? Severity::critical : Severity::warning;
}

bool is_stale(const StreamFacts& facts) {
  return facts.status.level == Level::stale;
}

}  // namespace

bool is_overdue(const StreamFacts& facts) {
  const bool past_limit = facts.status.level == Level::degraded || is_stale(facts);
  return past_limit && facts.status.fault && !facts.recovered;
}

/// Whether the stream's trouble is somebody else's: the alerts that then speak for it. What another
/// line of the venue suffers explains nothing.
std::vector<std::string> causes_of(const StreamFacts& facts) {
  std::vector<std::string> causes{ourselves()};
  const Reason reason = facts.status.reason;
  const Labels scope = venue_scope(key_of(facts).venue);
  const bool its_line =
      facts.unheard || reason == Reason::disconnected || reason == Reason::rate_limited;
  if (its_line) {
    causes.push_back(identity_of(rate_limited_name, scope));
    causes.push_back(identity_of(line_down_name, scope));
  }
  if (reason == Reason::venue_lag) causes.push_back(identity_of(venue_lag_name, scope));
  return causes;
}

namespace {

/// An open alert about its staleness goes on, whatever this run has received.
bool never_came(const StreamFacts& facts) {
  return !facts.age && !facts.alerted;
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

/// Words, causes and neighbours of an alert that says the price is too old.
alert::Finding overdue(const StreamFacts& facts, std::string_view name) {
  const StreamStatus& status = facts.status;
  // It takes the place of repair_exhausted, and must not say less.
  const bool bad_enough = is_stale(facts) || facts.exhausted_since.has_value();
  auto found = stream_finding(facts, name, severity_of(facts, bad_enough), status.level_since);
  found.explained_by = causes_of(facts);
  found.yields_to.push_back(other(facts, flapping_name));
  if (status.reason == Reason::rejecting) {
    found.yields_to.push_back(other(facts, rejecting_name));
  }
  if (facts.lost_since) found.yields_to.push_back(other(facts, subscription_lost_name));
  if (status.reason == Reason::quarantined || status.quarantined) {
    found.yields_to.push_back(other(facts, quarantined_name));
  }
  found.replaces.push_back(other(facts, repair_exhausted_name));
  return found;
}

Finding price_staleness(const StreamFacts& facts, std::string_view name,
                        const Options& /*options*/) {
  if (!is_overdue(facts) || never_came(facts)) return std::nullopt;
  auto found = overdue(facts, name);
  const StreamStatus& status = facts.status;
  const Policy& policy = status.info->policy;
  const Duration limit = is_stale(facts) ? policy.stale_after : policy.degraded_after;
  found.message = with_detail(
      fmt::format("{} is {}: {}, limit {:g}s, {}", status.info->text, to_text(status.level),
                  age_text(facts), to_seconds(limit), to_text(status.reason)),
      status.detail);
  found.replaces.push_back(other(facts, never_received_name));
  return found;
}

Finding never_received(const StreamFacts& facts, std::string_view name,
                       const Options& /*options*/) {
  if (!is_overdue(facts) || !never_came(facts)) return std::nullopt;
  auto found = overdue(facts, name);
  const StreamStatus& status = facts.status;
  found.message = with_detail(
      fmt::format("{} has never been received, {}", status.info->text, to_text(status.reason)),
      status.detail);
  return found;
}

/// One for all its outages: opened when it begins to flap, in the place of what was open, and as
/// serious as they are (semantics §4: levels and refusals stay truthful, only alerts merge). A
/// level that changes with a quiet market is no fault, and told to nobody.
Finding flapping(const StreamFacts& facts, std::string_view name, const Options& /*options*/) {
  const StreamStatus& status = facts.status;
  if (!status.flapping || !facts.outages_since) return std::nullopt;
  const bool bad_enough = is_overdue(facts) && is_stale(facts);
  auto found = stream_finding(facts, name, severity_of(facts, bad_enough),
                              std::max(status.flapping_since, *facts.outages_since));
  found.message = fmt::format(
      "{} flaps: its level changed {} times or more in {:g} min; {} now, {}", status.info->text,
      Flaps::many, to_seconds(Flaps::span) / 60, to_text(status.level), age_text(facts));
  found.explained_by = causes_of(facts);
  found.replaces = {other(facts, price_staleness_name), other(facts, never_received_name),
                    other(facts, subscription_lost_name), other(facts, repair_exhausted_name)};
  return found;
}

/// REST shows trades the feed did not bring: it is no quiet market, and no other symbol's trouble.
Finding subscription_lost(const StreamFacts& facts, std::string_view name, const Options& options) {
  if (!facts.lost_since || facts.recovered) return std::nullopt;
  auto found = stream_finding(facts, name, severity_of(facts, is_stale(facts)), *facts.lost_since);
  found.hold = options.subscription_lost_for;
  found.message = with_detail(fmt::format("{}: the venue trades and the subscription is silent, {}",
                                          facts.status.info->text, age_text(facts)),
                              facts.status.detail);
  found.explained_by = causes_of(facts);
  found.yields_to = {other(facts, price_staleness_name), other(facts, never_received_name),
                     other(facts, quarantined_name), other(facts, flapping_name)};
  return found;
}

Finding rejecting(const StreamFacts& facts, std::string_view name, const Options& /*options*/) {
  if (!facts.rejecting_since) return std::nullopt;
  auto found =
      stream_finding(facts, name, severity_of(facts, is_stale(facts)), *facts.rejecting_since);
  found.message = with_detail(
      fmt::format("{}: every message is refused, {}", facts.status.info->text, age_text(facts)),
      facts.status.detail);
  found.yields_to = {other(facts, price_staleness_name), other(facts, never_received_name)};
  return found;
}

Finding quarantined(const StreamFacts& facts, std::string_view name, const Options& /*options*/) {
  if (!facts.quarantined_since) return std::nullopt;
  // It stands in for price_staleness, so it grows as serious as that would have been.
  auto found =
      stream_finding(facts, name, severity_of(facts, is_stale(facts)), *facts.quarantined_since);
  found.message =
      with_detail(fmt::format("{} is quarantined: it never came to data", facts.status.info->text),
                  facts.status.detail);
  found.yields_to = {other(facts, price_staleness_name), other(facts, never_received_name),
                     other(facts, rejecting_name)};
  return found;
}

Finding repair_exhausted(const StreamFacts& facts, std::string_view name,
                         const Options& /*options*/) {
  if (!facts.exhausted_since) return std::nullopt;
  auto found = stream_finding(facts, name, severity_of(facts, true), *facts.exhausted_since);
  found.message = with_detail(
      fmt::format("{}: repairs exhausted, {}", facts.status.info->text, age_text(facts)),
      facts.status.detail);
  found.explained_by = causes_of(facts);
  found.yields_to = {other(facts, price_staleness_name),   other(facts, never_received_name),
                     other(facts, subscription_lost_name), other(facts, rejecting_name),
                     other(facts, quarantined_name),       other(facts, flapping_name)};
  return found;
}

constexpr std::array stream_table{
    StreamRule{rejecting_name, rejecting},
    StreamRule{quarantined_name, quarantined},
    StreamRule{flapping_name, flapping},
    StreamRule{never_received_name, never_received},
    StreamRule{price_staleness_name, price_staleness},
    StreamRule{subscription_lost_name, subscription_lost},
    StreamRule{repair_exhausted_name, repair_exhausted},
};

}  // namespace

std::span<const StreamRule> for_streams() {
  return stream_table;
}

std::string staleness_identity(const StreamKey& key) {
  return identity_of(price_staleness_name, stream_scope(key));
}

}  // namespace feedwatch::engine::rules
