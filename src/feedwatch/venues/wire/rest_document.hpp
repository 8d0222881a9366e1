#pragma once

#include <simdjson.h>

#include <span>
#include <string_view>
#include <utility>

namespace feedwatch::venues::wire {

/// Stands in a path for the first member of an object or a list.
inline constexpr std::string_view any_key = "*";

/// Follows keys from the root of a REST body. Bodies are read rarely, so the validating parser is
/// worth its price there.
inline simdjson::simdjson_result<simdjson::dom::element> descend(
    simdjson::dom::element root, std::span<const std::string_view> path) {
  for (const std::string_view key : path) {
    simdjson::dom::array list;
    if (key == any_key && !root.get_array().get(list)) {
      if (const auto error = list.at(0).get(root)) return error;
    } else if (key == any_key) {
      simdjson::dom::object object;
      if (const auto error = root.get_object().get(object)) return error;
      if (object.begin() == object.end()) return simdjson::NO_SUCH_FIELD;
      root = (*object.begin()).value;
    } else if (const auto error = root.at_key(key).get(root)) {
      return error;
    }
  }
  return {std::move(root)};
}

}  // namespace feedwatch::venues::wire
