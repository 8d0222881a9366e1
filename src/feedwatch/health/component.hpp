#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::health {

/// healthy < degraded < unhealthy < critical; unknown: no evidence within two periods (not healthy,
/// not ready).
enum class Status : std::uint8_t { healthy, degraded, unhealthy, critical, unknown };

constexpr std::string_view to_text(Status status) {
  constexpr std::array<std::string_view, 5> words{"healthy", "degraded", "unhealthy", "critical",
                                                  "unknown"};
  return words[static_cast<std::size_t>(status)];
}

/// One named fact of a component, already as JSON (number, string, array, object).
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The one number that says most of a component.
struct Measurement {
  double value = 0;
  std::string unit;  ///< "s", "streams", …
};

/// The document's ComponentHealth (facts/seed.md §2).
struct Component {
  std::string name;  ///< "WebSocket Streams"
  std::string type;  ///< "websocket", "database", …
  Status status = Status::unknown;
  std::optional<WallTime> last_check;
  double response_time_ms = 0;
  std::uint64_t error_count = 0;
  std::optional<std::string> error_message;
  Metadata metadata;
  bool required = true;  ///< optional components cap the aggregate at degraded
  std::optional<Measurement> measured;
  std::vector<std::string> affected;      ///< paths of our API that show the trouble
  std::vector<std::string> depends_on;    ///< names of other components
  std::optional<std::string> because_of;  ///< one of them that is in trouble itself: the cause
};

}  // namespace feedwatch::health
