#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// RFC 3339 in UTC: "2026-11-22T10:55:22.123Z". The fraction has 3, 6 or 9 digits, the fewest that
/// lose nothing. Works for every WallTime (years 1677 to 2262).
std::string format_time(WallTime time);

/// Reads RFC 3339 with `Z` or a numeric offset; the answer is UTC. A blank may stand for the `T`,
/// lower case is accepted, digits beyond nanoseconds are cut off, and a leap second is the second
/// that follows it, as in POSIX time. Errors say what is wrong with which text.
Result<WallTime> parse_time(std::string_view text);

}  // namespace feedwatch
