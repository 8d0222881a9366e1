#pragma once

#include <string>

#include "feedwatch/api/server.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// What is served below /v1/position-sources: lists of positions, whole, and how their sources
/// stand. One thread (the control's). Ports outlive it.
class PositionSourceRoutes {
 public:
  explicit PositionSourceRoutes(const ApiPorts& ports) : ports_(ports) {}

  /// Whether the path is one of these.
  static bool serves(const Target& target);
  void handle(const Target& target, const net::Request& request, net::Responder respond);

 private:
  net::Response all(const Target& target) const;
  net::Response one(const std::string& name) const;
  void put(const std::string& name, const std::string& body, net::Responder respond);
  net::Response forget(const std::string& name);

  const ApiPorts& ports_;
};

}  // namespace feedwatch::api
