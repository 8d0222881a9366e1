#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::sinks {

/// The wait a Retry-After header asks for, as seconds or as a date (RFC 9110 §10.2.3), between zero
/// and an hour. A date is taken relative to the answer's own Date header: the receiver's clock on
/// both sides, ours on none. Absent when the header is, or means nothing.
std::optional<Duration> retry_after(
    const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace feedwatch::sinks
