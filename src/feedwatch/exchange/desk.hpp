#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/exchange/fault_set.hpp"
#include "feedwatch/exchange/limits.hpp"
#include "feedwatch/exchange/market.hpp"
#include "feedwatch/exchange/publisher.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::exchange {

/// How the desk reaches its clients. Called on the desk's thread; must not call back into the desk.
class DeskPort {
 public:
  virtual ~DeskPort() = default;
  /// False: the client lags too far behind and nothing was queued.
  virtual bool send_text(PeerId peer, std::string_view text) = 0;
  virtual void send_ping(PeerId peer) = 0;
  virtual void send_pong(PeerId peer, std::string_view payload) = 0;
  virtual void close(PeerId peer, std::uint16_t code, std::string_view reason) = 0;
  /// Half-open: nothing is read or written while paused, the socket stays.
  virtual void pause(PeerId peer, bool paused) = 0;
  virtual void reset(PeerId peer) = 0;
};

struct DeskOptions {
  const venues::VenueSide* side = nullptr;  ///< required
  /// Enforce the sheet's connection budget (refusals for `ban`) and message rate (close 1008).
  bool enforce_limits = false;
  Duration ban = 120s;
  int ban_status = 429;
  /// Protocol pings of the server; absent = the sheet's server_heartbeat; zero = none.
  std::optional<Duration> server_ping;
  Duration idle_limit = 10min;  ///< a connection that says nothing for so long is closed
  /// Subscribing a symbol that is not listed is refused (as Bybit does), else acknowledged and
  /// never fed (as Binance does).
  bool refuse_unknown_symbols = false;
  std::size_t max_topics = 4096;   ///< per connection
  std::size_t max_queued = 65536;  ///< messages waiting by queue_delay, per connection
};

struct DeskCounters {
  std::uint64_t dials = 0;  ///< upgrade requests for a known route
  std::uint64_t dials_refused = 0;
  std::uint64_t dials_ignored = 0;  ///< upgrade never answered
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t subscribes = 0, unsubscribes = 0, text_pings = 0, unknown = 0;
  std::uint64_t protocol_pings = 0, protocol_pongs = 0;
  std::uint64_t refusals = 0;  ///< requests answered with an error
  std::uint64_t data_sent = 0;
  std::uint64_t data_dropped = 0;   ///< by faults
  std::uint64_t queue_dropped = 0;  ///< by max_queued
  std::uint64_t slow_closed = 0;    ///< clients that did not read
  std::uint64_t idle_closed = 0;
  std::uint64_t limit_violations = 0;  ///< message rate, enforced or not
  std::uint64_t rest_requests = 0;
  std::uint32_t max_messages_per_second = 0;  ///< of any connection, control frames included
};

/// One connection as GET /control shows it.
struct PeerView {
  PeerId id;
  std::string route;
  std::string address;
  std::vector<venues::Topic> topics;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint32_t max_messages_per_second = 0;
  bool half_open = false;
  std::size_t queued = 0;
};

struct RestAnswer {
  int status = 404;
  std::optional<Duration> retry_after;
  std::string body;
};

/// One venue's server without its sockets: subscriptions, cadence, answers, limits and faults.
///
/// Told the events and the time; acts through DeskPort; asks for on_time at next_deadline(). Lives
/// from Exchange::start to stop. Not thread-safe: the reactor's thread only. Owns market and
/// source.
class Desk final : private MarketListener {
 public:
  Desk(const DeskOptions& options, DeskPort& port, std::unique_ptr<Market> market,
       std::unique_ptr<MarketSource> source, const WallAnchor& anchor, MonoTime now);

  /// An upgrade request. Route absent = 404.
  struct Dial {
    std::optional<std::string> route;
    std::vector<venues::Topic> topics;  ///< named in the URL
    DialVerdict verdict;
  };
  Dial on_dial(std::string_view target, MonoTime now);
  /// The id the next on_open will give.
  PeerId next_peer() const { return PeerId{next_peer_}; }
  PeerId on_open(const Dial& dial, std::string_view address, MonoTime now);
  void on_closed(PeerId peer, MonoTime now);
  void on_text(PeerId peer, std::string_view text, MonoTime now);
  void on_ping(PeerId peer, std::string_view payload, MonoTime now);
  void on_pong(PeerId peer, MonoTime now);
  RestAnswer on_rest(std::string_view target, MonoTime now);

  MonoTime next_deadline() const;
  void on_time(MonoTime now);

  Result<FaultId> add_fault(FaultSpec spec, MonoTime now);
  bool clear_fault(FaultId id, MonoTime now);
  std::size_t clear_all_faults(MonoTime now);

  const FaultSet& faults() const { return faults_; }
  const DeskCounters& counters() const { return counters_; }
  /// When the newest of counters().dials and rest_requests came, oldest first.
  const std::deque<MonoTime>& dial_times() const { return dial_times_; }
  const std::deque<MonoTime>& rest_times() const { return rest_times_; }
  std::uint64_t bans() const { return faults_.bans() + gate_.bans(); }
  std::vector<PeerView> peers() const;
  const Market& market() const { return *market_; }
  const MarketSource& source() const { return *source_; }
  const venues::VenueSide& side() const { return *options_.side; }
  const venues::VenueSheet& sheet() const { return options_.side->sheet(); }

