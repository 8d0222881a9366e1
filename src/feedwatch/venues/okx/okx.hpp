#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// OKX v5 public market data, spot and derivatives; one source file per concern, named as in every
/// venue folder. Facts: OKX v5 documentation (overview, order book, public data, status).
namespace feedwatch::venues::okx {

enum ChannelIndex : std::uint8_t {
  tickers = 0,
  bbo_tbt = 1,
  mark_price = 2,
  index_tickers = 3,
  status = 4,
};

/// sheet.cpp
const VenueSheet& sheet();

/// subscribe.cpp: {"channel":"tickers","instId":"BTC-USDT"}; the status channel has no instrument.
std::string argument_text(const Topic& topic);

/// rest.cpp: SPOT, SWAP, FUTURES or OPTION by the form of the name ("BTC-USDT-SWAP").
std::string_view instrument_type(std::string_view symbol);

/// decode.cpp
std::unique_ptr<Decoder> make_decoder();

class Client final : public Venue {
 public:
  const VenueSheet& sheet() const override { return okx::sheet(); }
  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                       std::uint64_t first_id) const override;
  std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                         std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<Decoder> make_decoder() const override { return okx::make_decoder(); }
  bool lists(const Topic& topic) const override;
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
};

class Server final : public VenueSide {
 public:
  const VenueSheet& sheet() const override { return okx::sheet(); }
  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const ClientMessage& message) const override;
  std::string encode_refusal(const ClientMessage& message) const override;
  std::string encode_pong(const ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const MarketState& state) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_notice(WallTime now) const override;
  std::string encode_status(bool trading, WallTime now) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const Instrument> instruments) const override;
  std::string encode_instruments_page(std::string_view target,
                                      std::span<const Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const MarketState> states) const override;
};

}  // namespace feedwatch::venues::okx
