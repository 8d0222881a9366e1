#pragma once

#include "feedwatch/api/server.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// /v1/events: changes of levels and repairs as the store keeps them, newest first. One thread (the
/// control's). Ports outlive it.
class EventRoutes {
 public:
  explicit EventRoutes(const ApiPorts& ports) : ports_(ports) {}

  /// Whether the path is this one.
  static bool serves(const Target& target);
  void handle(const Target& target, const net::Request& request, net::Responder respond);

 private:
  const ApiPorts& ports_;
};

}  // namespace feedwatch::api
