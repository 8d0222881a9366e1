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

/// What REST of one venue has shown.
struct ExchangeEvidence {
  std::string venue;
  std::optional<Duration> last_good;   ///< since the newest good answer; absent = none yet
  std::uint64_t failures = 0;          ///< answers missing or bad in a row
  std::string error;                   ///< of the newest of them
  std::optional<Duration> banned_for;  ///< the venue told us to stay away for so long yet
  std::optional<Duration> skew;        ///< its clock minus ours
};

/// Something expected to be heard from every so often (semantics §10).
struct PulseEvidence {
  std::string name;
  std::optional<Duration> age;  ///< since it was last heard from; absent = never
  Duration every{};
  Duration grace{};
  bool failed = false;  ///< it said itself that its newest run failed
  /// As judged by whoever knows its times; absent = by age, period and grace.
  std::optional<bool> late = {};
};

/// One of our own loops.
struct LoopEvidence {
  std::string name;  ///< "control", "shard 0"
  std::optional<Duration> since_beat;
  std::uint64_t stalls = 0;  ///< times it did not poll for longer than stall_limit
  Duration max_stall{};
  std::optional<Duration> since_last_stall;
  Duration lag{};  ///< how late its timers came lately, at worst
};

/// Something that waits inside the process, and how much of it may.
struct QueueEvidence {
  std::string name;  ///< "mailbox of shard 0", "journal", …
  std::size_t length = 0;
  std::size_t capacity = 0;  ///< 0 = bounded elsewhere
};

/// A place we write to.
struct DiskEvidence {
  std::string what;  ///< "state directory", "database", "recording"
  std::string path;
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::string error;  ///< why nothing is known
};

/// How the process itself fares; whoever runs the loops counts it.
struct SelfEvidence {
  std::vector<LoopEvidence> loops;
  std::vector<QueueEvidence> queues;
  std::vector<DiskEvidence> disks;
  std::optional<Duration> clock_step;        ///< by which the system clock was last stepped
  std::optional<Duration> since_clock_step;  ///< and since when
  bool recording_failed = false;        ///< what comes is recorded no longer, though it should be
  std::optional<Duration> clock_shift;  ///< all venues' stamps are off alike: our clock, probably
};

}  // namespace feedwatch::health
