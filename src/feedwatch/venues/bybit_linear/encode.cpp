#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit_linear {

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

void write_tickers(JsonWriter& json, const MarketState& state) {
  const auto wanted = [&](bool changed) { return state.snapshot || changed; };
  json.field("topic", topic_text({tickers, std::string(state.symbol)}))
      .field("type", state.snapshot ? "snapshot" : "delta")
      .key("data")
      .begin_object()
      .field("symbol", state.symbol);
  if (wanted(state.last_changed)) json.field("lastPrice", state.last.to_string());
  if (wanted(state.mark_changed)) json.field("markPrice", state.mark.to_string());
  if (wanted(state.index_changed)) json.field("indexPrice", state.index.to_string());
  if (wanted(state.quote_changed)) {
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

void write_orderbook(JsonWriter& json, const MarketState& state) {
  json.field("topic", topic_text({orderbook_1, std::string(state.symbol)}))
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
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  channel == tickers ? write_tickers(json, state) : write_orderbook(json, state);
  json.end_object();
  return text;
}

}  // namespace feedwatch::venues::bybit_linear
