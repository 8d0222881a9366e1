#pragma once

#include <optional>
#include <string_view>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::health {

/// A field in seconds, null where there is none.
inline void optional_seconds(JsonWriter& json, std::string_view name,
                             const std::optional<Duration>& duration) {
  json.key(name);
  if (duration) {
    json.number(to_seconds(*duration));
  } else {
    json.null();
  }
}

}  // namespace feedwatch::health
