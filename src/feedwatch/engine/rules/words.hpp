#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/identity.hpp"
#include "feedwatch/engine/rules/rules.hpp"

/// Private to rules/*.cpp: how a finding is put together, and the names other rules refer to.
namespace feedwatch::engine::rules {

using alert::identity_of;
using alert::Severity;

inline constexpr std::string_view price_staleness_name = "price_staleness";
inline constexpr std::string_view never_received_name = "never_received";
inline constexpr std::string_view subscription_lost_name = "subscription_lost";
inline constexpr std::string_view rejecting_name = "rejecting";
inline constexpr std::string_view quarantined_name = "quarantined";
inline constexpr std::string_view repair_exhausted_name = "repair_exhausted";
inline constexpr std::string_view flapping_name = "flapping";
inline constexpr std::string_view line_down_name = "line_down";
inline constexpr std::string_view redundancy_lost_name = "redundancy_lost";
inline constexpr std::string_view rate_limited_name = "rate_limited";
inline constexpr std::string_view venue_lag_name = "venue_lag";

inline alert::Finding finding(std::string_view name, Labels scope, Severity severity,
                              MonoTime since) {
  alert::Finding found;
  found.name = name;
  found.identity = identity_of(name, scope);
  found.labels = std::move(scope);
  found.severity = severity;
  found.since = since;
  return found;
}

inline std::string with_detail(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + detail;
  return text;
}

/// Whoever suspects himself accuses no stream, no line and no venue (semantics §8).
inline std::string ourselves() {
  return std::string(monitor_suspect_name);
}

/// Critical only for required streams, and only on the evidence that health takes for critical: the
/// silence of an event channel is a warning until a probe can tell a quiet market (semantics §4).
bool is_proven(const StreamStatus& status);

}  // namespace feedwatch::engine::rules
