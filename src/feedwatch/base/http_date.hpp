#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), the one form that may be sent today; years
/// 1970 to 2200. Nothing if it is anything else.
std::optional<WallTime> parse_http_date(std::string_view text);
std::string http_date(WallTime at);

}  // namespace feedwatch
