#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace feedwatch {

/// The level of a price (semantics §4). Values are the metric's codes.
enum class Level : std::uint8_t { healthy = 0, degraded = 1, stale = 2, unknown = 3 };

constexpr std::string_view to_text(Level level) {
  constexpr std::array<std::string_view, 4> words{"healthy", "degraded", "stale", "unknown"};
  return words[static_cast<std::size_t>(level)];
}

/// Roll-up order: healthy < unknown = degraded < stale.
constexpr int severity(Level level) {
  constexpr std::array<int, 4> order{0, 1, 2, 1};
  return order[static_cast<std::size_t>(level)];
}

}  // namespace feedwatch
