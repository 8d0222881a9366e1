#pragma once

#include <string>

#include "feedwatch/api/server.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// What is served below /v1/positions, and /v1/decisions. One thread (the control's). Ports outlive
/// it.
class PositionRoutes {
 public:
  explicit PositionRoutes(const ApiPorts& ports) : ports_(ports) {}

  /// Whether the path is one of these.
  static bool serves(const Target& target);
  void handle(const Target& target, const net::Request& request, net::Responder respond);

 private:
  net::Response handle_positions(const Target& target, const net::Request& request);
  void decisions(const Target& target, net::Responder respond) const;
  net::Response answer_decision(const Target& target, const std::string& body);
  net::Response positions(const Target& target) const;
  template <class Chosen>
  std::string page_behind(const PositionKey& after, std::size_t limit, const Chosen& chosen) const;
  net::Response one_position(const Target& target) const;
  net::Response put(const std::string& id, const std::string& body);
  net::Response close(const Target& target);
  /// The position a path means: by its id, and where that is not enough by ?venue= and ?symbol=.
  std::expected<PositionKey, net::Response> named(const Target& target) const;
  std::string json_of(const engine::PositionView& view) const;

  const ApiPorts& ports_;
};

}  // namespace feedwatch::api
