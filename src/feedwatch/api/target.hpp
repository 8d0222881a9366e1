#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feedwatch::api {

/// A request target taken apart: path segments and query, both percent-decoded. `%2F` inside a
/// segment stays a part of it, so that symbols may hold a slash.
struct Target {
  std::vector<std::string> segments;  ///< "/v1/streams" → {"v1", "streams"}; "/" → {}
  std::vector<std::pair<std::string, std::string>> query;

  std::optional<std::string_view> parameter(std::string_view name) const;  ///< the first
  std::vector<std::string_view> parameters(std::string_view name) const;   ///< all of them
};

/// Absent when the target is no path or holds a broken percent escape. Any bytes are safe.
std::optional<Target> parse_target(std::string_view target);

}  // namespace feedwatch::api
