#pragma once

#include <span>
#include <string_view>

#include "feedwatch/api/target.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// One line of a probe.
struct ProbeCheck {
  std::string_view name;
  bool ok = false;
  std::string_view why = {};  ///< it is not; may be empty
};

/// The answer to /livez or /readyz as Kubernetes' own components give it: 200 or 503 and text.
/// `?verbose` lists the checks, `?exclude=NAME` (again and again) leaves some out, /livez/NAME is
/// one alone. A failure always says of what.
net::Response probe(const Target& target, std::span<const ProbeCheck> checks);

}  // namespace feedwatch::api
