#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/base/error.hpp"

/// Private to what reads the API's answers for a terminal: fields of one object, each as far as it
/// is there and of that type.
namespace feedwatch::api {

/// Printable; empty when it is no text.
inline std::string text(const simdjson::dom::object& from, std::string_view key) {
  std::string_view value;
  return from[key].get(value) == simdjson::SUCCESS ? printable(value) : std::string{};
}

inline std::optional<double> number(const simdjson::dom::object& from, std::string_view key) {
  double value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

inline bool flag(const simdjson::dom::object& from, std::string_view key, bool otherwise = false) {
  bool value = otherwise;
  return from[key].get(value) == simdjson::SUCCESS ? value : otherwise;
}

inline std::unexpected<Error> foreign() {
  return std::unexpected(Error{.what = "answer",
                               .why = "it is none of a feedwatch monitor",
                               .fix = "check the address given with --api"});
}

}  // namespace feedwatch::api
