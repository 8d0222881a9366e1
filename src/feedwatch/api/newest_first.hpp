#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/api/history.hpp"
#include "feedwatch/base/error.hpp"

/// Names for lists that come newest first (paging.hpp), whose items the store lists too.
namespace feedwatch::api {

/// Newest first and among equals the greater id; ascending in text, as pages need it.
std::string newest_first(WallTime at, std::string_view id);

/// The place such a name stands for, as it comes back in a cursor; an empty one is the beginning.
Result<std::optional<HistoryPlace>> place_of(std::string_view cursor);

}  // namespace feedwatch::api
