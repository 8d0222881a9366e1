#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// What the markets of Binance share: one wire language, of which each market speaks a part. A
/// market's own folder has its sheet and a Market, which says in what it differs.
namespace feedwatch::venues::binance {

/// What a channel's messages are.
enum class Event : std::uint8_t { agg_trade, avg_price, book_ticker, mark_price };

/// How one market differs from the others. Lives for the whole program.
struct Market {
  const VenueSheet& sheet;
  std::span<const Event> events;  ///< of the sheet's channels, in their order
  /// What stands before "/ws" and "/stream" in a URL's path; none = nothing does.
  std::span<const std::string_view> routes;
  std::string_view unrouted;     ///< the route of a path that names none
  std::string_view rest;         ///< what every REST path begins with: "/fapi/v1"
  std::string_view status;       ///< key of an instrument's status in the list of instruments
  std::string_view halted;       ///< the status of what does not trade
  bool stamps_book = false;      ///< bookTicker says what it is, and when
  bool contracts = false;        ///< instruments name a pair and a type of contract
  bool by_pair = false;          ///< so do books and prices; REST tells one symbol's in a list
  bool announces_close = false;  ///< serverShutdown before a connection ends
};

/// subscribe.cpp: "btcusdt@markPrice@1s", and back; nullopt for names that are none of the market's
/// channels.
std::string stream_name(const Market& market, const Topic& topic);
std::optional<Topic> topic_of(const Market& market, std::string_view stream_name);

/// decode.cpp: what comes most by decode_fast(), all else by the general parser; and the latter
/// alone.
std::unique_ptr<Decoder> make_decoder(const Market& market);
std::unique_ptr<Decoder> make_general_decoder(const Market& market);

/// fast.cpp: the commonest data messages in their usual spelling, with the general parser's result;
/// and events that no channel of ours sends, of which only the head and the last two characters are
/// read: what is wrong between is ignored as well. nullopt for everything else. `out` holds nothing
/// before, and nothing after anything but data.
std::optional<MessageType> decode_fast(const Market& market, std::string_view padded,
                                       std::vector<WireTick>& ticks);
/// Decoder::decode_ticks() by decode_fast().
std::size_t decode_ticks(const Market& market, std::span<const Frame> frames,
                         std::vector<WireTick>& ticks);

class Client : public Venue {
 public:
  explicit Client(const Market& market) : market_(market) {}

  /// In what it differs from its family.
  const Market& traits() const { return market_; }

  const VenueSheet& sheet() const override { return market_.sheet; }
  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                       std::uint64_t first_id) const override;
  std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                         std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<Decoder> make_decoder() const override { return binance::make_decoder(market_); }
  std::string instruments_url(std::string_view rest_base) const override;
  std::expected<std::vector<Instrument>, std::string> parse_instruments(
      std::string_view body) const override;
  std::string price_url(std::string_view rest_base, std::string_view symbol,
                        Kind kind) const override;
  std::expected<RestPrice, std::string> parse_price(std::string_view body, std::string_view symbol,
                                                    Kind kind) const override;
  std::string prices_url(std::string_view rest_base, std::string_view symbol,
                         Kind kind) const override;
  std::expected<RestPrices, std::string> parse_prices(
      std::string_view body, std::span<const PriceName> asked) const override;

 private:
  const Market& market_;
};

class Server : public VenueSide {
 public:
  explicit Server(const Market& market) : market_(market) {}

  const VenueSheet& sheet() const override { return market_.sheet; }
  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const ClientMessage& message) const override;
  std::string encode_refusal(const ClientMessage& message) const override;
  std::string encode_pong(const ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const MarketState& state) const override;
  std::string encode_notice(WallTime now) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const MarketState> states) const override;

 private:
  const Market& market_;
};

/// The pair of a contract: BTCUSD of BTCUSD_PERP and BTCUSD_261225.
constexpr std::string_view pair_of(std::string_view symbol) {
  return symbol.substr(0, symbol.find('_'));
}

}  // namespace feedwatch::venues::binance
