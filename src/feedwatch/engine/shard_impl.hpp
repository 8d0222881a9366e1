#pragma once

// Private to shard*.cpp: what a shard holds, split over files by concern.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/venue_meter.hpp"
#include "feedwatch/feed/port.hpp"
#include "feedwatch/feed/prober.hpp"
#include "feedwatch/feed/venue_feed.hpp"
#include "feedwatch/intake/line_merge.hpp"
#include "feedwatch/model/symbol_table.hpp"

namespace feedwatch::engine {

constexpr Duration instruments_every = 10min;
constexpr Duration instruments_retry = 10s;
constexpr Duration rest_patience_first = 2min;
constexpr Duration rest_patience_max = 1h;
constexpr Duration instruments_while_excusing = 45s;
constexpr Duration offsets_every = 1min;
constexpr Duration rest_told_every = 10s;
/// A clock that has stopped for a moment is back before anybody needs REST's price.
constexpr Duration bridge_after = 5s;
constexpr std::size_t max_instrument_pages = 20;
/// Ticks applied at once: so many cells fit a core's second cache many times over.
constexpr std::size_t most_pending = 64;
/// Messages decoded before their ticks go on, and ticks whose symbols are looked up before: memory
/// answers for all of them together.
constexpr std::size_t most_messages = 8;
constexpr std::size_t most_routed = 32;
constexpr std::uint32_t lines_per_venue = 10'000;

/// Where the ticks of one kind of a symbol go. One line of the cache: it is read for every tick.
struct alignas(64) Route {
  std::optional<StreamId> stream;
  feed::TopicId topic{};
  /// What the feed said last of the topic, and in which span it says the same again; 0 = in none.
  feed::Session::Data told{};
  std::uint64_t told_in = 0;
};
static_assert(sizeof(Route) == 64);

struct SymbolEntry {
  std::array<Route, kind_count> routes;   ///< by kind
  std::optional<std::uint64_t> trade_id;  ///< by the venue's count, where a beat tells it

  bool empty() const {
    for (const Route& route : routes) {
      if (route.stream) return false;
    }
    return true;
  }
};

/// One stream as the shard knows it beside the monitor.
struct StreamEntry {
  std::shared_ptr<const StreamInfo> info;
  std::size_t venue = 0;
  feed::TopicId topic;
  bool event_channel = false;
  bool configured = false;
  std::map<std::string, MonoTime> leases;  ///< owner → expiry (never_mono = none)
  StreamStatus status;                     ///< newest; put on the board as it changes
  Reason feed_reason = Reason::ok;         ///< what the feed knows, and its words
  std::string feed_detail;
  Reason probe_reason = Reason::ok;  ///< what REST says of its silence
  std::string probe_detail;
  std::string rest_price;             ///< newest one told, for people
  std::uint32_t suspected_epoch = 0;  ///< which subscription was suspected last
};

inline std::string rest_url_of(const VenueOptions& venue) {
  return venue.rest_url.empty() ? std::string(venue.venue->sheet().rest_url) : venue.rest_url;
}

/// Whether a configured stream ("BTCUSDT/mark") is one, and no pattern.
inline bool is_exact(std::string_view text) {
  return glob_rank(text.substr(0, text.rfind('/'))).exact;
}

inline bool is_past_limit(Level level) {
  return level == Level::degraded || level == Level::stale;
}

struct Shard::Impl {
  class VenuePort;

  /// One venue: its feed, the symbols it carries, what REST said about them.
  struct Unit {
    VenueOptions options;
    std::unique_ptr<VenuePort> port;
    std::unique_ptr<feed::VenueFeed> feed;
    SymbolTable symbols;
    std::vector<SymbolEntry> symbol_entries;  ///< by number
    std::map<venues::Topic, feed::TopicId> topics;
    std::map<feed::TopicId, std::vector<StreamId>> streams;  ///< of a topic, in order added
    std::vector<std::string> globs;                          ///< configured patterns with a star
    std::optional<std::map<std::string, bool, std::less<>>> instruments;  ///< symbol → trading
    std::map<std::string, bool, std::less<>> loading;                     ///< pages read so far
    std::size_t pages = 0;
    std::string next_page;  ///< the page that is asked for next; empty = the first
    MonoTime next_fetch = never_mono;
    MonoTime fetch_not_before{};  ///< REST asked for patience, or was asked a moment ago
    MonoTime denied_until{};      ///< REST told us off until then
    Duration rest_patience = rest_patience_first;  ///< where REST refuses and names no time
    bool fetching = false;
    feed::Prober prober{{}};
    std::map<std::string, feed::Prober::List, std::less<>> price_lists;  ///< by URL
    VenueStatus told;                                                    ///< as put on the board
    std::set<LineId> lines;  ///< those the board has been told of
    /// No longer configured: it stays for the connections that still close, and for answers of REST
    /// that still come.
    bool gone = false;
    std::shared_ptr<VenueMeter> meter;
    std::optional<feed::RestStatus> rest;  ///< absent: it is not asked
    MonoTime rest_told{};

