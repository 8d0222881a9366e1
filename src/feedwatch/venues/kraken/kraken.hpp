#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// Kraken spot over WebSocket API v2; one source file per concern, named as in every venue folder.
/// Facts: Kraken's v2 documentation (ticker, trade, heartbeat, ping, status) and REST
/// documentation.
namespace feedwatch::venues::kraken {

enum ChannelIndex : std::uint8_t { ticker = 0, trade = 1 };

/// sheet.cpp
const VenueSheet& sheet();

/// rest.cpp: "XBTUSD" for "BTC/USD"; REST keeps names that the WebSocket API gave up.
std::string rest_name(std::string_view symbol);

/// rest.cpp: what REST may call it where it answers: as above, or with the letters that its oldest
/// assets bear ("XXBTZUSD"). Likelier names first.
std::vector<std::string> rest_keys(std::string_view symbol);

/// decode.cpp
std::unique_ptr<Decoder> make_decoder();

class Client final : public Venue {
 public:
  const VenueSheet& sheet() const override { return kraken::sheet(); }
  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                       std::uint64_t first_id) const override;
  std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                         std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<Decoder> make_decoder() const override { return kraken::make_decoder(); }
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
};

class Server final : public VenueSide {
 public:
  const VenueSheet& sheet() const override { return kraken::sheet(); }
  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const ClientMessage& message) const override;
  std::string encode_refusal(const ClientMessage& message) const override;
  std::string encode_pong(const ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const MarketState& state) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_welcome() const override;
  std::string encode_heartbeat(WallTime now, std::uint64_t count) const override;
  std::string encode_status(bool trading, WallTime now) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const MarketState> states) const override;
};

}  // namespace feedwatch::venues::kraken
