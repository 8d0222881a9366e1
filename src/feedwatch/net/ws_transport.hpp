#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

class Reactor;

struct WsTransportOptions {
  std::size_t max_message = 64U << 20U;     ///< whatever DialTarget::max_message asks for
  std::size_t max_write_queue = 4U << 20U;  ///< bytes not yet taken by the kernel; beyond: dropped
  std::size_t read_buffer = 256U << 10U;    ///< grows for a larger frame and shrinks again
  Duration close_limit = 1s;                ///< how long close() waits for the answer
  std::string user_agent = "feedwatch";
};

/// Transport over real sockets: ws and wss, TLS 1.2 or later, certificate chain and host name
/// always verified (system trust store and DialTarget::ca_file).
///
/// Frames of one read arrive in one on_read, control frames among them in order. Nothing is
/// answered by itself except a close frame, and nothing is timed out except the answer to close():
/// that is the owner's business. Messages of a server that may compress (DialTarget::offer_deflate)
/// arrive inflated; ours go as they are. Protocol violations by the peer end the connection with
/// close code 1002, 1007 or 1009; CloseReport::detail says which rule was broken. Read stamps are
/// those of semantics §2. Unknown or ended connections in calls are ignored. The reactor's thread
/// only. Destruction (not from inside one of its own events) drops all sockets; no event follows.
class WsTransport final : public Transport {
 public:
  WsTransport(Reactor& reactor, Resolver& resolver, FrameSink& sink,
              WsTransportOptions options = {});
  ~WsTransport() override;
  WsTransport(const WsTransport&) = delete;
  WsTransport& operator=(const WsTransport&) = delete;

  void dial(ConnId conn, const DialTarget& target) override;
  void send_text(ConnId conn, std::string_view text) override;
  void send_ping(ConnId conn, std::string_view payload) override;
  void send_pong(ConnId conn, std::string_view payload) override;
  void close(ConnId conn, std::uint16_t code) override;
  void abort(ConnId conn) override;

  std::size_t connections() const;  ///< dialled and not yet ended

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::net
