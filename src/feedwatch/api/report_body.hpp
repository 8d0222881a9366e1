#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/health/reports.hpp"

namespace feedwatch::api {

/// The body of a report: {"status": "healthy", "message": "…", "ttl": "60s", "required": false};
/// only the status must be there. Errors name the field, what is wrong with it and what would be
/// right.
Result<health::Report> parse_report(std::string name, std::string_view body);

}  // namespace feedwatch::api
