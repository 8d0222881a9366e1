#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace feedwatch {

/// Why: one vocabulary for logs, metrics, API, alerts and screens (semantics §4).
enum class Reason : std::uint8_t {
  ok,
  never_received,
  silent,
  line_lag,
  venue_lag,
  frozen,
  sequence_gap,
  sequence_reset,
  rejecting,
  disconnected,
  resubscribing,
  subscription_lost,
  venue_halt,
  delisted,
  market_quiet,
  quarantined,
  rate_limited,
  clock_suspect,
  self_stall,
  unconfigured,
};
constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::unconfigured) + 1;

constexpr std::string_view to_text(Reason reason) {
  constexpr std::array<std::string_view, reason_count> words{
      "ok",           "never_received", "silent",        "line_lag",
      "venue_lag",    "frozen",         "sequence_gap",  "sequence_reset",
      "rejecting",    "disconnected",   "resubscribing", "subscription_lost",
      "venue_halt",   "delisted",       "market_quiet",  "quarantined",
      "rate_limited", "clock_suspect",  "self_stall",    "unconfigured"};
  return words[static_cast<std::size_t>(reason)];
}

}  // namespace feedwatch
