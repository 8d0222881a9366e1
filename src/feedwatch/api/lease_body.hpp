#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::api {

/// The body of a lease: {"owner": "desk-7", "ttl": "1h"}. An absent ttl means until it is ended.
struct LeaseBody {
  std::string owner;
  Duration ttl{};
};

/// Errors name the field, what is wrong with it and what would be right.
Result<LeaseBody> parse_lease(std::string_view body);

}  // namespace feedwatch::api
