#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"

/// What the checks judge, gathered by whoever runs them: plain data at one instant.
namespace feedwatch::health {

struct StreamEvidence {
  std::string stream;  ///< text form
  Level level = Level::unknown;
  Reason reason = Reason::ok;
  bool fault = false;
  bool required = false;
  bool clocked = false;  ///< silence is proof
  bool quarantined = false;
  std::optional<Duration> age;  ///< the age levels judge; absent = never received
  Duration stale_after{};
};

struct LineEvidence {
  std::string name;
  std::string state;
  std::string reason;
  double frames_per_second = 0;
};

struct FeedEvidence {
  std::vector<StreamEvidence> streams;  ///< wanted ones
  std::vector<LineEvidence> lines;
};

/// A check whose evidence has not come after so long is judged without it.
inline constexpr Duration check_limit = 2s;

/// The newest probe of a store: write, read back, delete a row.
struct ProbeEvidence {
  std::optional<Duration> took;     ///< of the newest that succeeded
  std::optional<Duration> waiting;  ///< of the one under way
  std::string error;                ///< of the newest answered; empty = it succeeded
};

/// What a store says of its database and its spool.
struct StoreSelf {
  std::uint64_t failures = 0;  ///< failed attempts at the database in a row
  std::size_t spooled = 0;     ///< batches durable in the spool only
  std::size_t spool_bytes = 0;
  std::optional<Duration> spool_age;  ///< since when there are any
  std::string last_error;             ///< kept after recovery
};

/// What a run without its own store has no opinion about stays zero.
struct StoreEvidence {
  std::optional<Duration> last_success_age;
  std::uint64_t errors = 0;  ///< failed commits since start
  std::uint64_t consecutive_failures = 0;
  std::optional<Duration> failing_for;
  std::size_t pending = 0;  ///< batches not yet durable
  std::optional<Duration> oldest_pending;
  std::uint64_t dropped = 0;         ///< rows lost at the bound of the queue
  std::uint64_t dropped_lately = 0;  ///< of these, since the last success
  std::string last_error;
  StoreSelf self;
  ProbeEvidence probe;
};

struct SinkEvidence {
  std::string name;
  bool failing = false;  ///< its sink_failing alert has reason to fire
  std::uint32_t consecutive_failures = 0;
  std::optional<Duration> last_success_age;
  std::size_t pending = 0;
  std::optional<Duration> oldest_pending;
  std::string last_error;
};

/// How the process itself fares; whoever runs the loops counts it.
struct SelfEvidence {
  std::uint64_t stalls = 0;  ///< times a loop did not poll for longer than stall_limit
  Duration max_stall{};
  std::optional<Duration> since_last_stall;
  std::optional<Duration> since_beat;   ///< since the loop of prices last showed itself
  bool recording_failed = false;        ///< what comes is recorded no longer, though it should be
  std::optional<Duration> clock_shift;  ///< all venues' stamps are off alike: our clock, probably
};

}  // namespace feedwatch::health
