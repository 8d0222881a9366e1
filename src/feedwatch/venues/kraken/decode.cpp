#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::kraken {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

struct Message {
  Token channel, data;                       // pushes
  Token method, success, words, symbol, id;  // answers
  Token result_channel, result_symbol;       //
  Token event;                               ///< the older API's; says what a wrong recording is
  Token system;                              ///< of the last member of `data`
  bool data_first = false;                   ///< `data` came before it was known whose it is
};

/// One member of `data`: a book's top or a trade.
struct Entry {
  Token symbol, bid, ask, price, trade_id, time;

  void collect(std::string_view key, ondemand::value& value) {
    if (key == "symbol") symbol.set(wire::raw_token(value));
    if (key == "bid") bid.set(wire::raw_token(value));
    if (key == "ask") ask.set(wire::raw_token(value));
    if (key == "price") price.set(wire::raw_token(value));
    if (key == "trade_id") trade_id.set(wire::raw_token(value));
    if (key == "timestamp") time.set(wire::raw_token(value));
  }
};

/// Known, and nothing we subscribe.
bool is_other_channel(std::string_view name) {
  for (const std::string_view other : {"heartbeat", "book", "level3", "ohlc", "instrument"}) {
    if (name == other) return true;
  }
  return false;
}

class KrakenDecoder final : public Decoder {
 public:
  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    fields_ = {};
    sound_ = true;
    Message message;
    const auto collect_all = [&](std::string_view key, ondemand::value value) {
      return collect(message, key, value, out);
    };
    auto problem = reader_.read(frame.payload, collect_all);
    // Members stand in any order in JSON. Not in practice, so reading twice costs nothing.
    if (problem == wire::DocumentError::none && message.data_first) {
      const Token channel = message.channel;
      message = {.channel = channel};
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
    if (key == "data") return collect_data(message, value, out);
    if (key == "channel") message.channel.set(wire::raw_token(value));
    if (key == "method") message.method.set(wire::raw_token(value));
    if (key == "success") message.success.set(wire::raw_token(value));
    if (key == "error") message.words.set(wire::raw_token(value));
    if (key == "symbol") message.symbol.set(wire::raw_token(value));
    if (key == "req_id") message.id.set(wire::raw_token(value));
    if (key == "event") message.event.set(wire::raw_token(value));
    if (key != "result" || wire::raw_token(value) != "{") return simdjson::SUCCESS;
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    return wire::for_each_field(object, [&](std::string_view name, ondemand::value member) {
      if (name == "channel") message.result_channel.set(wire::raw_token(member));
      if (name == "symbol") message.result_symbol.set(wire::raw_token(member));
      return simdjson::SUCCESS;
    });
  }

  simdjson::error_code collect_data(Message& message, ondemand::value& value, Decoded& out) {
    message.data.set(wire::raw_token(value));
    message.data_first = !message.channel.present();
    if (message.data_first || message.data.text != "[" || message.data.twice) {
      return simdjson::SUCCESS;
    }
    const std::string_view name = message.channel.inner();
    const auto channel = wire::channel_named(sheet(), name);
    if (!channel && name != "status") return simdjson::SUCCESS;
    return wire::for_each_object(value, [&](ondemand::object& object) {
      Entry entry;
      const auto error =
          wire::for_each_field(object, [&](std::string_view key, ondemand::value member) {
            if (!channel && key == "system") message.system.set(wire::raw_token(member));
            entry.collect(key, member);
            return simdjson::SUCCESS;
          });
      if (!error && channel && sound_) sound_ = add(*channel, entry, out);
      return error;
    });
  }

  bool add(std::uint8_t channel, const Entry& entry, Decoded& out) {
    WireTick tick{.kind = channel == ticker ? Kind::quote : Kind::last, .fields = {.price = true}};
    if (!fields_.text(reader_, entry.symbol, "symbol", tick.symbol)) return false;
    fields_.about(tick.symbol, tick.kind);
    if (!fields_.rfc3339(entry.time, "timestamp", tick.ts_event)) return false;
    return channel == ticker ? add_quote(entry, tick, out) : add_trade(entry, tick, out);
  }

