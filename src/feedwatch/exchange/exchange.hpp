#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/exchange/desk.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::exchange {

struct Options {
  std::string venue;  ///< "binance-usdm", "bybit-linear"
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;           ///< 0: the kernel chooses
  std::string cert_file, key_file;  ///< PEM; both set: wss and https
  std::vector<std::string>
      symbols;             ///< of the model; empty: BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT
  std::uint32_t rate = 5;  ///< updates per second and symbol
  std::uint64_t seed = 1;
  std::string replay;  ///< a capture instead of the model
  double speed = 1.0;
  bool loop = false;
  bool restamp = false;  ///< see Replay
  std::vector<FaultSpec> faults;
  bool enforce_limits = false;  ///< the venue's published limits, see DeskOptions
  Duration ban = 120s;
  std::optional<Duration> server_ping;
  Duration idle_limit = 10min;
};

/// The fake exchange: one venue on one port, WebSocket and REST by the venue's own codec, faults by
/// POST /control (loopback peers only; GET /control shows what is going on).
///
/// start() listens; destruction drops every socket and frees the port. Any number in one process.
/// The reactor's thread only, and destroyed before the reactor.
class Exchange final : private DeskPort {
 public:
  /// Errors: unknown venue, unreadable capture, port in use, a fault that names what is not there.
  static Result<std::unique_ptr<Exchange>> start(net::Reactor& reactor, const Options& options);
  ~Exchange() override;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  std::uint16_t port() const { return server_->local_port(); }
  std::string ws_url() const;    ///< base URL for Venue::dial_url
  std::string rest_url() const;  ///< base URL of the REST, and of /control

  /// The same as POST /control.
  Result<FaultId> add_fault(FaultSpec spec);
  bool clear_fault(FaultId id);
  std::size_t clear_all_faults();
  const Desk& desk() const { return *desk_; }

 private:
  Exchange(net::Reactor& reactor, const Options& options);
  Result<void> open(const Options& options);
  Result<void> listen(const Options& options);

  net::UpgradeDecision on_upgrade(const net::Request& request);
  void on_open(const Desk::Dial& dial, std::shared_ptr<net::WsConnection> connection);
  void on_request(net::Request request, net::Responder respond);
  net::Response control(const net::Request& request);
  net::Response command(const net::Request& request);

  bool send_text(PeerId peer, std::string_view text) override;
  void send_ping(PeerId peer) override;
  void send_pong(PeerId peer, std::string_view payload) override;
  void close(PeerId peer, std::uint16_t code, std::string_view reason) override;
  void pause(PeerId peer, bool paused) override;
  void reset(PeerId peer) override;

  net::WsConnection* find(PeerId peer);
  MonoTime now() const { return reactor_.clock().now(); }
  void arm();

  net::Reactor& reactor_;
  std::string address_;
  bool tls_ = false;
  std::unique_ptr<Desk> desk_;
  std::map<PeerId, std::shared_ptr<net::WsConnection>> connections_;
  std::unique_ptr<Wakeup> wakeup_;
  std::unique_ptr<net::HttpServer> server_;  ///< last: its callbacks use all of the above
};

}  // namespace feedwatch::exchange
