#pragma once

#include <string>

#include "feedwatch/base/error.hpp"
#include "feedwatch/exchange/exchange.hpp"

namespace feedwatch::app {

/// What `feedwatch simulate` was asked for.
struct SimulateArgs {
  exchange::Options exchange;
  std::string fault_file;  ///< one fault a line, see exchange::read_fault_file; empty = none
  bool json = false;       ///< one JSON object instead of the line for people
};

/// Runs a fake exchange until SIGINT or SIGTERM. Prints one line with its addresses on stdout once
/// it listens. The exit code: 0, or 1 with the error on stderr.
int run_simulate(const SimulateArgs& args);

/// The line printed: for people, or `{"venue","ws_url","rest_url","control_url","port"}`.
std::string simulate_banner(const exchange::Exchange& exchange, bool json);

}  // namespace feedwatch::app
