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
  std::size_t spooled = 0;           ///< batches durable in the spool only
  std::string last_error;
};

struct SinkEvidence {
  std::string name;
  bool failing = false;  ///< its sink_failed alert has reason to fire
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
};

}  // namespace feedwatch::health
