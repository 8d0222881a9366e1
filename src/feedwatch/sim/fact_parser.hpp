#pragma once

#include <vector>

#include "feedwatch/sim/line_reader.hpp"
#include "feedwatch/sim/scenario.hpp"

namespace feedwatch::sim {

/// Names a fact may refer to besides streams.
struct KnownNames {
  std::vector<std::string> venues;
  std::vector<std::string> consumers;
};

/// Takes facts up to the end of the line or a trailing `at`, separated by `;`. Throws LineError.
std::vector<Fact> take_facts(LineReader& words, const KnownNames& names);

}  // namespace feedwatch::sim
