#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/cadence.hpp"
#include "feedwatch/model/kind.hpp"
#include "feedwatch/model/tick.hpp"

/// What every venue folder provides, and nothing else: its sheet (facts as data), the client's
/// codec (subscribe, decode) and the venue's codec (parse requests, encode), used by the simulator
/// and the fake exchange. Wire types stop here.
namespace feedwatch::venues {

/// For whom a channel without prices is subscribed beside those that have some.
enum class BeatScope : std::uint8_t {
  none,    ///< it has prices; subscribed for those who want them
  symbol,  ///< one topic for each symbol of the line: proves the symbol's feed (Binance avgPrice)
  line,    ///< one topic without a symbol for each line: proves the line (Coinbase heartbeats)
  venue,   ///< one topic without a symbol for the venue: says how it is (Bybit system.status)
};

/// One channel of a venue: what is subscribed, which kinds it feeds, what its messages prove.
struct ChannelSheet {
  std::string_view name;        ///< "markPrice@1s", "tickers", "orderbook.1"
  std::string_view route;       ///< endpoint group; channels of two routes never share a line
  std::span<const Kind> kinds;  ///< every kind decode() emits for it; none where it only beats
  BeatScope beats = BeatScope::none;
  Cadence cadence;
  EventTime event_time = EventTime::none;
  bool absent_is_unchanged = false;    ///< an ordered delta without the field confirms the value
  bool repeat_confirms = false;        ///< the same seq sent again confirms the value
  bool seq_orders = false;             ///< a smaller seq in one epoch is an older tick
  bool seq_comparable = false;         ///< seq means the same on two sockets
  bool snapshot_on_subscribe = false;  ///< sends the full state at once after the acknowledgement
  Duration suspect_after{};            ///< event channels: silence that starts diagnosis
  /// Clocked channels that send a change at once as well, at most so often; zero = those that do
  /// not.
  Duration change_gap{};
};

/// A published limit: `count` per `window`. We use at most 20 % (semantics §7).
struct RateLimit {
  std::uint32_t count = 0;
  Duration window{};
};

enum class PingStyle : std::uint8_t {
  none,      ///< the sheet forbids client pings
  protocol,  ///< WebSocket ping frames
  text,      ///< ping_text() as a text message, answered by a text message
};

struct VenueSheet {
  std::string_view name;                              ///< "binance-usdm"
  std::string_view ws_url;                            ///< default base, "wss://fstream.binance.com"
  std::span<const std::string_view> other_ws_urls{};  ///< further addresses of the same service
  std::string_view rest_url;                          ///< default base, "https://fapi.binance.com"
  std::span<const ChannelSheet> channels;
  PingStyle ping = PingStyle::protocol;
  Duration ping_quiet = 5s;     ///< ping after so long without any frame
  Duration ping_busy = 20s;     ///< and at least so often with frames
  Duration server_heartbeat{};  ///< the venue's own heartbeat period; zero = none
  RateLimit dials;              ///< connection attempts per address
  RateLimit messages;           ///< client messages per connection, control frames included
  RateLimit requests{};         ///< of them, those that subscribe or give up; zero = no limit more
  std::size_t max_topics_per_line = 0;
  std::size_t max_topics_per_request = 0;
  std::size_t max_request_chars = 0;
  Duration forced_close{};     ///< the venue ends every connection after this; zero = never
  RateLimit rest{};            ///< requests per address; count zero = none published
  std::uint32_t rest_all = 1;  ///< so many of them one that asks for all symbols counts as
  bool deflate = false;        ///< takes permessage-deflate when offered
  std::size_t max_message = 8U << 20U;  ///< bytes of one message, inflated; a larger one is a fault
  std::string_view protocol{};  ///< which of several the venue speaks this is: "WebSocket API v2"
};

/// What one line subscribes: a channel (index into sheet().channels) and a symbol.
struct Topic {
  std::uint8_t channel = 0;
  std::string symbol;

