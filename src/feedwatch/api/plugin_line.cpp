#include "feedwatch/api/plugin_line.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "feedwatch/api/terminal_text.hpp"

namespace feedwatch::api {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string text(const object& from, std::string_view key) {
  std::string_view value;
  return from[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string{};
}

std::optional<double> number(const object& from, std::string_view key) {
  double value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

PluginState state_of(std::string_view word) {
  if (word == "healthy") return PluginState::ok;
  if (word == "degraded") return PluginState::warning;
  if (word == "unhealthy" || word == "critical" || word == "stale") return PluginState::critical;
  return PluginState::unknown;
}

PluginLine foreign() {
  return plugin_line(PluginState::unknown, "the answer is none of a feedwatch monitor");
}

/// The first measurement of a component of /health.
std::optional<object> component(const object& health, std::string_view name) {
  object checks;
  simdjson::dom::array list;
  object first;
  if (health["checks"].get(checks) != simdjson::SUCCESS) return std::nullopt;
  if (checks[name].get(list) != simdjson::SUCCESS) return std::nullopt;
  if (list.at(0).get(first) != simdjson::SUCCESS) return std::nullopt;
  return first;
}

std::string stream_counts(const object& health) {
  const auto streams = component(health, "WebSocket Streams");
  object metadata;
  if (!streams || (*streams)["metadata"].get(metadata) != simdjson::SUCCESS) return {};
  std::string data;
  struct Limits {
    const char* level;
    const char* limits;
  };
  for (const auto& [level, limits] :
       {Limits{"total", ";;;0"}, Limits{"healthy", ";;;0"}, Limits{"degraded", ";0;;0"},
        Limits{"stale", ";0;0;0"}, Limits{"unknown", ";0;;0"}}) {
    const auto count = number(metadata, level);
    if (!count) continue;
    data += fmt::format("{}{}={}{}", data.empty() ? "" : " ", level, *count, limits);
  }
  return data;
}

std::string limit_text(const std::optional<Duration>& limit, const std::optional<double>& own) {
  if (limit) return fmt::format("{}", to_seconds(*limit));
  return own ? fmt::format("{}", *own) : std::string{};
}

PluginState judged(const object& stream, const std::optional<double>& age,
                   const PluginLimits& limits) {
  if (!age || (!limits.warning && !limits.critical)) return state_of(text(stream, "level"));
  if (limits.critical && *age > to_seconds(*limits.critical)) return PluginState::critical;
  if (limits.warning && *age > to_seconds(*limits.warning)) return PluginState::warning;
  return PluginState::ok;
}

}  // namespace

PluginLine plugin_line(PluginState state, std::string_view text, std::string_view data) {
  constexpr std::array<std::string_view, 4> words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  PluginLine line{.state = state,
                  .text = fmt::format("FEEDWATCH {} - {}", words[static_cast<std::size_t>(state)],
                                      printable(text))};
  // The bar begins the performance data.
  std::ranges::replace(line.text, '|', '/');
  if (!data.empty()) line.text += fmt::format(" | {}", data);
  return line;
}

PluginLine plugin_health(std::string_view body) {
  simdjson::dom::parser parser;
  object health;
  if (parser.parse(simdjson::padded_string(body)).get(health) != simdjson::SUCCESS ||
      text(health, "serviceId") != "feedwatch") {
    return foreign();
  }
  const std::string state = text(health, "state");
  std::string data = stream_counts(health);
  if (const auto prices = component(health, "Price Updates")) {
    if (const auto age = number(*prices, "observedValue")) {
      data += fmt::format("{}oldest={}s;;;0", data.empty() ? "" : " ", *age);
    }
  }
  const std::string why = text(health, "output");
  return plugin_line(state_of(state), why.empty() ? state : state + ": " + why, data);
}

PluginLine plugin_stream(std::string_view body, const PluginLimits& limits) {
  simdjson::dom::parser parser;
  object stream;
  if (parser.parse(simdjson::padded_string(body)).get(stream) != simdjson::SUCCESS ||
      text(stream, "level").empty()) {
    return foreign();
  }
  const auto age = number(stream, "age_seconds");
  object own;
  const bool has_own = stream["thresholds"].get(own) == simdjson::SUCCESS;
  const auto threshold = [&](const char* name) {
    return has_own ? number(own, name) : std::optional<double>{};
  };
  std::string said = text(stream, "stream") + " " + text(stream, "level");
  if (const std::string reason = text(stream, "reason"); reason != "ok")
    said += " (" + reason + ")";
  said += age ? fmt::format(", age {:.3f}s", *age) : std::string(", never received");
  std::string data;
  if (age) {
    data = fmt::format("age={}s;{};{};0", *age,
                       limit_text(limits.warning, threshold("degraded_after_seconds")),
                       limit_text(limits.critical, threshold("stale_after_seconds")));
  }
  return plugin_line(judged(stream, age, limits), said, data);
}

}  // namespace feedwatch::api
