#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace feedwatch::app {

struct SimScenarioOptions {
  bool log = false;                   ///< print the event log of each run
  std::optional<std::uint64_t> seed;  ///< instead of the scenarios' own
  bool once = false;                  ///< do not run again to compare the event logs
  bool protect = false;               ///< with positions in it, as sim::with_positions()
};

/// `feedwatch sim scenario FILE…`: runs each file in virtual time, twice, and compares the two
/// event logs (semantics §11, invariant 10). One line per file on `out`; what failed, with the
/// seed, on `err`. Returns 0 when all hold, 1 when an expectation or invariant is broken, 2 without
/// a file, 3 when a file cannot be read or understood.
int run_sim_scenario(const std::vector<std::string>& files, std::ostream& out, std::ostream& err,
                     const SimScenarioOptions& options);

}  // namespace feedwatch::app
