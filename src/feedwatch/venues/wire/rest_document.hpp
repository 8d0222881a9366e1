#pragma once

#include <simdjson.h>

#include <span>
#include <string_view>
#include <utility>

namespace feedwatch::venues::wire {

/// Follows keys from the root of a REST body. Bodies are read rarely, so the validating parser is
/// worth its price there.
inline simdjson::simdjson_result<simdjson::dom::element> descend(
    simdjson::dom::element root, std::span<const std::string_view> path) {
  for (const std::string_view key : path) {
    if (const auto error = root.at_key(key).get(root)) return error;
  }
  return {std::move(root)};
}

}  // namespace feedwatch::venues::wire
