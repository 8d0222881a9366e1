#pragma once

#include <optional>
#include <string>

#include "feedwatch/api/paging.hpp"
#include "feedwatch/api/server.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// What is served below /v1/alerts and /v1/silences. One thread (the control's). Ports outlive it.
class AlertRoutes {
 public:
  explicit AlertRoutes(const ApiPorts& ports) : ports_(ports) {}

  /// Whether the path is one of these.
  static bool serves(const Target& target);
  void handle(const Target& target, const net::Request& request, net::Responder respond);

 private:
  void alerts(const Target& target, net::Responder respond) const;
  void one_alert(const std::string& id, net::Responder respond) const;
  std::optional<engine::AlertView> view_of(const std::string& id) const;
  net::Response acknowledge(const std::string& id, const std::string& body);
  net::Response unacknowledge(const std::string& id);
  net::Response silences(const Target& target) const;
  net::Response one_silence(const std::string& id) const;
  net::Response put_silence(const std::string& body);
  net::Response expire_silence(const std::string& id);

  const ApiPorts& ports_;
};

}  // namespace feedwatch::api
