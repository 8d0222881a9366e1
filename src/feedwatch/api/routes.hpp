#pragma once

#include <string>

#include "feedwatch/api/alert_routes.hpp"
#include "feedwatch/api/event_routes.hpp"
#include "feedwatch/api/position_routes.hpp"
#include "feedwatch/api/position_source_routes.hpp"
#include "feedwatch/api/security.hpp"
#include "feedwatch/api/server.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// From request to response; knows no socket. One thread (the control's). Ports outlive it.
class Routes {
 public:
  Routes(const ApiOptions& options, ApiPorts ports);
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  void handle(net::Request request, net::Responder respond);
  /// From the next request on.
  void set_access(const ApiOptions& options) { gate_ = gatekeeper(options); }

 private:
  static Gatekeeper gatekeeper(const ApiOptions& options);
  net::Response get(const Target& target, const net::Request& request);
  net::Response get_v1(const Target& target);
  net::Response streams(const Target& target) const;
  net::Response one_stream(const StreamKey& key) const;
  net::Response price(const StreamKey& key, const Target& target);
  net::Response lines(const Target& target) const;
  net::Response pulses(const Target& target) const;
  net::Response one_pulse(const std::string& name) const;
  net::Response post_pulse(const Target& target, const std::string& body);
  net::Response live(const Target& target) const;
  net::Response ready(const Target& target) const;
  net::Response metrics(const net::Request& request);
  void reload(net::Responder respond);
  net::Response change_component(const net::Request& request, const std::string& name) const;
  void put_lease(StreamKey key, const std::string& body, net::Responder respond);
  void delete_lease(StreamKey key, const Target& target, const std::string& body,
                    net::Responder respond);

  ApiPorts ports_;
  AlertRoutes alert_routes_{ports_};
  EventRoutes event_routes_{ports_};
  PositionRoutes position_routes_{ports_};
  PositionSourceRoutes source_routes_{ports_};
  std::string version_;
  Gatekeeper gate_;
  Guard guard_;
  std::uint64_t streams_left_out_ = 0;  ///< of the metrics, by their cap
};

}  // namespace feedwatch::api
