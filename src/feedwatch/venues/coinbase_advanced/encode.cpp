#include <algorithm>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"

namespace feedwatch::venues::coinbase_advanced {

namespace {

void write_ticker(JsonWriter& json, const MarketState& state) {
  json.field("type", state.snapshot ? "snapshot" : "update").key("tickers").begin_array();
  json.begin_object()
      .field("type", "ticker")
      .field("product_id", state.symbol)
      .field("price", state.last.to_string())
      .field("best_bid", state.bid.to_string())
      .field("best_ask", state.ask.to_string())
      .field("best_bid_quantity", "1")
      .field("best_ask_quantity", "1")
      .end_object();
  json.end_array();
}

void write_heartbeat(JsonWriter& json, const MarketState& state) {
  json.field("current_time", format_time(state.now)).field("heartbeat_counter", state.seq);
}

void write_products(JsonWriter& json, std::uint8_t channel, const std::vector<Topic>& topics) {
  json.key(sheet().channels[channel].name).begin_array();
  for (const Topic& topic : topics) {
    if (topic.channel != channel) continue;
    json.string(channel == heartbeats ? "heartbeats" : std::string_view(topic.symbol));
  }
  json.end_array();
}

}  // namespace

/// The list of all that is subscribed: here, of what this request asked for, since nothing else is
/// known. After giving up, it names none of it.
std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("channel", "subscriptions").key("events").begin_array();
  json.begin_object().key("subscriptions").begin_object();
  for (std::uint8_t channel = 0; channel < sheet().channels.size(); ++channel) {
    const bool some =
        std::ranges::find(message.topics, channel, &Topic::channel) != message.topics.end();
    if (some && message.op == ClientOp::subscribe) write_products(json, channel, message.topics);
  }
  json.end_object().end_object().end_array().end_object();
  return {text};
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  std::string text;
  const std::string what = message.invalid.empty() ? std::string{} : message.invalid.front();
  JsonWriter(text)
      .begin_object()
      .field("type", "error")
      .field("message", "failed to subscribe: " + what + " is not valid")
      .end_object();
  return text;
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object()
      .field("channel", sheet().channels[channel].name)
      .field("timestamp", format_time(state.now))
      .field("sequence_num", state.seq)
      .key("events")
      .begin_array()
      .begin_object();
  channel == ticker ? write_ticker(json, state) : write_heartbeat(json, state);
  json.end_object().end_array().end_object();
  return text;
}

}  // namespace feedwatch::venues::coinbase_advanced
