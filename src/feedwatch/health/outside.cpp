// What others show of themselves: REST of the venues, and things that beat.

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/optional_seconds.hpp"

namespace feedwatch::health {
namespace {

constexpr std::uint64_t failures_in_a_row = 3;
constexpr Duration skew_limit = 5s;
constexpr Duration rest_period = 10min;  // the list of instruments is asked for so often

/// What is wrong with REST of the venue; empty = nothing.
std::string trouble_of(const ExchangeEvidence& venue) {
  if (venue.banned_for) {
    return fmt::format("{} told us to stay away for {:.0f}s", venue.venue,
                       to_seconds(*venue.banned_for));
  }
  if (venue.failures >= failures_in_a_row) {
    return fmt::format("{}: {} requests in a row failed ({})", venue.venue, venue.failures,
                       venue.error);
  }
  if (venue.skew && std::chrono::abs(*venue.skew) > skew_limit) {
    return fmt::format("the clock of {} is {:+.1f}s from ours", venue.venue,
                       to_seconds(*venue.skew));
  }
  return {};
}

std::string exchanges_json(const std::vector<ExchangeEvidence>& venues) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& venue : venues) {
    json.begin_object().field("venue", venue.venue);
    optional_seconds(json, "last_good_seconds", venue.last_good);
    optional_seconds(json, "clock_skew_seconds", venue.skew);
    optional_seconds(json, "banned_for_seconds", venue.banned_for);
    json.field("failures", venue.failures).field("error", venue.error).end_object();
  }
  json.end_array();
  return out;
}

/// Of venues in no known trouble: when the one that was silent for longest last answered well.
void judge_silence(const std::vector<ExchangeEvidence>& venues, Verdict& verdict) {
  Duration oldest{};
  for (const auto& venue : venues) {
    if (!venue.last_good) {
      verdict.status = Status::unknown;
      verdict.message = venue.venue + " has not answered yet";
      return;
    }
    if (oldest >= Duration::zero()) oldest = std::max(oldest, *venue.last_good);
    if (*venue.last_good < Duration::zero()) oldest = *venue.last_good;  // it cannot be
  }
  verdict.evidence_age = oldest;
  verdict.period = rest_period;
}

bool is_late(const PulseEvidence& pulse) {
  const bool by_age = pulse.age && *pulse.age > pulse.every + pulse.grace;
  return pulse.failed || pulse.late.value_or(by_age);
}

std::string pulses_json(const std::vector<PulseEvidence>& pulses) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& pulse : pulses) {
    json.begin_object().field("pulse", pulse.name);
    optional_seconds(json, "age_seconds", pulse.age);
    json.field("every_seconds", to_seconds(pulse.every));
    json.field("grace_seconds", to_seconds(pulse.grace)).field("failed", pulse.failed);
    json.end_object();
  }
  json.end_array();
  return out;
}

}  // namespace

Verdict check_exchange(const std::vector<ExchangeEvidence>& venues) {
  Verdict verdict{Status::healthy, std::nullopt, 0, {{"venues", exchanges_json(venues)}}};
  std::size_t bad = 0;
  std::string text;
  Duration oldest{};
  for (const auto& venue : venues) {
    verdict.error_count += venue.failures;
    oldest = std::max(oldest, venue.last_good.value_or(Duration::zero()));
    const std::string trouble = trouble_of(venue);
    if (trouble.empty()) continue;
    ++bad;
    text += (text.empty() ? "" : "; ") + trouble;
  }
  verdict.measured = Measurement{to_seconds(oldest), "s"};
  verdict.affected = {"/v1/lines"};
  if (bad == 0) {
    judge_silence(venues, verdict);
    return verdict;
  }
  verdict.status = bad == venues.size() ? Status::unhealthy : Status::degraded;
  verdict.message = std::move(text);
  return verdict;
}

Verdict check_pulses(const std::vector<PulseEvidence>& pulses) {
  Verdict verdict{Status::healthy, std::nullopt, 0, {{"pulses", pulses_json(pulses)}}};
  verdict.affected = {"/v1/pulses"};
  Duration oldest{};
  std::size_t never = 0;
  std::string text;
  for (const auto& pulse : pulses) {
    if (!pulse.age) ++never;
    oldest = std::max(oldest, pulse.age.value_or(Duration::zero()));
    if (!is_late(pulse)) continue;
    ++verdict.error_count;
    text += text.empty() ? "" : ", ";
    text += pulse.failed ? fmt::format("{} says that it failed", pulse.name)
            : !pulse.age
                ? fmt::format("{} has never been heard", pulse.name)
                : fmt::format("nothing of {} for {:.0f}s (expected every {:g}s, grace {:g}s)",
                              pulse.name, to_seconds(pulse.age.value_or(Duration::zero())),
                              to_seconds(pulse.every), to_seconds(pulse.grace));
  }
  verdict.measured = Measurement{to_seconds(oldest), "s"};
  if (!text.empty()) {
    verdict.status = Status::degraded;
    verdict.message = std::move(text);
  } else if (never > 0) {
    verdict.status = Status::unknown;
    verdict.message = fmt::format("{} of {} pulses never heard from", never, pulses.size());
  }
  return verdict;
}

}  // namespace feedwatch::health
