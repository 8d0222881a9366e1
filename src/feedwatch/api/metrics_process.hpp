#pragma once

#include <string_view>

#include "feedwatch/api/metrics_text.hpp"
#include "feedwatch/api/server.hpp"

namespace feedwatch::api {

/// What the process counts and measures of itself: program, ticks, loops, queues, disks, the
/// kernel's account, and what the shards measure of each venue.
void process_metrics(MetricsText& text, const ProcessFacts& facts, std::string_view version);

}  // namespace feedwatch::api