  friend auto operator<=>(const Topic&, const Topic&) = default;
};

/// One client message and the topics it covers.
struct ClientRequest {
  std::uint64_t id = 0;
  std::string text;
  std::vector<Topic> topics;
};

/// Answer of the venue to a request.
struct Ack {
  std::optional<std::uint64_t> request_id;  ///< absent when the venue does not echo it
  bool ok = false;
  std::string message;        ///< the venue's words when refused
  std::vector<Topic> topics;  ///< those it speaks of; none = all of the request
  /// `topics` is everything the connection is subscribed to now (Coinbase): what is asked for is
  /// granted when it is there, what is given up when it is not.
  bool complete = false;
  bool too_often = false;  ///< refused for how often we ask, which says nothing about the topics
};

enum class MessageType : std::uint8_t {
  data,     ///< zero or more ticks (a subscribed kind we do not store yields none)
  ack,      ///< `ack` is set
  pong,     ///< application-level pong
  ping,     ///< application-level ping; `reply` is to be sent back
  notice,   ///< the venue announces that it will close this connection
  status,   ///< `status` is set: how the venue is
  ignored,  ///< known and irrelevant (other channels, welcome messages)
};

/// A message of a channel that beats: its symbol, or its line, is served.
struct Beat {
  std::uint8_t channel = 0;
  std::string_view symbol;  ///< empty for a line's; valid as WireTick's is
  /// The symbol's last trade by the venue's own count, as the `seq` of its last price has it.
  std::optional<std::uint64_t> trade_id;
};

/// How the venue says it is (Kraken `status`, Bybit `system.status`).
struct SystemStatus {
  bool trading = true;  ///< false: silence is its own doing
  std::string detail;   ///< the venue's words
  /// Where the venue names what stops it: those that last, and those that are over. It trades again
  /// when all it named are over. Both empty: the word is about everything.
  std::vector<std::string> lasting{}, over{};
};

enum class DecodeErrorCode : std::uint8_t {
  not_json,
  missing_field,
  bad_price,
  bad_value,
  unknown_message
};
std::string_view to_text(DecodeErrorCode code);

struct DecodeError {
  DecodeErrorCode code = DecodeErrorCode::not_json;
  std::string_view field;      ///< static name of the field at fault, may be empty
  std::string_view symbol;     ///< the symbol, when it was already known; valid as WireTick's is
  std::optional<Kind> kind{};  ///< one that the message's channel feeds, when it was known
};

/// Filled by Decoder::decode; buffers are reused between calls.
struct Decoded {
  std::vector<WireTick> ticks;  ///< views valid until the frame or the next decode() goes away
  std::vector<Beat> beats;      ///< likewise; `data` messages only
  std::optional<Ack> ack;
  std::optional<SystemStatus> status;
  std::string reply;

  [[gnu::always_inline]] void clear() {
    ticks.clear();
    beats.clear();
    ack.reset();
    status.reset();
    reply.clear();
  }
};

/// Decodes the messages of one connection. Owns parser buffers; one per connection or thread, not
/// thread-safe. Never throws; any bytes are safe.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// `frame` is a text or binary frame (padding as promised by Frame). Whatever `out` held is gone.
  virtual std::expected<MessageType, DecodeError> decode(const Frame& frame, Decoded& out) = 0;
  /// What a venue sends most, many messages at a time: of the messages at the front, as many as are
  /// texts of a known spelling that hold ticks and nothing else, or that decode() would ignore.
  /// Appends the ticks that decode() would have read, whose views point into the frames and outlive
  /// the next call; returns how many messages they were. Those behind them are decode()'s.
  virtual std::size_t decode_ticks(std::span<const Frame> /*frames*/,
                                   std::vector<WireTick>& /*ticks*/) {
    return 0;
  }
};

/// An instrument as the venue's REST lists it.
struct Instrument {
  std::string symbol;
  bool trading = false;
};

/// One price as the venue's REST tells it.
struct RestPrice {
  Prices prices;  ///< bid in `price` and ask in `ask` for a quote
  /// When it was so, by the venue: the moment it answers for, not that of the last change.
  std::optional<WallTime> ts_event;
  /// Comparable with the `seq` of the stream's own channel, where REST has such a number.
  std::optional<std::uint64_t> seq;
};

/// A price that REST is asked for.
struct PriceName {
  std::string_view symbol;
  Kind kind = Kind::last;
};

/// What one answer tells of several prices, in the order asked; nullopt = nothing.
using RestPrices = std::vector<std::optional<RestPrice>>;

/// The client's side of one venue. Immutable after construction; any thread.
class Venue {
 public:
  virtual ~Venue() = default;
  virtual const VenueSheet& sheet() const = 0;

  /// Full WebSocket URL of a route under a base URL ("ws://127.0.0.1:9001" for a simulator).
  virtual std::string dial_url(std::string_view base, std::string_view route) const = 0;
  /// Topics split into requests within the sheet's limits; ids count up from `first_id`.
  virtual std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const = 0;
  virtual std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                                 std::uint64_t first_id) const = 0;
  virtual std::string ping_text() const = 0;  ///< PingStyle::text only, else empty
  virtual std::unique_ptr<Decoder> make_decoder() const = 0;

  /// Whether the lists of instruments cover the topic: one that they do not hold is unknown.
  virtual bool lists(const Topic& /*topic*/) const { return true; }
  virtual std::string instruments_url(std::string_view rest_base) const = 0;
  /// URL of the page after the one whose body is given; empty when it was the last.
  virtual std::string next_instruments_url(std::string_view /*rest_base*/,
                                           std::string_view /*body*/) const {
    return {};
  }
  virtual std::expected<std::vector<Instrument>, std::string> parse_instruments(
      std::string_view body) const = 0;

  /// URL that asks for one symbol's price of a kind, as it is now; empty where REST has none.
  virtual std::string price_url(std::string_view rest_base, std::string_view symbol,
                                Kind kind) const = 0;
  /// Reads its answer; the error says what is missing.
  virtual std::expected<RestPrice, std::string> parse_price(std::string_view body,
                                                            std::string_view symbol,
                                                            Kind kind) const = 0;

  /// URL that asks for a kind's prices of all symbols at once, or of all those this one is listed
  /// with; empty where REST has none. Prices with equal URLs stand in one answer.
  virtual std::string prices_url(std::string_view /*rest_base*/, std::string_view /*symbol*/,
                                 Kind /*kind*/) const {
    return {};
  }
  /// Reads in its answer those prices that are asked for, all of that URL, at least one; what else
  /// it tells is not kept. The error says why it is no such list.
  virtual std::expected<RestPrices, std::string> parse_prices(
      std::string_view /*body*/, std::span<const PriceName> /*asked*/) const {
    return std::unexpected("the venue tells no prices of all symbols");
  }
};

