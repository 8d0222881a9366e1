#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"

namespace feedwatch::venues::kraken {

namespace {

std::string_view method_of(const ClientMessage& message) {
  return message.op == ClientOp::unsubscribe ? "unsubscribe" : "subscribe";
}

std::string granted(const ClientMessage& message, const Topic& topic) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("method", method_of(message));
  if (!message.id.empty()) json.key("req_id").raw(message.id);
  json.key("result").begin_object().field("channel", sheet().channels[topic.channel].name);
  if (topic.channel == ticker) json.field("event_trigger", "bbo");
  if (message.op == ClientOp::subscribe) json.field("snapshot", true);
  json.field("symbol", topic.symbol).end_object().field("success", true).end_object();
  return text;
}

/// {"channel":…,"type":…,"data":[{…}]}; `write` fills the member.
std::string data(std::string_view channel, std::string_view type, const auto& write) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("channel", channel).field("type", type).key("data").begin_array();
  json.begin_object();
  write(json);
  json.end_object().end_array().end_object();
  return text;
}

/// Prices are numbers here.
JsonWriter& number(JsonWriter& json, std::string_view key, const Decimal& price) {
  return json.key(key).raw(price.to_string());
}

void write_ticker(JsonWriter& json, const MarketState& state) {
  json.field("symbol", state.symbol);
  number(json, "bid", state.bid).field("bid_qty", 1);
  number(json, "ask", state.ask).field("ask_qty", 1);
  number(json, "last", state.last);
}

void write_trade(JsonWriter& json, const MarketState& state) {
  json.field("symbol", state.symbol).field("side", "sell");
  number(json, "price", state.last)
      .field("qty", 1)
      .field("ord_type", "market")
      .field("trade_id", state.trade_seq);
}

std::string status_text(std::string_view system) {
  return data("status", "update", [&](JsonWriter& json) {
    json.field("version", "2.0.0")
        .field("system", system)
        .field("api_version", "v2")
        .field("connection_id", 1);
  });
}

}  // namespace

std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  std::vector<std::string> answers;
  answers.reserve(message.topics.size());
  for (const Topic& topic : message.topics) answers.push_back(granted(message, topic));
  return answers;
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  std::string text;
  JsonWriter json(text);
  const std::string symbol = message.invalid.empty() ? std::string{} : message.invalid.front();
  json.begin_object()
      .field("error", "Currency pair not supported " + symbol)
      .field("method", method_of(message));
  if (!message.id.empty()) json.key("req_id").raw(message.id);
  json.field("success", false);
  if (!symbol.empty()) json.field("symbol", symbol);
  json.end_object();
  return text;
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  return data(sheet().channels[channel].name, state.snapshot ? "snapshot" : "update",
              [&](JsonWriter& json) {
                channel == ticker ? write_ticker(json, state) : write_trade(json, state);
                json.field("timestamp", format_time(state.traded));
              });
}

std::string Server::encode_welcome() const {
  return status_text("online");
}

std::string Server::encode_status(bool trading, WallTime) const {
  return status_text(trading ? "online" : "maintenance");
}

}  // namespace feedwatch::venues::kraken
