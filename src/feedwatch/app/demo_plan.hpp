#pragma once

#include <vector>

#include "feedwatch/app/demo_ledger.hpp"

namespace feedwatch::app {

/// A fault of the plan: when (after everything was healthy), and how long until it must be over.
struct PlannedFault {
  Duration at{};
  Duration needs{};
  FaultRecord record;
};

/// The demo's minute. Everything is over 52 s after its start.
std::vector<PlannedFault> demo_plan();
constexpr Duration demo_cycle = 60s;

}  // namespace feedwatch::app