    /// nullptr when no stream has the symbol.
    SymbolEntry* entry_of(std::string_view symbol) {
      const SymbolTable::Number number = symbols.find(symbol);
      return number == SymbolTable::none ? nullptr : &symbol_entries[number];
    }
  };

  struct Connection {
    std::size_t unit = 0;
    std::unique_ptr<venues::Decoder> decoder;
  };

  Impl(ShardOptions shard_options, ShardPorts shard_ports, SharedBoard shared);

  /// Of a unit, among those of all shards.
  std::size_t number_of(std::size_t unit) const { return unit * options.shards + options.shard; }

  // shard.cpp: life, time
  Unit& add_unit(const VenueOptions& venue);
  Result<void> start();
  /// Its configured streams, its lines, its list of symbols.
  Result<void> begin(Unit& unit, MonoTime now);
  void stop();
  void on_wakeup(MonoTime now);
  /// Hands changes on and arms the one wake-up; the end of every entry from outside.
  void finish(MonoTime now);
  MonoTime next_deadline(MonoTime now);

  // shard_events.cpp: connections, frames, ticks
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp);
  void on_frame(ConnId conn, Connection& connection, const Frame& frame, const ReadStamp& stamp,
                MonoTime now);
  void on_message(ConnId conn, Connection& connection, const Frame& frame, const ReadStamp& stamp,
                  MonoTime now);
  /// Routes the ticks of the messages at the front that hold nothing else, as far as they are known
  /// by their spelling; returns how many messages.
  std::size_t take_ticks(ConnId conn, Connection& connection, std::span<const Frame> frames,
                         const ReadStamp& stamp, MonoTime now);
  void on_ticks(ConnId conn, Unit& unit, std::span<const WireTick> ticks, const ReadStamp& stamp,
                MonoTime now);
  /// By tick, what unit.symbols says of its symbol.
  using Numbers = std::array<SymbolTable::Number, most_routed>;
  static void look_up(const Unit& unit, std::span<const WireTick> ticks, Numbers& numbers);
  void on_tick(ConnId conn, Unit& unit, SymbolTable::Number symbol, const WireTick& wire,
               const ReadStamp& stamp, MonoTime now);
  /// Has the feed say what it knows of the tick's topic: nearly all of a span find it said already.
  /// nullptr when nobody wants the tick any more: who is called then may change much.
  Route* ask(ConnId conn, Unit& unit, SymbolTable::Number symbol, const WireTick& wire,
             MonoTime now);
  /// Something else than a tick comes: what is pending is applied before.
  void begin_span(MonoTime now);
  void apply_pending(MonoTime now);
  void apply_first(ConnId conn, Unit& unit, feed::TopicId topic, MonoTime now);
  /// The first usable data of a subscription: all streams of its topic count from here.
  void begin_epoch(ConnId conn, Unit& unit, feed::TopicId topic, std::uint32_t epoch, MonoTime now);
  void on_undecodable(Unit& unit, const venues::DecodeError& error, MonoTime now);
  void drain_changes(MonoTime now);
  void apply(const StreamChange& change, MonoTime now);
  bool resubscribes_at(const StreamChange& change, const StreamEntry& entry) const;

