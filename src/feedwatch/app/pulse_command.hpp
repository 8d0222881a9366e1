#pragma once

#include <string>

#include "feedwatch/app/client.hpp"

namespace feedwatch::app {

struct PulseArgs {
  std::string name;
  bool failed = false;
  bool started = false;
  bool list = false;
  std::string detail;
};

/// `feedwatch pulse NAME`: tells a running monitor that something was alive, has begun or has
/// failed; `--list` shows all of them. Exit 0, 1 when the monitor does not take it, 2 for arguments
/// that make no sense.
int run_pulse(const ClientArgs& args, const PulseArgs& pulse);

}  // namespace feedwatch::app
