#include <algorithm>
#include <array>

#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/wire/coinbase_ticker.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase_advanced {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

constexpr std::string_view subscriptions_name = "subscriptions";

struct Message {
  Token channel, time, events;
  Token type, words;          // errors
  std::vector<Topic> topics;  ///< those `subscriptions` lists
  bool events_first = false;  ///< `events` came before it was known whose they are
};

/// Known, and nothing we subscribe.
constexpr std::array<std::string_view, 7> other_channels{
    "l2_data", "market_trades",          "candles", "status", "ticker_batch",
    "user",    "futures_balance_summary"};

class AdvancedDecoder final : public Decoder {
 public:
  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    fields_ = {};
    sound_ = true;
    Message message;
    auto problem = reader_.read(frame.payload, [&](std::string_view key, ondemand::value value) {
      return collect(message, key, value, out);
    });
    // Members stand in any order in JSON. Not in practice, so reading twice costs nothing.
    if (problem == wire::DocumentError::none && message.events_first) {
      const Token channel = message.channel;
      message = {};
      message.channel = channel;
      problem = reader_.read(frame.payload, [&](std::string_view key, ondemand::value value) {
        return key == "channel" ? simdjson::SUCCESS : collect(message, key, value, out);
      });
    }
    const Result type = judge(problem, message, out);
    if (!type) out.ticks.clear();
    return type;
  }

 private:
  simdjson::error_code collect(Message& message, std::string_view key, ondemand::value& value,
                               Decoded& out) {
    if (key == "channel") message.channel.set(wire::raw_token(value));
    if (key == "timestamp") message.time.set(wire::raw_token(value));
    if (key == "type") message.type.set(wire::raw_token(value));
    if (key == "message") message.words.set(wire::raw_token(value));
    if (key != "events") return simdjson::SUCCESS;
    message.events.set(wire::raw_token(value));
    message.events_first = !message.channel.present();
    if (message.events_first || message.events.text != "[" || message.events.twice) {
      return simdjson::SUCCESS;
    }
    const std::string_view name = message.channel.inner();
    if (name == sheet().channels[ticker].name) return collect_tickers(value, out);
    if (name == subscriptions_name) return collect_topics(message, value);
    return simdjson::SUCCESS;
  }

  simdjson::error_code collect_tickers(ondemand::value& events, Decoded& out) {
    return wire::for_each_object(events, [&](ondemand::object& event) {
      return wire::for_each_field(event, [&](std::string_view key, ondemand::value value) {
        if (key != "tickers") return simdjson::SUCCESS;
        return wire::for_each_object(value, [&](ondemand::object& product) {
          wire::CoinbaseTicker found;
          const auto error =
              wire::for_each_field(product, [&](std::string_view name, ondemand::value member) {
                found.collect(name, member);
                return simdjson::SUCCESS;
              });
          if (!error && sound_) sound_ = found.add(fields_, reader_, {}, out);
          return error;
        });
      });
    });
  }

  /// [{"subscriptions":{"ticker":["BTC-USD"],"heartbeats":["heartbeats"]}}]
  simdjson::error_code collect_topics(Message& message, ondemand::value& events) {
    return wire::for_each_object(events, [&](ondemand::object& event) {
      return wire::for_each_field(event, [&](std::string_view key, ondemand::value value) {
        if (key != subscriptions_name) return simdjson::SUCCESS;
        ondemand::object channels;
        if (const auto error = value.get_object().get(channels)) return error;
        return wire::for_each_field(channels, [&](std::string_view name, ondemand::value symbols) {
          const auto channel = wire::channel_named(sheet(), name);
          if (channel == heartbeats) message.topics.push_back({heartbeats, {}});
          if (channel != ticker) return simdjson::SUCCESS;
          return wire::add_topics(reader_, ticker, symbols, message.topics);
        });
      });
    });
  }

  Result judge(wire::DocumentError problem, Message& message, Decoded& out) {
    if (problem == wire::DocumentError::not_json)
      return wire::undecodable(DecodeErrorCode::not_json);
    if (problem != wire::DocumentError::none)
      return wire::undecodable(DecodeErrorCode::unknown_message);
    if (message.channel.present()) return push(message, out);
    if (message.type.inner() != "error") return wire::undecodable(DecodeErrorCode::unknown_message);
    Ack ack;
    if (const auto words = reader_.unescape(message.words)) ack.message = *words;
    ack.too_often = wire::about_rate(ack.message);
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  Result push(Message& message, Decoded& out) {
    if (!message.channel.is_string() || message.channel.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "channel");
    }
    const std::string_view name = message.channel.inner();
    const bool other = std::ranges::find(other_channels, name) != other_channels.end();
    const auto channel = wire::channel_named(sheet(), name);
    if (!channel && !other && name != subscriptions_name) {
      return wire::undecodable(DecodeErrorCode::unknown_message, "channel");
    }
    if (!message.events.present())
      return wire::undecodable(DecodeErrorCode::missing_field, "events");
    if (message.events.text != "[" || message.events.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "events");
    }
    if (other) return MessageType::ignored;
    if (!channel) {
      out.ack = Ack{.ok = true, .topics = std::move(message.topics), .complete = true};
      return MessageType::ack;
    }
    if (*channel == heartbeats) {
      out.beats.push_back({.channel = heartbeats});
      return MessageType::data;
    }
    return prices(message, out);
  }

  Result prices(const Message& message, Decoded& out) {
    std::optional<WallTime> sent;
    if (!sound_ || !fields_.rfc3339(message.time, "timestamp", sent)) {
      return std::unexpected(fields_.error());
    }
    for (WireTick& tick : out.ticks) tick.ts_event = sent;
    return MessageType::data;
  }

  wire::JsonReader reader_;
  wire::FieldReader fields_;
  bool sound_ = true;  ///< no ticker was wrong so far; else fields_ says what was
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<AdvancedDecoder>();
}

}  // namespace feedwatch::venues::coinbase_advanced
