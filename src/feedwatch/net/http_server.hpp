#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/net/ws_server.hpp"

namespace feedwatch::net {

class Reactor;

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  ///< as sent: "GET"
  std::string target;  ///< path and query as sent: "/v1/streams?level=stale"
  Headers headers;     ///< names in lower case, in the order sent
  std::string body;
  std::string peer;  ///< "127.0.0.1:51234"

  /// First header of that (lower case) name, empty if there is none.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;   ///< content-length, date and connection are the server's business
  std::string body;  ///< not sent in answer to HEAD, its length is
};

/// Answers one request, once, on the reactor's thread, at any later time; ignored when the client
/// has gone. Dropped uncalled it answers 500.
using Responder = std::move_only_function<void(Response)>;

struct AcceptUpgrade {
  /// Called once the 101 is queued; sets the callbacks. The server keeps the connection alive.
  std::function<void(std::shared_ptr<WsConnection>)> on_open;
};
struct NeverAnswer {};      ///< keeps the socket and stays silent
struct ResetConnection {};  ///< TCP reset
/// A Response refuses the upgrade.
using UpgradeDecision = std::variant<AcceptUpgrade, Response, NeverAnswer, ResetConnection>;

struct HttpHandlers {
  std::function<void(Request, Responder)> on_request;
  /// Asked for every well-formed WebSocket upgrade; without it upgrades are refused with 404.
  std::function<UpgradeDecision(const Request&)> on_upgrade;
  /// Asked for every new socket before anything is read; false resets it. Optional.
  std::function<bool(const std::string& peer)> on_connect;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";         ///< numeric IPv4 or IPv6
  std::uint16_t port = 0;                    ///< 0: the kernel chooses, see local_port()
  std::string cert_file, key_file;           ///< PEM; both set: TLS
  std::size_t max_connections = 1024;        ///< further ones are closed at once and counted
  std::size_t max_headers = 16U << 10U;      ///< beyond: 431
  std::size_t max_body = 1U << 20U;          ///< beyond: 413
  std::size_t max_message = 1U << 20U;       ///< WebSocket, beyond: 1009
  std::size_t max_write_queue = 16U << 20U;  ///< WebSocket, see WsConnection::send_text
  Duration request_limit = 10s;  ///< from accept or first byte to the last byte, else 408
  Duration idle_limit = 60s;     ///< keep-alive without a request
  Duration write_limit = 30s;    ///< a response of which nothing can be sent for that long
};

struct HttpServerStats {
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;  ///< max_connections
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  ///< malformed, too large or too slow
};

/// HTTP/1.1 and WebSocket server on one port, plain or TLS: keep-alive, HEAD, limits on everything.
/// Host, Origin and token checks are the handler's. The reactor's thread only. Destruction (not
/// from inside one of its own callbacks) drops all sockets and calls nothing afterwards.
class HttpServer {
 public:
  /// Binds and listens. The error names the address, the reason and what to do:
  /// "listen on 127.0.0.1:8420: address already in use (stop the other program or choose …)".
  static Result<std::unique_ptr<HttpServer>> listen(Reactor& reactor, HttpServerOptions options,
                                                    HttpHandlers handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t local_port() const;
  std::size_t connections() const;
  HttpServerStats stats() const;
  /// Takes no further connections; those that stand stay.
  void stop_accepting();

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// The standard phrase of a status: 404 → "Not Found", "" if unknown.
std::string_view reason_phrase(int status);

}  // namespace feedwatch::net
