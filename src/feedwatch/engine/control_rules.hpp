#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/outbox.hpp"
#include "feedwatch/engine/status.hpp"

/// Every alert rule of the product, in one table each for streams and venues. Pure: what is known
/// at `now` → a finding, or nothing.
namespace feedwatch::engine::rules {

struct Options {
  Duration line_down_for = 10s;
  Duration store_down_for = 10s;
  Duration sink_failing_after = 2min;
  std::uint32_t sink_failing_count = 5;
};

/// A venue and what the control knows of its streams.
struct VenueFacts {
  VenueStatus status;
  bool wanted = false;                     ///< it has wanted streams
  bool required = false;                   ///< … and required ones
  std::optional<MonoTime> limited_since;   ///< set while limited
  MonoTime limit_ended = MonoTime::min();  ///< of the newest limit that is over
};

struct StreamFacts {
  const StreamStatus& status;
  std::optional<Duration> age;  ///< the age levels judge; absent = never received
  std::optional<MonoTime> rejecting_since;
  std::optional<MonoTime> exhausted_since;
  std::optional<MonoTime> quarantined_since;
  bool unheard = false;    ///< its line is not up, or is back and has not carried it yet
  bool alerted = false;    ///< an alert about its staleness is firing
  bool recovered = false;  ///< healthy on the board; the status that says so is on its way
};

using Finding = std::optional<alert::Finding>;

struct StreamRule {
  std::string_view name;
  Finding (*judge)(const StreamFacts& facts, std::string_view name);
};
struct VenueRule {
  std::string_view name;
  Finding (*judge)(const VenueFacts& facts, std::string_view name, const Options& options,
                   MonoTime now);
};

/// Causes before what they explain.
std::span<const StreamRule> for_streams();
std::span<const VenueRule> for_venues();

/// `sink_failing`: a run of failures, any failure not followed by a success for a while, or one
/// that no retry can mend.
Finding sink_failing(const std::string& sink, const alert::SinkHealth& health,
                     const Options& options, MonoTime now);
/// How the store fares, from outside.
struct StoreFacts {
  std::optional<MonoTime> refusing_since;  ///< commits fail or hang
  std::optional<MonoTime> failing_since;   ///< its database fails or hangs; the spool may take rows
  std::string error;
};
/// `store_down`: rows are not taken, or wait in the spool for a database that fails.
Finding store_down(const StoreFacts& facts, const Options& options);

/// Who is told that the stream is stale.
std::string staleness_identity(const StreamKey& key);
Labels stream_scope(const StreamKey& key);
Labels venue_scope(const std::string& venue);
Labels sink_scope(const std::string& sink);

/// Names of all rules: what a restored alert must have for this program to end it.
const std::set<std::string, std::less<>>& names();
/// The name a rule has today, where an earlier version wrote another into the store.
std::string_view current_name(std::string_view name);

}  // namespace feedwatch::engine::rules
