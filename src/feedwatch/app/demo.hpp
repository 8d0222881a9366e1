#pragma once

#include <optional>

#include "feedwatch/base/time.hpp"

namespace feedwatch::app {

struct DemoArgs {
  std::optional<Duration> run_for;  ///< absent: until SIGINT or SIGTERM
  bool json = false;                ///< summary as JSON on stdout, everything else on stderr
};

/// Two simulated exchanges, a webhook receiver and the monitor in one process on loopback; injects
/// faults from a plan and holds the monitor to what it promises. Exit code 0 only if every injected
/// fault was detected, repaired or alerted as specified.
int run_demo(const DemoArgs& args);

}  // namespace feedwatch::app
