#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Reads a duration as people write it in configuration and on command lines: "750ms", "3s",
/// "0.5s", "1h30m". Units ns, us, ms, s, m, h, d (of 24 hours), from large to small, each at most
/// once; every number has its unit. No sign, no blanks. The sum must be a whole number of
/// nanoseconds, at most Duration::max() (292 years).
Result<Duration> parse_duration(std::string_view text);

/// The shortest text that reads back as the same duration: "750ms", "1.5s", "2m30s", "24h", "0s".
/// A negative duration, which parse_duration refuses, has a minus in front.
std::string format_duration(Duration duration);

}  // namespace feedwatch