  // shard_copies.cpp: lines that bring the same streams
  void double_stream(StreamId stream, const VenueOptions& venue, const venues::ChannelSheet& sheet);
  intake::LineMerge* merge_of(StreamId stream);
  /// The tick pending last: it goes on, or it does not.
  void on_copy(ConnId conn, Unit& unit, feed::TopicId topic, const feed::Session::Data& data,
               MonoTime now);
  void prove_copy(ConnId conn, Unit& unit, feed::TopicId topic, const feed::Session::Data& data,
                  MonoTime now);
  /// For the monitor: an epoch of a line that may go on where the one before left off.
  void start_epoch(StreamId stream, std::uint32_t epoch, MonoTime now);
  std::uint8_t primary_of(StreamId stream) const;
  void take_over(StreamId stream, StreamEntry& entry, std::uint8_t copy, std::uint32_t epoch,
                 MonoTime now);
  /// Whether the line that stands by has what the primary owes, and does so from here on.
  bool stands_in(StreamId stream, const StreamEntry& entry, MonoTime since, MonoTime now);
  void review_copies(MonoTime now);
  void review_copies_of(StreamId stream, const StreamEntry& entry, MonoTime now);

  // shard_reload.cpp: another configuration
  void reconfigure(ShardOptions next, MonoTime now);
  /// Leases by stream, to be taken over by what comes in the unit's place.
  using Leases = std::map<StreamKey, std::map<std::string, MonoTime>>;
  Leases retire(Unit& unit, MonoTime now);
  void replace_streams(Unit& unit, const VenueOptions& next, MonoTime now);
  void begin_anew(const VenueOptions& next, const Leases& leases, MonoTime now);

  // shard_streams.cpp: wanting and not wanting
  /// The exact ones among the unit's configured streams; its patterns wait for the list.
  Result<void> want_configured(Unit& unit, MonoTime now);
  Result<StreamId> want(const StreamKey& key, MonoTime now);
  Result<StreamId> add_stream(std::size_t unit, const StreamKey& key, std::uint8_t channel,
                              MonoTime now);
  void drop_if_unwanted(StreamId stream, MonoTime now);
  void remove_stream(StreamId stream, MonoTime now);
  void lease(StreamEntry& entry, const std::string& owner, MonoTime expiry);
  void expire_leases(MonoTime now);
  Result<std::size_t> unit_of(const StreamKey& key) const;
  void set_required(StreamEntry& entry, bool required);
  void set_policies(PolicySet policies, MonoTime now);
  void set_policy(StreamEntry& entry, const Policy& policy, MonoTime now);
  void put(StreamEntry& entry);
  /// Which line carries it, or that none does for good.
  void show_line(StreamEntry& entry);

  // shard_instruments.cpp: which symbols trade
  /// The list, or its next page, when the budget has a request for it.
  void fetch_instruments(std::size_t unit, MonoTime now);
  MonoTime next_instruments(const Unit& unit, MonoTime now) const;
  void on_instruments(std::size_t unit, std::expected<HttpResponse, std::string> response);
  /// Silence may be a halt: ask before it is judged, unless REST was asked a moment ago.
  void ask_before_judging(Unit& unit, MonoTime now);
  void judge_instruments(Unit& unit, MonoTime now);
  void expand_globs(Unit& unit, MonoTime now);
  bool awaits_instruments(const Unit& unit) const;
  /// Tells the venue's state again when its patterns begin or cease to wait for the list.
  void put_expansion(Unit& unit);
  void apply_instrument(Unit& unit, const venues::Topic& topic, feed::TopicId id, MonoTime now);
  /// REST told us off; for how long it is left alone.
  static bool denied(const HttpResponse& response);
  Duration rest_denied(Unit& unit, const HttpResponse& response, MonoTime now);
  /// Keeps what an answer shows of REST itself, and tells it on: what changed at once, else every
  /// ten seconds.
  void note_rest(Unit& unit, const std::expected<HttpResponse, std::string>& response, bool good,
                 MonoTime now);

  // shard_probe.cpp: quiet or dead
  /// REST is asked about the stream from then on, until it ticks.
  void watch(StreamId stream, MonoTime from);
  void leave(StreamId stream, MonoTime now);
  void tell_reason(StreamId stream, StreamEntry& entry, MonoTime now);
  void probe(Unit& unit, MonoTime now);
  feed::Prober::List price_list_of(Unit& unit, const StreamKey& key);
  void ask(Unit& unit, const feed::Prober::Question& question, MonoTime now);
  void on_prices(Unit& unit, const feed::Prober::Question& question, MonoTime asked,
                 const std::expected<HttpResponse, std::string>& response);
  venues::RestPrices read_prices(const Unit& unit, const feed::Prober::Question& question,
                                 std::string_view body) const;
  std::vector<std::optional<feed::Prober::Known>> bridge(const feed::Prober::Question& question,
                                                         const venues::RestPrices& told,
                                                         MonoTime asked);
  void finish_probe(Unit& unit, MonoTime now);
  void act_on(const feed::Prober::Finding& finding, MonoTime now);
  /// A beat that counts trades: quiet and dead are told apart without asking.
  void on_trade_id(Unit& unit, std::string_view symbol, std::uint64_t trade_id, MonoTime now);

