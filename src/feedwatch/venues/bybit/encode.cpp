#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit {

namespace {

std::string answer(const ClientMessage& message, bool success, std::string_view words) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("success", success)
      .field("ret_msg", words)
      .field("conn_id", "feedwatch-0")
      .key("req_id")
      .raw(message.id.empty() ? R"("")" : message.id)
      .field("op", message.op == ClientOp::unsubscribe ? "unsubscribe" : "subscribe")
      .end_object();
  return text;
}

void write_tickers(JsonWriter& json, const VenueSheet& sheet, const MarketState& state) {
  const bool snapshot = state.snapshot || !sheet.channels[tickers].absent_is_unchanged;
  const auto wanted = [&](Kind kind, bool changed) {
    return (snapshot || changed) && channel_for(sheet, kind) == tickers;
  };
  json.field("topic", topic_text(sheet, {tickers, std::string(state.symbol)}))
      .field("type", snapshot ? "snapshot" : "delta")
      .key("data")
      .begin_object()
      .field("symbol", state.symbol);
  if (wanted(Kind::last, state.last_changed)) json.field("lastPrice", state.last.to_string());
  if (wanted(Kind::mark, state.mark_changed)) json.field("markPrice", state.mark.to_string());
  if (wanted(Kind::index, state.index_changed)) json.field("indexPrice", state.index.to_string());
  // Of contracts; not a kind of ours here, because orderbook.1 has the better one.
  if (channel_for(sheet, Kind::mark) && (snapshot || state.quote_changed)) {
    json.field("bid1Price", state.bid.to_string())
        .field("bid1Size", "1.000")
        .field("ask1Price", state.ask.to_string())
        .field("ask1Size", "1.000");
  }
  json.end_object().field("cs", state.seq).field("ts", wire::to_millis(state.now));
}

void write_side(JsonWriter& json, std::string_view key, const Decimal& price) {
  json.key(key).begin_array().begin_array();
  json.string(price.to_string()).string("1.000");
  json.end_array().end_array();
}

void write_orderbook(JsonWriter& json, const VenueSheet& sheet, const MarketState& state) {
  json.field("topic", topic_text(sheet, {orderbook_1, std::string(state.symbol)}))
      .field("ts", wire::to_millis(state.now))
      .field("type", "snapshot")
      .key("data")
      .begin_object()
      .field("s", state.symbol);
  write_side(json, "b", state.bid);
  write_side(json, "a", state.ask);
  json.field("u", state.seq)
      .field("seq", state.seq)
      .end_object()
      .field("cts", wire::to_millis(state.traded));
}

}  // namespace

std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  return {answer(message, true, message.op == ClientOp::unsubscribe ? "unsubscribe" : "subscribe")};
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  std::string words = "Invalid topic";
  if (!message.invalid.empty()) words += ": " + message.invalid.front();
  return answer(message, false, words);
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  if (channel == system_status) return encode_status(true, state.now);
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  channel == tickers ? write_tickers(json, sheet(), state) : write_orderbook(json, sheet(), state);
  json.end_object();
  return text;
}

/// A maintenance of trading and market data that lasts, or is over.
std::string Server::encode_status(bool trading, WallTime now) const {
  const std::string millis = std::to_string(wire::to_millis(now));
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("topic", "system.status").field("ts", wire::to_millis(now));
  json.key("data").begin_array().begin_object();
  json.field("id", "feedwatch-0").field("title", "maintenance");
  json.field("state", trading ? "completed" : "ongoing")
      .field("begin", millis)
      .field("end", millis);
  json.field("href", "").key("serviceTypes").raw("[1,5]");
  json.key("product").begin_array().unsigned_integer(category_.product).end_array();
  json.key("uidSuffix").raw("[]").field("maintainType", 1).field("env", 1);
  json.end_object().end_array().end_object();
  return text;
}

}  // namespace feedwatch::venues::bybit
