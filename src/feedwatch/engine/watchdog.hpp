#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::engine {

/// The alert that always fires, and who is told.
struct WatchdogOptions {
  Duration repeat = 5min;
  std::vector<std::string> sinks;  ///< names; others never hear of it
};

/// How often the heartbeat URL is called.
inline constexpr Duration heartbeat_every = 1min;

/// What has to advance for a heartbeat to be honest.
struct HeartbeatFacts {
  std::optional<Duration>
      loop_silence;  ///< since the loop of prices showed itself; absent = unknown
  std::optional<Duration> store_silence;  ///< since the store last took rows, or an empty batch
};

/// Whether whoever waits for our heartbeat may hear it (semantics §9): a loop that stands, or a
/// store that takes nothing, is what its silence is to tell.
constexpr bool may_beat(const HeartbeatFacts& facts) {
  constexpr Duration loop_limit = 5s;
  constexpr Duration store_limit = 2min;  // it is asked every 30 s
  const bool loop = !facts.loop_silence || *facts.loop_silence < loop_limit;
  return loop && facts.store_silence && *facts.store_silence < store_limit;
}

}  // namespace feedwatch::engine
