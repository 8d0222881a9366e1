#pragma once

#include <expected>
#include <vector>

#include "feedwatch/app/replay.hpp"
#include "feedwatch/capture/reader.hpp"
#include "feedwatch/replay/judge.hpp"

namespace feedwatch::app {

struct ReplayPlan {
  replay::JudgeOptions judge;  ///< without an observer
  bool exact = false;          ///< by what it was recorded with, from its beginning
};

/// By what a recording is judged, which its first record and the arguments say.
std::expected<ReplayPlan, std::vector<Error>> plan_replay(const ReplayArgs& args,
                                                          const capture::Record& first);

/// "*/mark stale_after=10s recover_ticks=2" as a [[policy]] table of a configuration.
Result<std::string> policy_table(const std::string& text);

}  // namespace feedwatch::app