// ---- the venue's own side -----------------------------------------------------------------------

enum class ClientOp : std::uint8_t { subscribe, unsubscribe, ping, unknown };

struct ClientMessage {
  ClientOp op = ClientOp::unknown;
  std::string id;                    ///< as the client wrote it (raw JSON token), may be empty
  std::vector<Topic> topics;         ///< understood ones
  std::vector<std::string> invalid;  ///< topic texts that mean nothing on this venue or route
};

/// What the venue side says about one symbol at one moment; encode_data picks what a channel sends.
struct MarketState {
  std::string_view symbol;
  Decimal last, bid, ask, mark, index;
  std::uint64_t seq = 0;
  std::uint64_t trade_seq = 0;  ///< of the last trade; REST and the stream tell the same
  WallTime now;                 ///< publish time
  WallTime traded;              ///< time of the event itself
  /// Delta channels: which kinds changed since this client's previous message (all on a snapshot).
  bool last_changed = true, quote_changed = true, mark_changed = true, index_changed = true;
  bool snapshot = true;
};

/// The venue's side: what a real server of it would say. Immutable; any thread.
class VenueSide {
 public:
  virtual ~VenueSide() = default;
  virtual const VenueSheet& sheet() const = 0;
  /// Route of an upgrade request's target ("/market/ws" → "market"); nullopt = 404. An unrouted
  /// target gives the route a real venue would use. `topics` receives those named in the URL.
  virtual std::optional<std::string> route_of(std::string_view target,
                                              std::vector<Topic>& topics) const = 0;
  /// Whether the route really delivers the channel (it may acknowledge without delivering).
  virtual bool delivers(std::string_view route, std::uint8_t channel) const = 0;
  virtual ClientMessage parse_client(std::string_view text) const = 0;
  /// The answers to a request that is granted, in order: one, or one for each topic.
  virtual std::vector<std::string> encode_ack(const ClientMessage& message) const = 0;
  virtual std::string encode_refusal(const ClientMessage& message) const = 0;  ///< names invalid[0]
  virtual std::string encode_pong(const ClientMessage& message) const = 0;
  /// A message of the channel; of one that beats for a line, `state.symbol` is empty.
  virtual std::string encode_data(std::uint8_t channel, const MarketState& state) const = 0;
  /// What a connection is told as it opens, before it asks for anything; empty = nothing.
  virtual std::string encode_welcome() const { return {}; }
  /// The venue's own heartbeat message, sent every sheet().server_heartbeat; empty = a WebSocket
  /// ping instead.
  virtual std::string encode_heartbeat(WallTime /*now*/, std::uint64_t /*count*/) const {
    return {};
  }
  /// Word that this connection is about to be closed; empty = the venue gives none.
  virtual std::string encode_notice(WallTime /*now*/) const { return {}; }
  /// Word that the venue stops, or goes on, trading; empty = it gives none.
  virtual std::string encode_status(bool /*trading*/, WallTime /*now*/) const { return {}; }

  /// REST: nullopt when the target is none of the paths the product uses.
  enum class RestPath : std::uint8_t {
    time,
    instruments,
    ticker,   ///< price_url(): of one symbol
    tickers,  ///< prices_url(): of all
  };
  virtual std::optional<RestPath> rest_path(std::string_view target) const = 0;
  virtual std::string encode_time(WallTime now) const = 0;
  virtual std::string encode_instruments(std::span<const Instrument> instruments) const = 0;
  /// The page of them that a target asks for, where the venue has several.
  virtual std::string encode_instruments_page(std::string_view /*target*/,
                                              std::span<const Instrument> instruments) const {
    return encode_instruments(instruments);
  }
  /// What price_url() or prices_url() asks for.
  virtual std::string encode_ticker(std::string_view target,
                                    std::span<const MarketState> states) const = 0;
};

/// All venues built in, by name; nullptr when unknown. The objects live for the whole program.
const Venue* find_venue(std::string_view name);
const VenueSide* find_venue_side(std::string_view name);
std::span<const std::string_view> venue_names();

/// Whether a WebSocket URL, as it stands in a capture, is one of this venue: its host, or a
/// loopback address where simulators live, and a path the venue knows. Several venues share a host.
bool serves(const VenueSide& side, std::string_view url);

/// Index of the channel that feeds a kind, if the venue has one.
std::optional<std::uint8_t> channel_for(const VenueSheet& sheet, Kind kind);

}  // namespace feedwatch::venues
