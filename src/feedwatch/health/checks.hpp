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

/// "Monitor": critical while the loop of prices does not answer (2 s), degraded for a minute after
/// a stall.
Verdict check_self(const SelfEvidence& self);

/// Whether a stream past its limit has more against it than a silence that proves nothing (§4): its
/// channel is clocked, or its trouble is none of silence. Alerts take their severity from this too.
bool is_proven(bool clocked, Reason reason);

/// Whether the stream alone makes its component critical.
bool is_critical(const StreamEvidence& stream);

}  // namespace feedwatch::health
