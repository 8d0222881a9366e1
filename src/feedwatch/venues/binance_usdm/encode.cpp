#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

std::string id_or_null(const ClientMessage& message) {
  return message.id.empty() ? "null" : message.id;
}

/// Funding happens at 00:00, 08:00 and 16:00 UTC.
WallTime next_funding(WallTime now) {
  constexpr auto period = std::chrono::duration_cast<Duration>(8h);
  return WallTime{(now.time_since_epoch() / period + 1) * period};
}

void write_mark_price(JsonWriter& json, const MarketState& state) {
  json.field("e", "markPriceUpdate")
      .field("E", wire::to_millis(state.now))
      .field("s", state.symbol)
      .field("p", state.mark.to_string())
      .field("P", state.mark.to_string())
      .field("i", state.index.to_string())
      .field("r", "0.00010000")
      .field("T", wire::to_millis(next_funding(state.now)));
}

void write_book_ticker(JsonWriter& json, const MarketState& state) {
  json.field("e", "bookTicker")
      .field("u", state.seq)
      .field("s", state.symbol)
      .field("b", state.bid.to_string())
      .field("B", "1.000")
      .field("a", state.ask.to_string())
      .field("A", "1.000")
      .field("T", wire::to_millis(state.traded))
      .field("E", wire::to_millis(state.now));
}

}  // namespace

std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  return {R"({"result":null,"id":)" + id_or_null(message) + "}"};
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  std::string reason = "Invalid request";
  if (!message.invalid.empty()) reason += ": invalid stream name " + message.invalid.front();
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("error")
      .begin_object()
      .field("code", 2)
      .field("msg", reason)
      .end_object()
      .key("id")
      .raw(id_or_null(message))
      .end_object();
  return text;
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object()
      .field("stream", stream_name({channel, std::string(state.symbol)}))
      .key("data")
      .begin_object();
  channel == mark_price ? write_mark_price(json, state) : write_book_ticker(json, state);
  json.end_object().end_object();
  return text;
}

}  // namespace feedwatch::venues::binance_usdm
