#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/sim/event_log.hpp"
#include "feedwatch/sim/fault.hpp"
#include "feedwatch/sim/invariants.hpp"
#include "feedwatch/sim/market.hpp"
#include "feedwatch/sim/network.hpp"
#include "feedwatch/sim/tick_series.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::sim {

/// A venue as a scenario describes it.
struct VenueSetup {
  std::string name;
  const venues::Venue* client = nullptr;    ///< outlives the world
  const venues::VenueSide* side = nullptr;  ///< outlives the world
  std::vector<std::string> streams;         ///< "BTCUSDT/mark": what the monitor is configured with
  std::vector<std::string> symbols;         ///< what the venue trades
  Duration event_every{};                   ///< event channels: how often they move; zero = never
  bool refuse_unknown = false;              ///< refuse a subscription of a symbol it does not trade
  bool required = true;
  std::size_t lines = 1;  ///< on which the monitor carries each stream
  Distance distance;
};

/// Trades of a real market, which one symbol of a venue follows; kinds without an ask only.
struct PlayedSeries {
  static constexpr Duration pause = 1s;  ///< between its end and its beginning again

  std::string symbol;
  Kind kind = Kind::last;
  std::shared_ptr<const TickSeries> series;
  bool again = false;  ///< from its beginning, whenever it has ended
};

/// One explicit message of a scenario.
struct OneMessage {
  std::string symbol;
  Kind kind = Kind::last;
  std::optional<Prices> prices;      ///< absent = a message without the field
  std::optional<std::uint64_t> seq;  ///< absent = the next one
  Duration stamp_offset{};           ///< added to the venue's stamps
};

/// An exchange in virtual time: accepts connections, parses what the client really sends, and says
/// through the venue's own encode what such an exchange would say, unless a fault forbids it.
///
/// Keeps count of what a real venue would punish: dials and client messages.
class VenueModel final : public Server {
 public:
  struct Parts {
    VirtualClock& clock;
    EventQueue& queue;
    EventLog& log;
    Network& network;
  };
  VenueModel(VenueSetup setup, Parts parts, std::uint64_t seed);

  const VenueSetup& setup() const { return setup_; }
  /// Begins to publish; once.
  void start();
  /// Adds a fault from now on; `once` faults happen now.
  void inject(Fault fault);
  /// Ends every active fault, those of one symbol, or those of one type.
  void restore(std::optional<FaultType> type, const std::string& symbol);
  void set_price(const std::string& symbol, Kind kind, const Prices& prices);
  void unpin(const std::string& symbol, Kind kind);
  /// What it trades at now; absent when it trades no such symbol.
  std::optional<Prices> price(const std::string& symbol, Kind kind) const;
  void send(const OneMessage& message);
  /// The market is as the series was, which begins now. What others do to the price lasts until the
  /// next trade.
  void play(const PlayedSeries& played) { play(played, 0, clock_.now()); }

  TcpAnswer on_dial() override;
  UpgradeAnswer on_upgrade(ConnId conn, std::string_view target) override;
  void on_open(ConnId conn) override;
  void on_frame(ConnId conn, FrameType type, std::string_view payload) override;
  void on_gone(ConnId conn) override;
  bool deaf(ConnId conn) const override;
  std::optional<std::expected<HttpResponse, std::string>> on_rest(std::string_view target) override;

