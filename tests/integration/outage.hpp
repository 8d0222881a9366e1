#pragma once

#include <string>
#include <vector>

#include "world.hpp"

namespace feedwatch::integration {

inline const std::vector<std::string> outage_symbols{"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"};

/// Marks of `outage_symbols`: healthy, out of reach for `length`, and back: nothing accepted in
/// between, fresh data within six seconds, one alert, resolved.
void expect_outage_survived(World& world, Duration length);

}  // namespace feedwatch::integration
