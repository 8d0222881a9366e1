#pragma once

#include <optional>
#include <string_view>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

/// Private to what writes the API's answers: fields that may be null.
namespace feedwatch::api {

inline void seconds(JsonWriter& json, std::string_view name, const std::optional<Duration>& value) {
  json.key(name);
  if (value) {
    json.number(to_seconds(*value));
  } else {
    json.null();
  }
}

inline void moment(JsonWriter& json, std::string_view name, const std::optional<WallTime>& value) {
  json.key(name);
  if (value) {
    json.string(format_time(*value));
  } else {
    json.null();
  }
}

}  // namespace feedwatch::api
