// Rules about ourselves: what we keep, whom we tell, who tells us, and whether we can be believed.

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/rules/words.hpp"
#include "feedwatch/protect/holdings.hpp"

namespace feedwatch::engine::rules {

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

Finding decision_undelivered(const std::string& webhook, const DecisionOutbox::Health& health,
                             const Options& options, MonoTime now) {
  if (!health.oldest || minus(now, *health.oldest) < options.undelivered_after) {
    return std::nullopt;
  }
  auto found = finding(decision_undelivered_name, webhook_scope(webhook), Severity::critical,
                       *health.oldest);
  found.message = with_detail(
      fmt::format("{} decisions have not reached {}, of {} for {:.1f}s (it may miss a stop)",
                  health.pending, webhook, health.position, to_seconds(minus(now, *health.oldest))),
      health.failures > 0 ? health.last_error : "");
  std::string metadata;
  JsonWriter json(metadata);
  json.begin_object().field("webhook", webhook).field("pending", health.pending);
  json.field("position", health.position).field("attempts_failed", health.failures);
  json.field("last_error", health.last_error).end_object();
  found.metadata = std::move(metadata);
  return found;
}

Finding decision_refused(const std::string& webhook, const DecisionOutbox::Health& health,
                         const Options& options, MonoTime now) {
  if (!health.refused_at || minus(now, *health.refused_at) >= options.refused_for) {
    return std::nullopt;
  }
  auto found =
      finding(decision_refused_name, webhook_scope(webhook), Severity::warning, *health.refused_at);
  found.message = fmt::format("{} has refused a decision for good, it is not sent again: {}",
                              webhook, health.refused);
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

namespace {

/// What our own connection has to say about a silence.
std::string words_of_source(const PulseView& pulse) {
  if (!pulse.source) return {};
  if (!pulse.source->why.empty()) return "; its source: " + pulse.source->why;
  return "; its source is connected and gives no new signal";
}

/// "; open positions: 12, bybit-linear/BTCUSDT/p1 long 0.25 worth 7036.275, …, and 2 more"
std::string words_of_positions(const PulseView& pulse,
                               std::span<const PositionLease* const> largest) {
  if (pulse.positions == 0) return {};
  std::string words = fmt::format("; open positions: {}", pulse.positions);
  for (const PositionLease* lease : largest) {
    const Position& position = lease->position;
    words += fmt::format(", {}/{}/{} {} {} worth {}", position.venue, position.symbol, position.id,
                         to_text(position.side), position.quantity.to_string(),
                         exposure_of(position).to_string());
  }
  if (largest.size() < pulse.positions) {
    words += fmt::format(" and {} more", pulse.positions - largest.size());
  }
  return words;
}

void position_fields(JsonWriter& json, const PulseView& pulse,
                     std::span<const PositionLease* const> largest) {
  json.field("positions", pulse.positions);
  if (largest.empty()) return;
  json.key("largest").begin_array();
  for (const PositionLease* lease : largest) {
    const Position& position = lease->position;
    json.begin_object()
        .field("id", position.id)
        .field("venue", position.venue)
        .field("symbol", position.symbol)
        .field("side", to_text(position.side))
        .field("quantity", position.quantity.to_string())
        .field("exposure", exposure_of(position).to_string())
        .end_object();
  }
  json.end_array();
}

}  // namespace

Finding signal_silence(const PulseView& pulse, std::span<const PositionLease* const> largest) {
  const bool silent = pulse.state == PulseState::silent;
  if ((!silent && pulse.state != PulseState::degraded) || !pulse.since) return std::nullopt;
  const Severity severity = silent && pulse.required ? Severity::critical : Severity::warning;
  auto found = finding(signal_silence_name, pulse_scope(pulse.name), severity, *pulse.since);
  if (pulse.failed) {
    found.message = with_detail(fmt::format("{} says that it failed", pulse.name), pulse.detail);
  } else if (pulse.silence) {
    found.message = fmt::format("{} has not been heard for {}, expected {}", pulse.name,
                                format_duration(*pulse.silence), pulse.expected);
  } else {
    found.message = fmt::format("{} has never been heard, expected {}", pulse.name, pulse.expected);
  }
  found.message += words_of_source(pulse);
  found.message += words_of_positions(pulse, largest);
  std::string metadata;
  JsonWriter json(metadata);
  json.begin_object().field("pulse", pulse.name).field("state", to_text(pulse.state));
  if (pulse.silence) json.key("silence_seconds").number(to_seconds(*pulse.silence));
  position_fields(json, pulse, largest);
  json.end_object();
  found.metadata = std::move(metadata);
  return found;
}

/// The wait for a connection is none of the alert's: what is wrong after it is told at once.
Finding signal_source_failing(const PulseView& pulse, const Options& options, MonoTime now) {
  if (!pulse.source || pulse.source->trouble == SourceTrouble::none || !pulse.source->since) {
    return std::nullopt;
  }
  const PulseSource& source = *pulse.source;
  const bool is_down = source.trouble == SourceTrouble::disconnected;
  if (is_down && minus(now, *source.since) < options.source_down_for) return std::nullopt;
  auto found = finding(signal_source_failing_name, pulse_scope(pulse.name), Severity::warning,
                       *source.since);
  if (is_down) {
    found.message =
        with_detail(fmt::format("the source of {} is not connected", pulse.name), source.why);
  } else {
    found.message = fmt::format("the source of {}: {}", pulse.name, source.why);
  }
  std::string metadata;
  JsonWriter json(metadata);
  json.begin_object().field("pulse", pulse.name).field("state", to_text(source.state));
  json.field("trouble", to_text(source.trouble)).field("rejections", source.rejections);
  json.end_object();
  found.metadata = std::move(metadata);
  return found;
}

Finding own_clock(const std::optional<Duration>& shift, std::optional<MonoTime> since,
                  const Options& options) {
  if (!shift || !since) return std::nullopt;
  auto found = finding(clock_suspect_name, {}, Severity::warning, *since);
  found.hold = options.clock_suspect_for;
  found.message = fmt::format(
      "every venue's stamps are shifted by {}: the clock that is wrong is probably ours (check "
      "time synchronization)",
      format_duration(*shift));
  return found;
}

Finding monitor_suspect(const SuspicionFacts& facts) {
  if (!facts.since) return std::nullopt;
  auto found = finding(monitor_suspect_name, {}, Severity::critical, *facts.since);
  found.message = fmt::format(
      "the monitor suspects itself, not the venues: {}. Prices it cannot vouch for stay refused",
      facts.why);
  found.replaces = facts.premature;
  return found;
}

alert::Finding watchdog(const std::string& instance, MonoTime started, Duration repeat) {
  auto found = finding(watchdog_name, {}, Severity::info, started);
  found.message = fmt::format("{} is watching: this alert always fires", instance);
  found.repeat = repeat;
  return found;
}

Labels stream_scope(const StreamKey& key) {
  return {{"kind", std::string(to_text(key.kind))}, {"symbol", key.symbol}, {"venue", key.venue}};
}
Labels line_scope(const LineStatus& line) {
  return {{"line", line.name}, {"venue", line.venue}};
}
Labels venue_scope(const std::string& venue) {
  return {{"venue", venue}};
}
Labels sink_scope(const std::string& sink) {
  return {{"sink", sink}};
}
Labels pulse_scope(const std::string& pulse) {
  return {{"pulse", pulse}};
}
Labels webhook_scope(const std::string& webhook) {
  return {{"webhook", webhook}};
}

const std::set<std::string, std::less<>>& names() {
  static const std::set<std::string, std::less<>> all = [] {
    std::set<std::string, std::less<>> set;
    for (const std::string_view name :
         {sink_failing_name, decision_undelivered_name, decision_refused_name, store_down_name,
          signal_silence_name, signal_source_failing_name, clock_suspect_name, monitor_suspect_name,
          watchdog_name, position_source_failing_name, kind_divergence_name}) {
      set.emplace(name);
    }
    for (const std::string_view name : position_rule_names) set.emplace(name);
    for (const auto& rule : for_streams()) set.emplace(rule.name);
    for (const auto& rule : for_lines()) set.emplace(rule.name);
    for (const auto& rule : for_venues()) set.emplace(rule.name);
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
