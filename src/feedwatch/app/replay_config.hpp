#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/app/replay.hpp"
#include "feedwatch/replay/judge.hpp"

namespace feedwatch::app {

/// How much of what happened live is known; the players of replay/player.hpp.
enum class ReplayMode : unsigned char {
  exact,    ///< a recording of our own, whole, by what it was recorded with
  free,     ///< by something else, or from a later file on
  capture,  ///< of others
};
std::string_view to_text(ReplayMode mode);

struct ReplayPlan {
  replay::JudgeOptions judge;  ///< without an observer
  ReplayMode mode = ReplayMode::exact;
};

/// By what a recording is judged, which its beginning and the arguments say. Reads the recording:
/// of others', the first hundred thousand records, for their venue and streams.
std::expected<ReplayPlan, std::vector<Error>> plan_replay(const ReplayArgs& args);

/// "*/mark stale_after=10s recover_ticks=2" as a [[policy]] table of a configuration.
Result<std::string> policy_table(const std::string& text);

}  // namespace feedwatch::app
