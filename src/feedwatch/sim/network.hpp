#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/sim/event_log.hpp"
#include "feedwatch/sim/host.hpp"
#include "feedwatch/sim/server.hpp"
#include "feedwatch/sim/truth.hpp"

namespace feedwatch::sim {

/// One way across the network takes `latency` plus up to `jitter`; order is kept per connection and
/// direction.
struct Distance {
  Duration latency = 10ms;
  Duration jitter = 2ms;
};

/// The Transport and HttpFetch ports over virtual links. Decides nothing but delays: what a venue
/// answers is its Server's business, what waits while the host is paused is the Host's.
class Network final : public Transport, public HttpFetch {
 public:
  struct Parts {
    VirtualClock& clock;
    EventQueue& queue;
    Host& host;
    EventLog& log;
  };
  Network(Parts parts, std::uint64_t seed);

  void set_sink(FrameSink* sink) { sink_ = sink; }
  /// Called for every tick of every frame at the moment the host reads it, before the monitor does.
  void set_truth(std::function<void(const TrueTick&)> truth) { truth_ = std::move(truth); }
  void add_server(std::string host_name, Server* server, Distance distance);

  // ---- the monitor's side ----
  void dial(ConnId conn, const DialTarget& target) override;
  void send_text(ConnId conn, std::string_view text) override;
  void send_ping(ConnId conn, std::string_view payload) override;
  void send_pong(ConnId conn, std::string_view payload) override;
  void close(ConnId conn, std::uint16_t code) override;
  void abort(ConnId conn) override;
  void fetch(HttpRequest request, Done done) override;

  // ---- the venues' side ----
  void server_send(ConnId conn, FrameType type, std::string payload,
                   std::vector<TrueTick> truth = {});
  void server_close(ConnId conn, std::uint16_t code);
  void server_reset(ConnId conn);

  /// Hands everything that has arrived to the monitor, connection by connection.
  void drain();
  std::uint64_t dials() const { return dials_; }

 private:
  struct Arrived {
    FrameType type;
    std::string bytes;  ///< payload and frame_padding zero bytes
    std::vector<TrueTick> truth;
  };
  using Item = std::variant<DialPhase, Arrived, CloseReport>;
  struct Link {
    Server* server = nullptr;
    Distance distance;
    std::string target;
    DialPhase phase = DialPhase::resolving;
    bool accepted = false;  ///< the venue has a session for it
    bool closing = false;   ///< we closed or aborted
    bool aborted = false;
    MonoTime last_down{};
    MonoTime last_up{};
    std::deque<Item> inbox;
  };

  Link* find(ConnId conn);
  Duration travel(const Link& link);
  MonoTime down(Link& link);
  MonoTime up(Link& link);
  void arrive(ConnId conn, MonoTime at, Item item);
  void drain(ConnId conn);
  void read(ConnId conn, std::vector<Arrived> frames);
  void end(ConnId conn, CloseReport report);
  void connect(ConnId conn);
  void upgrade(ConnId conn);
  void client_frame(ConnId conn, FrameType type, std::string_view payload);
  void log(ConnId conn, std::string_view what);
  Server* server_of(std::string_view url, std::string& target, Distance& distance);

  VirtualClock& clock_;
  EventQueue& queue_;
  Host& host_;
  EventLog& log_;
  Random random_;
  FrameSink* sink_ = nullptr;
  std::function<void(const TrueTick&)> truth_;
  std::map<std::string, std::pair<Server*, Distance>, std::less<>> servers_;
  std::map<ConnId, Link> links_;
  std::uint64_t dials_ = 0;
};

}  // namespace feedwatch::sim
