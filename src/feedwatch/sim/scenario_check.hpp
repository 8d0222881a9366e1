#pragma once

#include <span>
#include <string>

#include "feedwatch/sim/scenario.hpp"

namespace feedwatch::sim {

/// A glob over streams and where it stands: `what` says to whom it belongs, for people.
struct GlobUse {
  int line = 0;
  std::string what;
  std::string glob;
};

/// Whether every name in a scenario names something: a misspelt one would make "never", "no
/// repair", a fault or a policy say nothing, and the scenario pass. Needs the whole of it, as
/// leases may come last. Throws LineError with the line of the first that names nothing.
void check_names(const Scenario& scenario, std::span<const GlobUse> globs);

}  // namespace feedwatch::sim
