#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// Binance USD-M futures; one source file per concern, named as in every venue folder.
/// Facts: Binance's documentation of USD-M market streams and its change notice of 2026-03-06.
namespace feedwatch::venues::binance_usdm {

enum ChannelIndex : std::uint8_t { mark_price = 0, book_ticker = 1 };

/// sheet.cpp
const VenueSheet& sheet();

/// subscribe.cpp: "btcusdt@markPrice@1s", and back; nullopt for names that are none of our
/// channels.
std::string stream_name(const Topic& topic);
std::optional<Topic> topic_of(std::string_view stream_name);

/// decode.cpp: what comes most by decode_fast(), all else by the general parser; and the latter
/// alone.
std::unique_ptr<Decoder> make_decoder();
std::unique_ptr<Decoder> make_general_decoder();

/// fast.cpp: the commonest data messages in their usual spelling, with the general parser's result;
/// false for everything else. `out` holds nothing before, and nothing after a false.
bool decode_fast(std::string_view padded, Decoded& out);

class Client final : public Venue {
 public:
  const VenueSheet& sheet() const override { return binance_usdm::sheet(); }
  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<ClientRequest> subscribe(std::span<const Topic> topics,
                                       std::uint64_t first_id) const override;
  std::vector<ClientRequest> unsubscribe(std::span<const Topic> topics,
                                         std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<Decoder> make_decoder() const override { return binance_usdm::make_decoder(); }
  std::string instruments_url(std::string_view rest_base) const override;
  std::expected<std::vector<Instrument>, std::string> parse_instruments(
      std::string_view body) const override;
  std::string price_url(std::string_view rest_base, std::string_view symbol,
                        Kind kind) const override;
  std::expected<RestPrice, std::string> parse_price(std::string_view body, std::string_view symbol,
                                                    Kind kind) const override;
};

class Server final : public VenueSide {
 public:
  const VenueSheet& sheet() const override { return binance_usdm::sheet(); }
  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const ClientMessage& message) const override;
  std::string encode_refusal(const ClientMessage& message) const override;
  std::string encode_pong(const ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const MarketState& state) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const MarketState> states) const override;
};

}  // namespace feedwatch::venues::binance_usdm
