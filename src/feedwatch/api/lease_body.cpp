#include "feedwatch/api/lease_body.hpp"

#include <simdjson.h>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::api {

namespace {

constexpr std::size_t max_owner = 200;

Error wrong(std::string why) {
  return {.what = "body", .why = std::move(why), .fix = R"(send {"owner": "name", "ttl": "1h"})"};
}

}  // namespace

Result<LeaseBody> parse_lease(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(body)).get(object) != simdjson::SUCCESS) {
    return std::unexpected(wrong("is not a JSON object"));
  }
  LeaseBody lease;
  for (const auto [key, value] : object) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return std::unexpected(wrong("'" + std::string(key) + "' must be a string"));
    }
    if (key == "owner") {
      lease.owner = text;
    } else if (key == "ttl") {
      const Result<Duration> ttl = parse_duration(text);
      if (!ttl) return std::unexpected(wrong("ttl: " + ttl.error().text()));
      if (*ttl <= Duration::zero()) return std::unexpected(wrong("ttl must be longer than zero"));
      lease.ttl = *ttl;
    } else {
      return std::unexpected(wrong("unknown key '" + std::string(key) + "'"));
    }
  }
  if (lease.owner.empty()) return std::unexpected(wrong("'owner' is missing or empty"));
  if (lease.owner.size() > max_owner) return std::unexpected(wrong("'owner' is over 200 bytes"));
  return lease;
}

}  // namespace feedwatch::api
