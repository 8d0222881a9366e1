#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/outbox.hpp"
#include "feedwatch/engine/decision_outbox.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/engine/unstored_decisions.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/position_sources.hpp"
#include "feedwatch/protect/position_watch.hpp"
#include "feedwatch/protect/protection_decision.hpp"
#include "feedwatch/protect/pulses.hpp"

/// Every alert rule of the product, in one table each for streams, lines and venues, and one by one
/// for what there is once. Pure: what is known at `now` → a finding, or nothing.
namespace feedwatch::engine::rules {

struct Options {
  Duration line_down_for = 10s;
  Duration venue_lag_for = 10s;
  Duration clock_suspect_for = 10s;
  Duration subscription_lost_for = 30s;  ///< a new subscription gets its time
  Duration store_down_for = 10s;
  Duration source_down_for = 30s;  ///< a connection that was lost is dialled again meanwhile
  Duration sink_failing_after = 2min;
  std::uint32_t sink_failing_count = 5;
  Duration undelivered_after = 10s;  ///< a decision that waits for so long may be a stop missed
  Duration refused_for = 10min;
};

// ---- facts --------------------------------------------------------------------------------------

/// Streams of a venue that share one trouble.
struct Afflicted {
  std::size_t count = 0;
  std::string first;                 ///< text of the first of them
  bool severe = false;               ///< a required one is stale, on proof
  std::optional<MonoTime> since;     ///< when there was the first; absent = there are none
  MonoTime ended = MonoTime::min();  ///< when there was the last

