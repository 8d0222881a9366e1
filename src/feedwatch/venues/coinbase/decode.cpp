#include <algorithm>
#include <array>

#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/wire/coinbase_ticker.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

struct Message {
  Token type, time, trade_id, last_trade_id;
  wire::CoinbaseTicker ticker;
  Token words, reason, channels;
  std::vector<Topic> topics;  ///< those `channels` lists
};

/// Known, and nothing we subscribe.
constexpr std::array<std::string_view, 14> other_types{
    "match",  "last_match", "snapshot", "l2update", "received",  "open",    "done",
    "change", "activate",   "status",   "auction",  "rfq_match", "balance", "ticker_batch"};

class CoinbaseDecoder final : public Decoder {
 public:
  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    Message message;
    const auto problem = reader_.read(
        frame.payload,
        [&](std::string_view key, ondemand::value value) { return collect(message, key, value); });
    if (problem == wire::DocumentError::not_json)
      return wire::undecodable(DecodeErrorCode::not_json);
    if (problem != wire::DocumentError::none || !message.type.present()) {
      return wire::undecodable(DecodeErrorCode::unknown_message);
    }
    const Result type = judge(message, out);
    if (!type) out.ticks.clear();
    return type;
  }

 private:
  simdjson::error_code collect(Message& message, std::string_view key, ondemand::value& value) {
    message.ticker.collect(key, value);
    if (key == "type") message.type.set(wire::raw_token(value));
    if (key == "time") message.time.set(wire::raw_token(value));
    if (key == "trade_id") message.trade_id.set(wire::raw_token(value));
    if (key == "last_trade_id") message.last_trade_id.set(wire::raw_token(value));
    if (key == "message") message.words.set(wire::raw_token(value));
    if (key == "reason") message.reason.set(wire::raw_token(value));
    if (key != "channels") return simdjson::SUCCESS;
    message.channels.set(wire::raw_token(value));
    if (message.channels.text != "[") return simdjson::SUCCESS;
    return wire::for_each_object(
        value, [&](ondemand::object& object) { return collect_channel(message, object); });
  }

  /// {"name":"ticker","product_ids":["BTC-USD"]}; the name comes first.
  simdjson::error_code collect_channel(Message& message, ondemand::object& object) {
    std::optional<std::uint8_t> channel;
    return wire::for_each_field(object, [&](std::string_view key, ondemand::value value) {
      Token name;
      if (key == "name") {
        name.set(wire::raw_token(value));
        channel = wire::channel_named(sheet(), name.inner());
      }
      if (key != "product_ids" || !channel) return simdjson::SUCCESS;
      return wire::add_topics(reader_, *channel, value, message.topics);
    });
  }

  Result judge(Message& message, Decoded& out) {
    if (!message.type.is_string() || message.type.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "type");
    }
    const std::string_view type = message.type.inner();
    if (type == "ticker") return price(message, out);
    if (type == "heartbeat") return beat(message, out);
    if (type == "subscriptions") return subscriptions(message, out);
    if (type == "error") return refused(message, out);
    if (std::ranges::find(other_types, type) != other_types.end()) return MessageType::ignored;
    return wire::undecodable(DecodeErrorCode::unknown_message, "type");
  }

  Result price(const Message& message, Decoded& out) {
    wire::FieldReader fields;
    WireTick common;
    if (!fields.rfc3339(message.time, "time", common.ts_event) ||
        !fields.number(message.trade_id, "trade_id", common.seq) ||
        !message.ticker.add(fields, reader_, common, out)) {
      return std::unexpected(fields.error());
    }
    return MessageType::data;
  }

  /// Zero stands for a trade nobody tells about: who is not logged in got it for months.
  Result beat(const Message& message, Decoded& out) {
    wire::FieldReader fields;
    Beat beat{.channel = heartbeat};
    if (!fields.text(reader_, message.ticker.product, "product_id", beat.symbol) ||
        !fields.number(message.last_trade_id, "last_trade_id", beat.trade_id)) {
      return std::unexpected(fields.error());
    }
    if (beat.trade_id == 0U) beat.trade_id.reset();
    out.beats.push_back(beat);
    return MessageType::data;
  }

  Result subscriptions(Message& message, Decoded& out) {
    if (!message.channels.present())
      return wire::undecodable(DecodeErrorCode::missing_field, "channels");
    if (message.channels.text != "[" || message.channels.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "channels");
    }
    out.ack = Ack{.ok = true, .topics = std::move(message.topics), .complete = true};
    return MessageType::ack;
  }

  /// The reason names a product, but the whole request has failed.
  Result refused(const Message& message, Decoded& out) {
    Ack ack;
    if (const auto words = reader_.unescape(message.words)) ack.message = *words;
    if (const auto reason = reader_.unescape(message.reason)) {
      if (!ack.message.empty()) ack.message += ": ";
      ack.message += *reason;
    }
    ack.too_often = wire::about_rate(ack.message);
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<CoinbaseDecoder>();
}

}  // namespace feedwatch::venues::coinbase
