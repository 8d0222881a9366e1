#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/exchange/desk.hpp"

namespace feedwatch::exchange {

/// Body of GET /control: venue, source, faults (scheduled, active, and the last that ended),
/// connections with their topics, counters.
std::string control_json(const Desk& desk, MonoTime now);

/// An application/problem+json body (RFC 9457).
std::string problem_json(int status, std::string_view title, const Error& error);

}  // namespace feedwatch::exchange