  void begin_count() { count = 0, severe = false; }
  void add(const StreamStatus& status);
  void end_count(MonoTime now);
};

/// A venue and what the control knows of its streams.
struct VenueFacts {
  VenueStatus status;
  bool wanted = false;                     ///< it has wanted streams
  bool required = false;                   ///< … and required ones
  std::optional<MonoTime> limited_since;   ///< set while limited
  MonoTime limit_ended = MonoTime::min();  ///< of the newest limit that is over
  Afflicted lagging;                       ///< reason venue_lag
  Afflicted ahead;                         ///< reason clock_suspect
};

struct StreamFacts {
  const StreamStatus& status;
  std::optional<Duration> age;  ///< the age levels judge; absent = never received
  std::optional<MonoTime> rejecting_since;
  std::optional<MonoTime> exhausted_since;
  std::optional<MonoTime> quarantined_since;
  std::optional<MonoTime> outages_since;  ///< since when it had several by its own fault
  std::optional<MonoTime> lost_since;  ///< the venue trades, and the subscription does not say so
  bool unheard = false;    ///< its line is not up, or is back and has not carried it yet
  bool alerted = false;    ///< an alert about its staleness is firing
  bool recovered = false;  ///< healthy on the board; the status that says so is on its way
};

struct LineFacts {
  const LineStatus& status;
  std::optional<MonoTime> flapping_since;
};

/// How the store fares, from outside.
struct StoreFacts {
  std::optional<MonoTime> refusing_since;  ///< commits fail or hang
  std::optional<MonoTime> failing_since;   ///< its database fails or hangs; the spool may take rows
  std::string error;
};

/// Why we suspect ourselves rather than every venue.
struct SuspicionFacts {
  std::optional<MonoTime> since;
  std::string why;
  /// Alerts that were opened by what it explains, before enough had been seen.
  std::vector<std::string> premature;
};

/// A position and how it is served.
struct PositionFacts {
  const PositionLease& lease;
  PositionFindings findings;
  bool expired = false;
  std::optional<MonoTime> refused_since;
  std::string_view stream;   ///< empty = none
  std::string_view refusal;  ///< in words
  std::optional<Duration> age;
  std::string_view detail;
};

// ---- rules --------------------------------------------------------------------------------------

using Finding = std::optional<alert::Finding>;

struct StreamRule {
  std::string_view name;
  Finding (*judge)(const StreamFacts& facts, std::string_view name, const Options& options);
};
struct LineRule {
  std::string_view name;
  Finding (*judge)(const LineFacts& facts, std::string_view name);
};
struct VenueRule {
  std::string_view name;
  Finding (*judge)(const VenueFacts& facts, std::string_view name, const Options& options,
                   MonoTime now);
};

/// Past its limit by the fault of the feed.
bool is_overdue(const StreamFacts& facts);
/// Identities of the alerts that speak for the stream's trouble while they are open.
std::vector<std::string> causes_of(const StreamFacts& facts);

/// … and for that of a line or a venue.
std::vector<std::string> causes_of_lines();

/// Causes before what they explain.
std::span<const StreamRule> for_streams();
std::span<const LineRule> for_lines();
std::span<const VenueRule> for_venues();

/// `sink_failing`: a run of failures, any failure not followed by a success for a while, or one
/// that no retry can mend.
Finding sink_failing(const std::string& sink, const alert::SinkHealth& health,
                     const Options& options, MonoTime now);
/// `decision_undelivered`: critical; the decision that waits longest has waited for too long.
Finding decision_undelivered(const std::string& webhook, const DecisionOutbox::Health& health,
                             const Options& options, MonoTime now);
/// `decision_refused`: the receiver has refused one for good, lately.
Finding decision_refused(const std::string& webhook, const DecisionOutbox::Health& health,
                         const Options& options, MonoTime now);
/// `store_down`: rows are not taken, or wait in the spool for a database that fails.
Finding store_down(const StoreFacts& facts, const Options& options);
/// `signal_silence`: past its time, or it said itself that it failed. `largest`: of the open
/// positions of the strategy of its name those that are named.
Finding signal_silence(const PulseView& pulse, std::span<const PositionLease* const> largest = {});
/// `signal_source_failing`: the connection over which we hear the pulse ourselves has a trouble.
Finding signal_source_failing(const PulseView& pulse, const Options& options, MonoTime now);
/// `clock_suspect` about ourselves: every venue's stamps are shifted alike.
Finding own_clock(const std::optional<Duration>& shift, std::optional<MonoTime> since,
                  const Options& options);
/// `monitor_suspect`: critical, and nothing holds it back.
Finding monitor_suspect(const SuspicionFacts& facts);
/// `Watchdog`: always.
alert::Finding watchdog(const std::string& instance, MonoTime started, Duration repeat);

/// `position_unprotected`: critical, and nothing holds it back.
Finding position_unprotected(const PositionFacts& facts);
/// `position_unserved`: it has no stream, or nothing has come since it is known.
Finding position_unserved(const PositionFacts& facts);
/// `position_unmanaged`, `position_unconfirmed`, `position_quarantined`, `position_uncomputable`:
/// its rules cannot do their work.
Finding position_rule(const PositionLease& lease, const ProtectionFinding& finding, MonoTime now);
std::string_view name_of(ProtectionFinding::Type type);
/// `decision_unstored`: critical; a decision about it is not durable, and so nobody is told of it.
/// `error`: why the store takes nothing, where that is known.
Finding decision_unstored(const PositionLease& lease, const UnstoredDecisions::Trouble& trouble,
                          const std::string& error, MonoTime now);
/// `position_expired`: its owner has not renewed it.
Finding position_expired(const PositionFacts& facts);
/// `kind_divergence`: last and mark of a symbol somebody holds tell different things. The ages are
/// those at the comparison.
struct DivergenceFacts {
  std::string_view venue, symbol;
  std::optional<MonoTime> since;  ///< set while it is found
  Decimal last, mark;
  Duration last_age{}, mark_age{};
  std::optional<Decimal> percent;  ///< of the mark price
  Decimal limit_percent;
  std::size_t positions = 0;
};
Finding kind_divergence(const DivergenceFacts& facts);
/// `position_unlisted`: somebody listed it and does not any more; it is watched over all the same.
/// `listings` of all who ever listed it.
Finding position_unlisted(const PositionLease& lease, const std::vector<PositionListing>& listings,
                          MonoTime since, const WallAnchor& anchor);
/// `position_duplicate`: whatever is decided about `other` is decided again about this one.
Finding position_duplicate(const PositionLease& lease, const PositionKey& other);
/// `position_disputed`: others list it otherwise than it is known.
Finding position_disputed(const PositionLease& lease, const PositionDisputes::Dispute& dispute);
/// `position_source_failing`: a list of positions cannot be taken, or not whole.
Finding position_source_failing(const PositionSources::Failing& failing);

// ---- scopes and names ---------------------------------------------------------------------------

/// Who is told that the stream is stale.
std::string staleness_identity(const StreamKey& key);
Labels stream_scope(const StreamKey& key);
Labels line_scope(const LineStatus& line);
Labels venue_scope(const std::string& venue);
Labels sink_scope(const std::string& sink);
Labels pulse_scope(const std::string& pulse);
Labels webhook_scope(const std::string& webhook);
Labels position_scope(const PositionKey& position);
Labels symbol_scope(std::string_view venue, std::string_view symbol);
Labels position_source_scope(const std::string& source);

/// Of the rules that are not in a table.
inline constexpr std::string_view sink_failing_name = "sink_failing";
inline constexpr std::string_view decision_undelivered_name = "decision_undelivered";
inline constexpr std::string_view decision_unstored_name = "decision_unstored";
inline constexpr std::string_view decision_refused_name = "decision_refused";
inline constexpr std::string_view store_down_name = "store_down";
inline constexpr std::string_view signal_silence_name = "signal_silence";
inline constexpr std::string_view signal_source_failing_name = "signal_source_failing";
inline constexpr std::string_view clock_suspect_name = "clock_suspect";
inline constexpr std::string_view monitor_suspect_name = "monitor_suspect";
inline constexpr std::string_view watchdog_name = "Watchdog";
inline constexpr std::string_view position_unprotected_name = "position_unprotected";
inline constexpr std::string_view position_unserved_name = "position_unserved";
inline constexpr std::string_view position_expired_name = "position_expired";
inline constexpr std::string_view kind_divergence_name = "kind_divergence";
inline constexpr std::string_view position_unlisted_name = "position_unlisted";
inline constexpr std::string_view position_duplicate_name = "position_duplicate";
inline constexpr std::string_view position_disputed_name = "position_disputed";
inline constexpr std::string_view position_source_failing_name = "position_source_failing";
/// Of those about one position.
inline constexpr std::array<std::string_view, 11> position_rule_names{
    position_unprotected_name, position_unserved_name,  position_expired_name,
    position_unlisted_name,    position_duplicate_name, position_disputed_name,
    decision_unstored_name,    "position_unmanaged",    "position_unconfirmed",
    "position_quarantined",    "position_uncomputable"};

/// Names of all rules: what a restored alert must have for this program to end it.
const std::set<std::string, std::less<>>& names();
/// The name a rule has today, where an earlier version wrote another into the store.
std::string_view current_name(std::string_view name);

}  // namespace feedwatch::engine::rules
