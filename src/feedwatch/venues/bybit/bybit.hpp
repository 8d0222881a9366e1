#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// What the categories of Bybit v5 (linear, spot) share: one wire language and the same channels. A
/// category's own folder has its sheet and a Category, which says in what it differs.
namespace feedwatch::venues::bybit {

/// The channels of every category, in this order.
enum ChannelIndex : std::uint8_t { tickers = 0, orderbook_1 = 1, system_status = 2 };

/// How one category differs from the others. Lives for the whole program.
struct Category {
  const VenueSheet& sheet;
  std::string_view name;        ///< "linear": in REST, in the path of the WebSocket URL, as route
  std::uint64_t product = 0;    ///< its number in messages of system.status
  std::string_view contract{};  ///< type of contract its instruments name; empty = none
  std::string_view not_trading{};  ///< a status of what does not trade
};

/// The route of system.status, which all categories share.
inline constexpr std::string_view status_route = "status";

/// subscribe.cpp: "orderbook.1.BTCUSDT", "system.status", and back; nullopt for topics that are
/// none of our channels.
std::string topic_text(const VenueSheet& sheet, const Topic& topic);
std::optional<Topic> topic_of(const VenueSheet& sheet, std::string_view text);

/// decode.cpp: what comes most by decode_fast(), all else by the general parser; and the latter
/// alone.
std::unique_ptr<Decoder> make_decoder(const Category& category);
std::unique_ptr<Decoder> make_general_decoder(const Category& category);

/// fast.cpp: the commonest data messages in their usual spelling, with the general parser's result;
/// false for everything else. `out` holds nothing before, and nothing after a false.
bool decode_fast(const Category& category, std::string_view padded, std::vector<WireTick>& ticks);
/// Decoder::decode_ticks() by decode_fast().
std::size_t decode_ticks(const Category& category, std::span<const Frame> frames,
                         std::vector<WireTick>& ticks);

class Client : public Venue {
 public:
  explicit Client(const Category& category) : category_(category) {}

  /// In what it differs from its family.
  const Category& traits() const { return category_; }

  const VenueSheet& sheet() const override { return category_.sheet; }
  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                       std::uint64_t first_id) const override;
  std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                         std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<Decoder> make_decoder() const override { return bybit::make_decoder(category_); }
  std::string instruments_url(std::string_view rest_base) const override;
  std::string next_instruments_url(std::string_view rest_base,
                                   std::string_view body) const override;
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
  const Category& category_;
};

class Server : public VenueSide {
 public:
  explicit Server(const Category& category) : category_(category) {}

  const VenueSheet& sheet() const override { return category_.sheet; }
  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const ClientMessage& message) const override;
  std::string encode_refusal(const ClientMessage& message) const override;
  std::string encode_pong(const ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const MarketState& state) const override;
  std::string encode_status(bool trading, WallTime now) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const MarketState> states) const override;

 private:
  const Category& category_;
};

}  // namespace feedwatch::venues::bybit
