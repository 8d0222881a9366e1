#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

/// A running monitor's answers as one line of a monitoring plugin (Nagios, Icinga and their kin).
/// Pure.
namespace feedwatch::api {

enum class PluginState : unsigned char { ok, warning, critical, unknown };

/// Its value is the exit code.
struct PluginLine {
  PluginState state = PluginState::unknown;
  std::string text;  ///< "FEEDWATCH OK - … | label=value;warning;critical;minimum"
};

PluginLine plugin_line(PluginState state, std::string_view text, std::string_view data = {});

/// Of GET /health: healthy is ok, degraded a warning, unhealthy and critical are critical.
PluginLine plugin_health(std::string_view body);

/// Ages at which one stream warns and is critical; without them its level counts: degraded warns,
/// stale is critical.
struct PluginLimits {
  std::optional<Duration> warning, critical;
};
/// Of GET /v1/streams/{venue}/{symbol}/{kind}. A stream that never had a price is stale or unknown,
/// whatever the limits say.
PluginLine plugin_stream(std::string_view body, const PluginLimits& limits);

}  // namespace feedwatch::api
