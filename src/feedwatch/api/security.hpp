#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// Who may ask for what (docs/reference/http.md). Immutable, pure.
///
/// Host is checked against names we answer to, so that a foreign page cannot reach us by rebinding
/// its own name; Origin, so that it cannot by its visitor's browser; every method but GET and HEAD
/// needs the write token.
class Gatekeeper {
 public:
  struct Options {
    std::vector<std::string> hosts;    ///< beside localhost and loopback addresses
    std::vector<std::string> origins;  ///< exact, "https://desk.example:8443"
    std::string token;                 ///< empty = nothing can be changed
  };
  explicit Gatekeeper(Options options) : options_(std::move(options)) {}

  /// The refusal, or nothing when the request may pass.
  std::optional<net::Response> refuse(const net::Request& request) const;

 private:
  bool host_allowed(std::string_view host) const;
  bool origin_allowed(std::string_view origin, std::string_view host) const;

  Options options_;
};

/// Compares without telling by its time where the texts differ.
bool equal_secret(std::string_view a, std::string_view b);

}  // namespace feedwatch::api
