#include <algorithm>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"

namespace feedwatch::venues::coinbase {

namespace {

void write_ticker(JsonWriter& json, const MarketState& state) {
  json.field("type", "ticker")
      .field("sequence", state.seq)
      .field("product_id", state.symbol)
      .field("price", state.last.to_string())
      .field("best_bid", state.bid.to_string())
      .field("best_bid_size", "1")
      .field("best_ask", state.ask.to_string())
      .field("best_ask_size", "1")
      .field("side", "buy")
      .field("time", format_time(state.traded))
      .field("trade_id", state.trade_seq)
      .field("last_size", "1");
}

void write_heartbeat(JsonWriter& json, const MarketState& state) {
  json.field("type", "heartbeat")
      .field("sequence", state.seq)
      .field("last_trade_id", state.trade_seq)
      .field("product_id", state.symbol)
      .field("time", format_time(state.now));
}

void write_products(JsonWriter& json, std::uint8_t channel, const std::vector<Topic>& topics) {
  json.begin_object().field("name", sheet().channels[channel].name);
  json.key("product_ids").begin_array();
  for (const Topic& topic : topics) {
    if (topic.channel == channel) json.string(topic.symbol);
  }
  json.end_array().key("account_ids").null().end_object();
}

}  // namespace

/// The list of all that is subscribed: here, of what this request asked for, since nothing else is
/// known. After giving up, it names none of it.
std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("type", "subscriptions").key("channels").begin_array();
  for (std::uint8_t channel = 0; channel < sheet().channels.size(); ++channel) {
    const bool some =
        std::ranges::find(message.topics, channel, &Topic::channel) != message.topics.end();
    if (some && message.op == ClientOp::subscribe) write_products(json, channel, message.topics);
  }
  json.end_array().end_object();
  return {text};
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  std::string text;
  const std::string what = message.invalid.empty() ? std::string{} : message.invalid.front();
  JsonWriter(text)
      .begin_object()
      .field("type", "error")
      .field("message", "Failed to subscribe")
      .field("reason", what + " is not a valid product")
      .end_object();
  return text;
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  channel == ticker ? write_ticker(json, state) : write_heartbeat(json, state);
  json.end_object();
  return text;
}

}  // namespace feedwatch::venues::coinbase
