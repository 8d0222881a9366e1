#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::sim {

enum class TcpAnswer : std::uint8_t { open, hang, refuse };

struct UpgradeAnswer {
  enum class Type : std::uint8_t { accept, hang, refuse } type = Type::accept;
  int status = 101;
  std::optional<Duration> retry_after;
};

/// Whoever listens behind a host name of the simulated network.
class Server {
 public:
  virtual ~Server() = default;
  virtual TcpAnswer on_dial() = 0;
  virtual UpgradeAnswer on_upgrade(ConnId conn, std::string_view target) = 0;
  virtual void on_open(ConnId conn) = 0;
  virtual void on_frame(ConnId conn, FrameType type, std::string_view payload) = 0;
  virtual void on_gone(ConnId conn) = 0;
  /// Whether nothing passes on this connection, in either direction, and nobody says so.
  virtual bool deaf(ConnId conn) const = 0;
  /// nullopt = no answer will ever come.
  virtual std::optional<std::expected<HttpResponse, std::string>> on_rest(
      std::string_view target) = 0;
};

}  // namespace feedwatch::sim