  /// A side on which nobody offers is null, or zero: there is no quote, and nothing is proven.
  bool add_quote(const Entry& entry, WireTick& quote, Decoded& out) {
    if (entry.bid.is_null() || entry.ask.is_null()) return true;
    quote.fields.ask = true;
    if (!fields_.price(entry.bid, "bid", quote.prices.price, quote.price_text) ||
        !fields_.price(entry.ask, "ask", quote.prices.ask, quote.ask_text)) {
      return false;
    }
    if (!quote.prices.price.is_zero() && !quote.prices.ask.is_zero()) out.ticks.push_back(quote);
    return true;
  }

  /// Several trades of a symbol come together, fifty of them on subscribing: the newest counts.
  bool add_trade(const Entry& entry, WireTick& last, Decoded& out) {
    if (!fields_.number(entry.trade_id, "trade_id", last.seq) ||
        !fields_.price(entry.price, "price", last.prices.price, last.price_text)) {
      return false;
    }
    if (out.ticks.empty() || out.ticks.back().symbol != last.symbol) {
      out.ticks.push_back(last);
    } else if (last.seq >= out.ticks.back().seq) {
      out.ticks.back() = last;
    }
    return true;
  }

  Result judge(wire::DocumentError problem, const Message& message, Decoded& out) {
    if (problem == wire::DocumentError::not_json)
      return wire::undecodable(DecodeErrorCode::not_json);
    // The v1 API pushes lists and says `event`; the field tells who decodes such a recording.
    if (problem != wire::DocumentError::none)
      return wire::undecodable(DecodeErrorCode::unknown_message);
    if (message.channel.present()) return push(message, out);
    if (message.method.present()) return answer(message, out);
    return wire::undecodable(DecodeErrorCode::unknown_message,
                             message.event.present() ? "event" : "");
  }

  Result push(const Message& message, Decoded& out) {
    if (!message.channel.is_string() || message.channel.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "channel");
    }
    const std::string_view name = message.channel.inner();
    if (is_other_channel(name)) return MessageType::ignored;
    const bool ours = name == "status" || wire::channel_named(sheet(), name).has_value();
    if (!ours) return wire::undecodable(DecodeErrorCode::unknown_message, "channel");
    if (!message.data.present()) return wire::undecodable(DecodeErrorCode::missing_field, "data");
    if (message.data.text != "[" || message.data.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "data");
    }
    if (name == "status") return system_status(message, out);
    if (!sound_) return std::unexpected(fields_.error());
    return MessageType::data;
  }

  /// All but "online" mean that no orders match.
  Result system_status(const Message& message, Decoded& out) {
    const auto system = reader_.unescape(message.system);
    if (!system) return wire::undecodable(DecodeErrorCode::missing_field, "system");
    out.status = SystemStatus{.trading = *system == "online", .detail = std::string(*system)};
    return MessageType::status;
  }

  Result answer(const Message& message, Decoded& out) {
    const std::string_view method = message.method.inner();
    if (method == "pong") return MessageType::pong;
    if (method != "subscribe" && method != "unsubscribe") return MessageType::ignored;
    if (!message.success.present())
      return wire::undecodable(DecodeErrorCode::missing_field, "success");
    Ack ack{.request_id = wire::parse_unsigned(message.id), .ok = message.success.text == "true"};
    ack.ok ? grant(message, ack) : refuse(message, ack);
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  void grant(const Message& message, Ack& ack) {
    const auto channel = wire::channel_named(sheet(), message.result_channel.inner());
    const auto symbol = reader_.unescape(message.result_symbol);
    if (channel && symbol) ack.topics.push_back({*channel, std::string(*symbol)});
  }

  /// A refusal names the symbol, not the channel; a request speaks of one channel only.
  void refuse(const Message& message, Ack& ack) {
    if (const auto words = reader_.unescape(message.words)) ack.message = *words;
    ack.too_often = wire::about_rate(ack.message);
    if (const auto symbol = reader_.unescape(message.symbol)) {
      ack.topics.push_back({ticker, std::string(*symbol)});
      ack.topics.push_back({trade, std::string(*symbol)});
    }
    // What is subscribed still is subscribed.
    if (ack.message.find("lready subscribed") != std::string::npos) {
      ack.ok = true;
      ack.message.clear();
    }
  }

  wire::JsonReader reader_;
  wire::FieldReader fields_;
  bool sound_ = true;  ///< no member of `data` was wrong so far; else fields_ says what was
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<KrakenDecoder>();
}

}  // namespace feedwatch::venues::kraken
