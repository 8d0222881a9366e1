#include "feedwatch/api/report_body.hpp"

#include <simdjson.h>

#include <utility>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::api {

namespace {

using simdjson::dom::element;

Error wrong(std::string why) {
  return {.what = "body",
          .why = std::move(why),
          .fix = R"(send {"status": "healthy", "message": "why", "ttl": "60s"})"};
}

std::string quoted(std::string_view key) {
  return "'" + std::string(key) + "'";
}

/// Empty, or what is wrong with the field.
std::string take(std::string_view key, element value, health::Report& report) {
  if (key == "required") {
    const bool taken = value.get(report.required) == simdjson::SUCCESS;
    return taken ? "" : "'required' must be true or false";
  }
  std::string_view text;
  const bool known = key == "status" || key == "message" || key == "ttl";
  if (!known) return "unknown key " + quoted(key);
  if (value.get(text) != simdjson::SUCCESS) return quoted(key) + " must be a string";
  if (key == "message") {
    report.message = text;
  } else if (key == "ttl") {
    const Result<Duration> ttl = parse_duration(text);
    if (!ttl) return "ttl: " + ttl.error().text();
    report.ttl = *ttl;
  } else {
    const auto status = health::status_from_text(text);
    if (!status) return "status must be healthy, degraded, unhealthy or critical";
    report.status = *status;
  }
  return {};
}

}  // namespace

Result<health::Report> parse_report(std::string name, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(body)).get(object) != simdjson::SUCCESS) {
    return std::unexpected(wrong("is not a JSON object"));
  }
  health::Report report{.name = std::move(name)};
  bool has_status = false;
  for (const auto [key, value] : object) {
    if (std::string why = take(key, value, report); !why.empty()) {
      return std::unexpected(wrong(std::move(why)));
    }
    has_status = has_status || key == "status";
  }
  if (!has_status) return std::unexpected(wrong("'status' is missing"));
  return report;
}

}  // namespace feedwatch::api