  /// What the checkers look at.
  struct Unsubscribed {
    MonoTime at{};
    std::string symbol;
    bool listed = true;
  };
  struct Record {
    std::vector<MonoTime> dials;   ///< opened, refused or left hanging
    std::vector<MonoTime> opened;  ///< those it answered: what its own books count
    std::vector<Ban> bans;         ///< told to whoever dialled
    std::vector<MonoTime> rest;    ///< requests, answered or not, as often as they count
    std::vector<Ban> rest_bans;
    std::vector<Unsubscribed> unsubscribed;
    std::optional<MonoTime> queued;    ///< since when data may have waited inside it
    std::optional<MonoTime> troubled;  ///< since when it is not, or may not be, as a venue should
    /// Of one connection within the sheet's window.
    std::size_t most_messages = 0;
    std::size_t most_unasked = 0;  ///< without pongs, which are owed and cannot be put off
    std::uint64_t connections = 0;
    std::uint64_t subscribes = 0;  ///< topics asked for
    std::uint64_t messages = 0;    ///< data messages sent
  };
  const Record& record() const { return record_; }
  /// Subscribed at this moment, over all connections.
  std::size_t topics() const;
  /// Whether the venue's stamps are wrong at the moment.
  bool clock_off() const;

 private:
  static constexpr std::uint64_t first_seq = 1000;

  struct Subscribed {
    MonoTime at{};
    bool served = true;
    bool sent = false;
    std::map<Kind, Prices> previous;
  };
  struct Session {
    std::string route;
    std::uint64_t number = 0;  ///< counted from the venue's first connection
    MonoTime opened{};
    MonoTime last_pong{};
    MonoTime queued_until{};                ///< when the data said so far has left the venue
    std::vector<venues::Topic> url_topics;  ///< named in the URL, served once open
    std::map<venues::Topic, Subscribed> topics;
    std::deque<std::pair<MonoTime, bool>> client_messages;  ///< and whether it is a pong
  };
  struct Update {
    std::optional<Prices> only;  ///< one explicit price instead of the market's
    bool empty = false;
    std::optional<std::uint64_t> seq;
    Duration stamp_offset{};
  };

  const venues::ChannelSheet& channel(std::uint8_t index) const;
  const Fault* fault(FaultType type) const;
  const Fault* fault(FaultType type, std::string_view symbol) const;
  bool silenced(const Session& session, const venues::Topic& topic, const Subscribed& sub) const;
  Duration moves_every(const venues::ChannelSheet& sheet) const;
  void schedule_channel(std::uint8_t index, Duration period, bool repeats, MonoTime at);
  void publish(std::uint8_t index, bool repeats);
  void publish_symbol(std::uint8_t index, const std::string& symbol, const Update& update);
  void play(const PlayedSeries& played, std::size_t next, MonoTime begin);
  void trade(const PlayedSeries& played, const Decimal& price);
  void send_topic(ConnId conn, Session& session, const venues::Topic& topic, Subscribed& sub,
                  const Update& update);
  std::uint64_t trades_of(const std::string& symbol) const;
  venues::MarketState state_of(const venues::Topic& topic, Subscribed& sub, const Update& update,
                               std::vector<TrueTick>& truth);
  void send_data(ConnId conn, std::string text, std::vector<TrueTick> truth);
  void on_request(ConnId conn, std::string_view text);
  void acknowledge(ConnId conn, const venues::ClientMessage& message);
  void subscribe(ConnId conn, venues::ClientMessage message);
  void add_topic(ConnId conn, Session& session, const venues::Topic& topic);
  bool served(ConnId conn, const venues::Topic& topic);
  void count_message(Session& session, bool pong);
  void trouble();
  void heartbeat(ConnId conn);
  void close_all(int code, std::uint64_t only);
  void say_all(const std::string& text);
  void announce_close(Duration ahead);
  void log(std::string_view what);
  WallTime venue_wall() const;

  VenueSetup setup_;
  VirtualClock& clock_;
  EventQueue& queue_;
  EventLog& log_;
  Network& network_;
  std::map<std::string, MarketSymbol, std::less<>> market_;
  std::map<venues::Topic, std::uint64_t> seqs_;
  std::map<venues::Topic, MonoTime> moved_;  ///< when a repeating channel last said something new
  std::map<ConnId, Session> sessions_;
  std::vector<Fault> faults_;
  std::map<venues::Topic, ConnId> starved_;  ///< acknowledged and not served, by which connection
  Record record_;
};

}  // namespace feedwatch::sim
