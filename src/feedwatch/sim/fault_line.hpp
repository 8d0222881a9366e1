#pragma once

#include <string>
#include <vector>

#include "feedwatch/sim/fault.hpp"
#include "feedwatch/sim/line_reader.hpp"

namespace feedwatch::sim {

/// A fault as a scenario's line describes it, once for each symbol; a line without one has "".
struct FaultLine {
  Fault fault;
  std::vector<std::string> symbols;
};

/// Takes what follows the word of a fault that begins at `at`. Refuses what that fault would not
/// look at. Throws LineError.
FaultLine read_fault(LineReader& words, Duration at, const FaultWord& word);

/// Every word that may stand in the place of a fault.
std::string fault_list();

}  // namespace feedwatch::sim
