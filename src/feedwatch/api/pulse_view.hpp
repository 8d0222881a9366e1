#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/protect/pulses.hpp"

/// Pulses as JSON, and back on the other side (docs/reference/http.md). Pure.
namespace feedwatch::api {

std::string pulse_json(const PulseView& view);

/// The body of POST /v1/pulses/{name}: {"mark": "beat", "detail": "…"}, each optional; empty is a
/// beat.
struct PulseBody {
  PulseMark mark = PulseMark::beat;
  std::string detail;
};
Result<PulseBody> parse_pulse_body(std::string_view body);
std::string pulse_body(PulseMark mark, std::string_view detail);

/// GET /v1/pulses as lines for a terminal.
Result<std::string> pulse_table(std::string_view body);

}  // namespace feedwatch::api
