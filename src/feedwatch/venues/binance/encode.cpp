#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance {

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

void write_agg_trade(JsonWriter& json, const MarketState& state) {
  json.field("e", "aggTrade")
      .field("E", wire::to_millis(state.now))
      .field("a", state.trade_seq)
      .field("s", state.symbol)
      .field("p", state.last.to_string())
      .field("q", "1.000")
      .field("f", state.trade_seq)
      .field("l", state.trade_seq)
      .field("T", wire::to_millis(state.traded))
      .field("m", true);
}

void write_avg_price(JsonWriter& json, const MarketState& state) {
  json.field("e", "avgPrice")
      .field("E", wire::to_millis(state.now))
      .field("s", state.symbol)
      .field("i", "5m")
      .field("w", state.last.to_string())
      .field("T", wire::to_millis(state.traded));
}

void write_book_ticker(JsonWriter& json, const Market& market, const MarketState& state) {
  if (market.stamps_book) json.field("e", "bookTicker");
  json.field("u", state.seq).field("s", state.symbol);
  if (market.by_pair) json.field("ps", pair_of(state.symbol));
  json.field("b", state.bid.to_string())
      .field("B", "1.000")
      .field("a", state.ask.to_string())
      .field("A", "1.000");
  if (!market.stamps_book) return;
  json.field("T", wire::to_millis(state.traded)).field("E", wire::to_millis(state.now));
}

void write_event(JsonWriter& json, const Market& market, std::uint8_t channel,
                 const MarketState& state) {
  switch (market.events[channel]) {
    case Event::agg_trade:
      return write_agg_trade(json, state);
    case Event::avg_price:
      return write_avg_price(json, state);
    case Event::book_ticker:
      return write_book_ticker(json, market, state);
    case Event::mark_price:
      return write_mark_price(json, state);
  }
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
      .field("stream", stream_name(market_, {channel, std::string(state.symbol)}))
      .key("data")
      .begin_object();
  write_event(json, market_, channel, state);
  json.end_object().end_object();
  return text;
}

std::string Server::encode_notice(WallTime now) const {
  if (!market_.announces_close) return {};
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("stream", "!serverShutdown")
      .key("data")
      .begin_object()
      .field("e", "serverShutdown")
      .field("E", wire::to_millis(now))
      .end_object()
      .end_object();
  return text;
}

}  // namespace feedwatch::venues::binance
