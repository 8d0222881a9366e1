#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/health/component.hpp"
#include "feedwatch/health/evidence.hpp"

namespace feedwatch::health {

/// What one check found.
struct Verdict {
  Status status = Status::unknown;
  std::optional<std::string> message;
  std::uint64_t error_count = 0;
  Metadata metadata;
  std::optional<Measurement> measured{};
  std::vector<std::string> affected{};  ///< paths of our API
  /// Of the evidence, where it comes every `period` and not as it is asked for: the registry takes
  /// what is older than two of them for none.
  std::optional<Duration> evidence_age{};
  Duration period{};
};

/// "WebSocket Streams" (semantics §8). nullptr = there is no monitor.
/// Rows, first that fits: no monitor ⇒ unhealthy; no wanted stream, or none past unknown ⇒ unknown;
/// a required stream stale with fault ⇒ critical; anything not healthy or quarantined ⇒ degraded.
/// Silence of an event channel is no proof (§4) and counts for degraded at most.
Verdict check_streams(const FeedEvidence* feed);

/// "Price Updates": the same rows per price, with critical_stale, warning_stale and the five worst.
Verdict check_prices(const FeedEvidence* feed);

/// "Database": unknown before the first answer of the store; degraded while commits or probes fail,
/// only the spool takes rows, or a probe is not answered (2 s); unhealthy when commits fail for
/// long or hang, or a probe does (10 s); critical when rows are lost.
Verdict check_store(const StoreEvidence& store);

/// "Notifier": degraded while some sinks fail, unhealthy when all do.
Verdict check_notifier(const std::vector<SinkEvidence>& sinks);

/// "Exchange API": REST of the venues. Per venue degraded while it bans us, after three answers
/// missing in a row, or with a clock more than 5 s from ours; unhealthy when that is true of all;
/// unknown before the first answer, and when none was good for 20 minutes.
Verdict check_exchange(const std::vector<ExchangeEvidence>& venues);

/// "Signal Processor": degraded while a pulse is past its time or says that it failed, unknown
/// before the first beat of any.
Verdict check_pulses(const std::vector<PulseEvidence>& pulses);

/// "Monitor": critical while a loop does not answer (2 s) or a disk it writes to is full; degraded
/// for a minute after a stall, late timers (200 ms), a queue over half its bound, a disk with less
/// than 1 GiB and 5 % free, an hour after a step of the system clock, a recording that stopped.
Verdict check_self(const SelfEvidence& self);

/// 0 … 7: how many of these things are not as they should be. Says how far the monitor's own
/// judgement is to be trusted (monitoring, Lifeguard's local health).
int local_health_score(const SelfEvidence& self);

/// Whether a stream past its limit has more against it than a silence that proves nothing (§4): its
/// channel is clocked, or its trouble is none of silence. Alerts take their severity from this too.
bool is_proven(bool clocked, Reason reason);

/// Whether the stream alone makes its component critical.
bool is_critical(const StreamEvidence& stream);

}  // namespace feedwatch::health