 private:
  struct Subscription {
    PeerId peer;
    venues::Topic topic;
    std::size_t symbol = 0;
    bool delivers = true;
    TopicPublisher publisher;
    MonoTime armed = never_mono;  ///< earliest entry in due_
  };
  struct Queued {
    venues::Topic topic;
    std::string text;
  };
  /// Messages by the moment they are due, then in the order published. A topic's own order is kept:
  /// none overtakes what waits of it already, whatever its own delay.
  using DelayQueue = std::multimap<MonoTime, Queued>;
  struct Held {
    MonoTime last_due;
    std::size_t messages = 0;
  };
  /// A topic without a symbol: it beats for its line.
  struct LineBeat {
    std::uint64_t subscription = 0;
    MonoTime due;
  };
  struct Peer {
    std::string route;
    std::string address;
    MessageMeter meter;
    std::map<venues::Topic, std::uint64_t> topics;  ///< to subscriptions_
    DelayQueue queue;
    std::map<venues::Topic, Held> held;  ///< what the queue holds of each topic
    std::map<venues::Topic, LineBeat> line_beats;
    MonoTime next_ping = never_mono;
    std::uint64_t heartbeats = 0;
    MonoTime last_heard;
    MonoTime close_at = never_mono;
    std::uint16_t close_code = 1000;
    std::optional<FaultId> half_open;
    std::uint64_t sent = 0;
  };
  struct OldTickers {
    std::vector<SymbolState> states;
    WallTime at;
  };

  // clients (desk.cpp)
  void on_update(const MarketUpdate& update, MonoTime now) override;
  bool heard(Peer& peer, PeerId id, MonoTime now);
  void check_topics(venues::ClientMessage& message, const Peer& peer) const;
  void subscribe(PeerId id, Peer& peer, const venues::Topic& topic, MonoTime now);
  void unsubscribe(PeerId id, Peer& peer, const venues::Topic& topic);
  void forget(std::uint64_t subscription);
  void serve_peer(PeerId id, Peer& peer, MonoTime now);
  void heartbeat(PeerId id, Peer& peer, MonoTime now);
  void beat(PeerId id, Peer& peer, MonoTime now);

  // data (desk_data.cpp)
  void arm(std::uint64_t id, Subscription& sub);
  void publish_due(MonoTime now);
  void publish(std::uint64_t id, Subscription& sub, MonoTime now);
  void pass_on(std::uint64_t id, Subscription& sub, const MarketUpdate& update, MonoTime now);
  std::string encode(const Subscription& sub, const Emission& emission, const DataVerdict& verdict,
                     MonoTime now);
  SymbolState view_of(const Subscription& sub, const DataVerdict& verdict);
  DataVerdict judge(std::uint64_t id, const Subscription& sub, const Peer& peer);
  void deliver(const Subscription& sub, Peer& peer, std::string text, Duration delay, MonoTime now);
  static std::string take(Peer& peer, DelayQueue::iterator waiting);
  void flush(PeerId id, Peer& peer, MonoTime now);
  void send(PeerId id, Peer& peer, std::string_view text);

  // faults (desk_faults.cpp)
  void apply_fault_changes(MonoTime now);
  void begin(const FaultChange& change, MonoTime now);
  void finish(const FaultChange& change, MonoTime now);
  bool in_scope(const FaultSpec& spec, const Peer& peer) const;
  std::vector<PeerId> befallen(const FaultSpec& spec) const;
  void release(PeerId id, Peer& peer, const FaultSpec& spec);
  void restart_sequences(const FaultSpec& spec, MonoTime now);
  void announce_close(const FaultSpec& spec, MonoTime now);
  void say_status(const FaultSpec& spec, bool trading, MonoTime now);
  void tell(PeerId id, const Peer& peer, const std::string& text);
  bool hears_status(const Peer& peer) const;
  std::string greeting(const Peer& peer, MonoTime now) const;

  DeskOptions options_;
  DeskPort& port_;
  std::unique_ptr<Market> market_;
  std::unique_ptr<MarketSource> source_;
  WallAnchor anchor_;
  MonoTime grid_;
  FaultSet faults_;
  DialGate gate_;
  DeskCounters counters_;
  std::deque<MonoTime> dial_times_, rest_times_;

  std::map<PeerId, Peer> peers_;
  std::unordered_map<std::uint64_t, Subscription> subscriptions_;
  std::vector<std::vector<std::uint64_t>> by_symbol_;  ///< subscriptions in the order made
  using Due = std::pair<MonoTime, std::uint64_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::set<std::pair<std::size_t, std::uint8_t>> captured_;  ///< (symbol, channel) a capture feeds
  std::map<std::pair<FaultId, std::size_t>, SymbolState> frozen_;
  std::map<FaultId, OldTickers> old_tickers_;
  std::uint64_t next_peer_ = 1;
};

}  // namespace feedwatch::exchange
