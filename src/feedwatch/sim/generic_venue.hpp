#pragma once

#include <deque>
#include <string>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::sim {

/// One channel of a generic venue: it feeds one kind and is named after it, or only beats.
struct GenericChannel {
  Kind kind = Kind::last;
  venues::BeatScope beats = venues::BeatScope::none;  ///< its kind means nothing then
  Cadence cadence = event_driven();
  EventTime event_time = EventTime::publish;
  bool absent_is_unchanged = false;
  bool repeat_confirms = false;
  bool seq_orders = false;
  bool seq_comparable = false;
  bool snapshot_on_subscribe = false;
  Duration suspect_after{};
};

/// A venue described by a scenario instead of an exchange's documentation.
struct GenericSheet {
  std::string name;
  std::vector<GenericChannel> channels;
  venues::PingStyle ping = venues::PingStyle::protocol;
  Duration server_heartbeat{};
  bool heartbeat_is_text = false;  ///< the message `alive` instead of a ping
  Duration forced_close{};
  venues::RateLimit dials{300, 5min};
  venues::RateLimit messages{10, 1s};
  std::size_t max_topics_per_line = 200;
  std::size_t max_topics_per_request = 50;
  venues::RateLimit rest{};
  std::uint32_t rest_all = 0;  ///< what a request for all prices counts as; zero = there is none
};

/// Both sides of a plain text protocol with a sheet built at run time, so that scenarios can ask
/// for any cadence and any promise a channel can make. Words are separated by one blank; symbols
/// are percent-encoded. Client: `sub ID CHANNEL:SYMBOL…`, `unsub ID …`, `ping`. Venue: `ack ID`,
/// `refuse ID TEXT`, `pong`, `alive`, `notice`, `status halted|trading`, `beat CHANNEL [SYMBOL]`
/// (its number in the sheet), `tick CHANNEL SYMBOL snapshot|delta t=NS n=SEQ [p=PRICE] [a=ASK]`.
/// REST: `/ticker?SYMBOL` is a line `SYMBOL last=… bid=… ask=… mark=… index=…`, `/tickers` one for
/// each symbol. Immutable after construction; any thread.
class GenericVenue final : public venues::Venue, public venues::VenueSide {
 public:
  explicit GenericVenue(GenericSheet sheet);
  GenericVenue(const GenericVenue&) = delete;
  GenericVenue& operator=(const GenericVenue&) = delete;

  const venues::VenueSheet& sheet() const override { return sheet_; }

  std::string dial_url(std::string_view base, std::string_view route) const override;
  std::vector<venues::ClientRequest> subscribe(std::span<const venues::Topic> topics,
                                               std::uint64_t first_id) const override;
  std::vector<venues::ClientRequest> unsubscribe(std::span<const venues::Topic> topics,
                                                 std::uint64_t first_id) const override;
  std::string ping_text() const override;
  std::unique_ptr<venues::Decoder> make_decoder() const override;
  std::string instruments_url(std::string_view rest_base) const override;
  std::expected<std::vector<venues::Instrument>, std::string> parse_instruments(
      std::string_view body) const override;
  std::string price_url(std::string_view rest_base, std::string_view symbol,
                        Kind kind) const override;
  std::expected<venues::RestPrice, std::string> parse_price(std::string_view body,
                                                            std::string_view symbol,
                                                            Kind kind) const override;
  std::string prices_url(std::string_view rest_base, std::string_view symbol,
                         Kind kind) const override;
  std::expected<venues::RestPrices, std::string> parse_prices(
      std::string_view body, std::span<const venues::PriceName> asked) const override;

  std::optional<std::string> route_of(std::string_view target,
                                      std::vector<venues::Topic>& topics) const override;
  bool delivers(std::string_view route, std::uint8_t channel) const override;
  venues::ClientMessage parse_client(std::string_view text) const override;
  std::vector<std::string> encode_ack(const venues::ClientMessage& message) const override;
  std::string encode_refusal(const venues::ClientMessage& message) const override;
  std::string encode_pong(const venues::ClientMessage& message) const override;
  std::string encode_data(std::uint8_t channel, const venues::MarketState& state) const override;
  std::string encode_heartbeat(WallTime now, std::uint64_t count) const override;
  std::string encode_notice(WallTime now) const override;
  std::string encode_status(bool trading, WallTime now) const override;
  std::optional<RestPath> rest_path(std::string_view target) const override;
  std::string encode_time(WallTime now) const override;
  std::string encode_instruments(std::span<const venues::Instrument> instruments) const override;
  std::string encode_ticker(std::string_view target,
                            std::span<const venues::MarketState> states) const override;

 private:
  std::vector<venues::ClientRequest> requests(std::string_view word,
                                              std::span<const venues::Topic> topics,
                                              std::uint64_t first_id) const;

  GenericSheet described_;
  std::string ws_url_;
  std::string rest_url_;
  std::deque<std::vector<Kind>> kinds_;  ///< one per channel; the sheet's spans look into it
  std::vector<venues::ChannelSheet> channels_;
  venues::VenueSheet sheet_;
};

}  // namespace feedwatch::sim
