#pragma once

#include <cstdint>
#include <string>

#include "feedwatch/api/metrics_text.hpp"
#include "feedwatch/api/server.hpp"

namespace feedwatch::api {

/// Streams beyond this many get no series of their own; the overflow is counted (four series each,
/// and one exposition should stay below 10,000).
constexpr std::size_t max_metric_streams = 1500;

/// Everything a scrape sees, at one instant. Reads the control's views; any state renders.
/// `left_out` remembers between scrapes how many streams the cap has left without series.
std::string render_metrics(const ApiPorts& ports, std::string_view version,
                           MetricsText::Format format, std::uint64_t& left_out);

}  // namespace feedwatch::api