  // shard_memory.cpp: budgets across restarts
  void restore_memory(MonoTime now);
  /// Of a venue that has come while we run.
  void restore_memory_of(Unit& unit, MonoTime now);
  void save_memory(MonoTime now);
  /// Whether a group of clocks, "VENUE/…", is of one of this shard's venues.
  bool is_own(std::string_view group) const;
  void restore_offsets(std::string_view venue);
  void save_offsets();

  ShardOptions options;
  ShardPorts ports;
  WallAnchor anchor;
  MonoTime next_beat;  ///< readers elsewhere wait for it; never_mono = there are none
  Monitor monitor;
  std::vector<std::unique_ptr<Unit>> units;
  std::map<StreamId, StreamEntry> streams;
  std::unordered_map<ConnId, Connection> connections;
  std::uint32_t next_conn = 1;
  venues::Decoded decoded;
  std::vector<WireTick> wire_ticks;  ///< of messages that hold nothing else
  bool decoded_well = false;         ///< since the feed was last told of this read's messages
  std::vector<Tick> pending;         ///< ticks of the read being decoded, to be applied in one go
  /// Counts streams that come and go: what was looked up before is to be looked up again.
  std::uint64_t table_changes = 0;
  bool heard = false;  ///< the read being decoded holds more than pongs
  /// Counts what the feed is told beside ticks, and the reads.
  std::uint64_t span = 1;
  std::vector<StreamChange> changes;
  std::vector<feed::Prober::Finding> findings;
  /// By the stream's index, where lines are doubled.
  struct Doubled {
    std::unique_ptr<intake::LineMerge> merge;
    unsigned differ = 0;  ///< which lines, a bit each, as told last
  };
  std::vector<Doubled> doubled;
  std::uint64_t duplicate_ticks = 0;
  std::uint64_t divergences = 0;
  MonoTime next_review = never_mono;
  std::uint64_t unknown_symbols = 0;
  bool running = false;
  bool feeds_dirty = true;  ///< a feed's next deadline may have moved earlier
  bool memory_dirty = false;
  std::string saved_offsets;  ///< of its own venues, as saved last
  MonoTime next_offsets_save = never_mono;
  MonoTime leases_end = never_mono;  ///< no lease ends before
  MonoTime feeds_deadline = never_mono;
  MonoTime armed = never_mono;
  std::shared_ptr<int> alive = std::make_shared<int>(0);  ///< REST answers must not outlive us
};

/// The feed's port: transport calls with fresh ids, stream effects into the monitor.
class Shard::Impl::VenuePort final : public feed::FeedPort {
 public:
  VenuePort(Impl& shard, std::size_t unit) : shard_(shard), unit_(unit) {}

  ConnId dial(const DialTarget& target) override;
  void send_text(ConnId conn, std::string_view text) override;
  void send_ping(ConnId conn, std::string_view payload) override;
  void close(ConnId conn) override;
  void abort(ConnId conn) override;
  void topic_acknowledged(feed::TopicId topic, MonoTime now) override;
  void topic_lost(feed::TopicId topic, MonoTime now) override;
  void copy_lost(feed::TopicId topic, std::uint8_t copy) override;
  void topic_taken_over(feed::TopicId topic, std::uint8_t copy, std::uint32_t epoch,
                        MonoTime now) override;
  void topic_reason(feed::TopicId topic, Reason reason, std::string_view detail,
                    MonoTime now) override;
  void topic_retired(feed::TopicId topic, bool retired, MonoTime now) override;
  void repair_changed(feed::TopicId topic, const RepairStatus& repair) override;
  void repair_exhausted(feed::TopicId topic, bool exhausted, MonoTime now) override;
  void line_changed(const LineStatus& status) override;
  void venue_changed(const VenueStatus& status) override;
  void budget_changed(MonoTime now) override;

 private:
  template <class Action>
  void for_streams(feed::TopicId topic, Action action);

  Impl& shard_;
  std::size_t unit_;
};

}  // namespace feedwatch::engine
