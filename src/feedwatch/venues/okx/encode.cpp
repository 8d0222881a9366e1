#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::okx {

namespace {

constexpr std::string_view connection = "feedwatch0";

std::string millis(WallTime time) {
  return std::to_string(wire::to_millis(time));
}

/// An event as the venue sends it; `write_rest` adds what is particular to it.
template <class WriteRest>
std::string event(const ClientMessage& message, std::string_view name,
                  const WriteRest& write_rest) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  if (!message.id.empty()) json.key("id").raw(message.id);
  json.field("event", name);
  write_rest(json);
  json.field("connId", connection).end_object();
  return text;
}

std::string problem(const ClientMessage& message, std::string_view name, std::string_view code,
                    std::string_view words) {
  return event(message, name,
               [&](JsonWriter& json) { json.field("code", code).field("msg", words); });
}

/// [["8446","95","0","3"]]
void write_side(JsonWriter& json, std::string_view key, const Decimal& price) {
  json.key(key).begin_array().begin_array();
  json.string(price.to_string()).string("1").string("0").string("1");
  json.end_array().end_array();
}

void write_entry(JsonWriter& json, std::uint8_t channel, const MarketState& state) {
  if (channel != bbo_tbt) {
    if (channel != index_tickers) json.field("instType", instrument_type(state.symbol));
    json.field("instId", state.symbol);
  }
  switch (channel) {
    case tickers:
      json.field("last", state.last.to_string())
          .field("lastSz", "1")
          .field("askPx", state.ask.to_string())
          .field("askSz", "1")
          .field("bidPx", state.bid.to_string())
          .field("bidSz", "1");
      break;
    case bbo_tbt:
      write_side(json, "asks", state.ask);
      write_side(json, "bids", state.bid);
      break;
    case mark_price:
      json.field("markPx", state.mark.to_string());
      break;
    default:
      json.field("idxPx", state.index.to_string());
      break;
  }
  json.field("ts", millis(channel == tickers ? state.traded : state.now));
  if (channel == bbo_tbt) json.field("seqId", state.seq);
}

std::string data(const Topic& topic, const auto& write) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("arg").raw(argument_text(topic)).key("data").begin_array();
  json.begin_object();
  write(json);
  json.end_object().end_array().end_object();
  return text;
}

}  // namespace

std::vector<std::string> Server::encode_ack(const ClientMessage& message) const {
  const std::string_view name = message.op == ClientOp::unsubscribe ? "unsubscribe" : "subscribe";
  std::vector<std::string> answers;
  answers.reserve(message.topics.size());
  for (const Topic& topic : message.topics) {
    answers.push_back(
        event(message, name, [&](JsonWriter& json) { json.key("arg").raw(argument_text(topic)); }));
  }
  return answers;
}

std::string Server::encode_refusal(const ClientMessage& message) const {
  if (message.invalid.empty()) return problem(message, "error", "60012", "Invalid request");
  return problem(message, "error", "60018",
                 "Wrong URL or " + message.invalid.front() +
                     " doesn't exist. Please use the correct URL, channel and parameters "
                     "referring to API document.");
}

std::string Server::encode_data(std::uint8_t channel, const MarketState& state) const {
  if (channel == status) return encode_status(true, state.now);
  return data({channel, std::string(state.symbol)},
              [&](JsonWriter& json) { write_entry(json, channel, state); });
}

std::string Server::encode_notice(WallTime) const {
  return problem({}, "notice", "64008",
                 "The connection will soon be closed for a service upgrade. Please reconnect.");
}

std::string Server::encode_status(bool trading, WallTime now) const {
  return data({status, {}}, [&](JsonWriter& json) {
    json.field("begin", millis(now))
        .field("end", millis(now + 1h))
        .field("serviceType", "5")
        .field("state", trading ? "completed" : "ongoing")
        .field("system", "unified")
        .field("env", "1")
        .field("title", "Trading service upgrade")
        .field("ts", millis(now));
  });
}

}  // namespace feedwatch::venues::okx
