#pragma once

#include <string>
#include <vector>

#include "feedwatch/sim/scenario.hpp"

namespace feedwatch::sim {

/// What became of one run of a scenario.
struct RunResult {
  std::vector<std::string> failures;  ///< unmet expectations and broken invariants, first first
  std::string log;
  std::uint64_t log_hash = 0;
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::uint64_t decisions = 0;  ///< about positions, that its bot was told
  Duration simulated{};

  bool ok() const { return failures.empty(); }
};

/// Runs a scenario in virtual time, with the checkers of checkers.hpp throughout.
RunResult run_scenario(const Scenario& scenario);

}  // namespace feedwatch::sim
