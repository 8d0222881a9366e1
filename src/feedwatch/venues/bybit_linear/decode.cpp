#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

/// One side of orderbook.1: [["11.248","1"]], or [] when nobody offers.
struct Side {
  Token list;   ///< "[" when it is a list at all
  Token price;  ///< first element of the first level
};

/// What we read of a message. `type` and `ts` may stand before or after `data`, so everything is
/// collected first and judged when the topic is known.
struct Message {
  Token topic, type, time, cross_seq, data;
  Token symbol, last, mark, index;       // data of tickers
  Token book_symbol, update_id;          // data of orderbook
  Side bid, ask;                         //
  Token success, words, request_id, op;  // answers
};

simdjson::error_code collect_side(Side& side, ondemand::value& value) {
  side.list.set(wire::raw_token(value));
  if (side.list.text != "[") return simdjson::SUCCESS;
  ondemand::array levels;
  if (const auto error = value.get_array().get(levels)) return error;
  for (auto item : levels) {
    ondemand::value level;
    if (const auto error = std::move(item).get(level)) return error;
    if (side.price.present() || wire::raw_token(level) != "[") continue;
    ondemand::array parts;
    if (const auto error = level.get_array().get(parts)) return error;
    for (auto part : parts) {
      ondemand::value element;
      if (const auto error = std::move(part).get(element)) return error;
      if (!side.price.present()) side.price.set(wire::raw_token(element));
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code collect_data(Message& message, std::string_view key, ondemand::value& value) {
  if (key == "symbol") message.symbol.set(wire::raw_token(value));
  if (key == "lastPrice") message.last.set(wire::raw_token(value));
  if (key == "markPrice") message.mark.set(wire::raw_token(value));
  if (key == "indexPrice") message.index.set(wire::raw_token(value));
  if (key == "s") message.book_symbol.set(wire::raw_token(value));
  if (key == "u") message.update_id.set(wire::raw_token(value));
  if (key == "b") return collect_side(message.bid, value);
  if (key == "a") return collect_side(message.ask, value);
  return simdjson::SUCCESS;
}

simdjson::error_code collect(Message& message, std::string_view key, ondemand::value& value) {
  if (key == "topic") message.topic.set(wire::raw_token(value));
  if (key == "type") message.type.set(wire::raw_token(value));
  if (key == "ts") message.time.set(wire::raw_token(value));
  if (key == "cs") message.cross_seq.set(wire::raw_token(value));
  if (key == "success") message.success.set(wire::raw_token(value));
  if (key == "ret_msg") message.words.set(wire::raw_token(value));
  if (key == "req_id") message.request_id.set(wire::raw_token(value));
  if (key == "op") message.op.set(wire::raw_token(value));
  if (key != "data") return simdjson::SUCCESS;
  message.data.set(wire::raw_token(value));
  if (message.data.text != "{") return simdjson::SUCCESS;  // trades and klines send a list
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return wire::for_each_field(object, [&](std::string_view name, ondemand::value member) {
    return collect_data(message, name, member);
  });
}

class BybitDecoder final : public Decoder {
 public:
  explicit BybitDecoder(bool fast) : fast_(fast) {}

  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    if (fast_ && decode_fast(frame.payload, out)) return MessageType::data;
    return decode_any(frame, out);
  }

 private:
  Result decode_any(const Frame& frame, Decoded& out) {
    Message message;
    const auto problem = reader_.read(
        frame.payload,
        [&](std::string_view key, ondemand::value value) { return collect(message, key, value); });
    if (problem == wire::DocumentError::not_json) return fail(DecodeErrorCode::not_json, {});
    if (problem != wire::DocumentError::none) return fail(DecodeErrorCode::unknown_message, {});
    return message.topic.present() ? data_message(message, out) : answer(message, out);
  }

  static Result fail(DecodeErrorCode code, std::string_view field) {
    return std::unexpected(DecodeError{code, field, {}});
  }

  Result data_message(const Message& message, Decoded& out) {
    if (!message.topic.is_string() || message.topic.twice) {
      return fail(DecodeErrorCode::bad_value, "topic");
    }
    const std::string_view topic = message.topic.inner();
    const bool ticker = topic.starts_with("tickers.");
    if (!ticker && !topic.starts_with("orderbook.1.")) return MessageType::ignored;
    if (!message.data.present()) return fail(DecodeErrorCode::missing_field, "data");
    if (message.data.text != "{" || message.data.twice) {
      return fail(DecodeErrorCode::bad_value, "data");
    }
    return ticker ? ticker_update(message, out) : book_update(message, out);
  }

  Result answer(const Message& message, Decoded& out) {
    const std::string_view op = message.op.inner();
    if (op == "pong" || message.words.inner() == "pong") return MessageType::pong;
    if (message.success.present() && (op == "subscribe" || op == "unsubscribe" || op.empty())) {
      Ack ack{.request_id = wire::parse_unsigned(message.request_id),
              .ok = message.success.text == "true",
              .message = {}};
      if (const auto words = reader_.unescape(message.words); words && !ack.ok) {
        ack.message = *words;
      }
      // What is subscribed still is subscribed: `error:already subscribed,topic:…`.
      if (ack.message.find("already subscribed") != std::string::npos)
        ack = {ack.request_id, true, {}};
      out.ack = std::move(ack);
      return MessageType::ack;
    }
    if (message.op.present()) return MessageType::ignored;  // auth and whatever else is answered
    return fail(DecodeErrorCode::unknown_message, {});
  }

  Result ticker_update(const Message& message, Decoded& out) {
    wire::FieldReader fields;
    WireTick common;
    if (!fields.text(reader_, message.symbol, "symbol", common.symbol)) {
      return std::unexpected(fields.error());
    }
    fields.about(common.symbol, Kind::last);
    if (!read_type(fields, message, common.snapshot) ||
        !fields.time(message.time, "ts", common.ts_event) ||
        !fields.number(message.cross_seq, "cs", common.seq) ||
        !add(fields, common, Kind::last, message.last, "lastPrice", out) ||
        !add(fields, common, Kind::mark, message.mark, "markPrice", out) ||
        !add(fields, common, Kind::index, message.index, "indexPrice", out)) {
      out.ticks.clear();
      return std::unexpected(fields.error());
    }
    return MessageType::data;
  }

  /// One tick of a tickers message. Absent from a delta means unchanged: a tick without fields.
  /// Absent from a snapshot, or empty, means the venue has no such price: no tick, nothing proven.
  static bool add(wire::FieldReader& fields, const WireTick& common, Kind kind, const Token& token,
                  std::string_view name, Decoded& out) {
    const bool unchanged = !token.present() && !common.snapshot;
    const bool priced = token.present() && !token.inner().empty();
    if (!unchanged && !priced) return true;
    WireTick tick = common;
    tick.kind = kind;
    tick.fields.price = priced;
    if (priced && !fields.price(token, name, tick.prices.price, tick.price_text)) return false;
    out.ticks.push_back(tick);
    return true;
  }

  static bool read_type(wire::FieldReader& fields, const Message& message, bool& snapshot) {
    if (!message.type.present()) return fields.fail(DecodeErrorCode::missing_field, "type");
    snapshot = message.type.inner() == "snapshot";
    const bool known = snapshot || message.type.inner() == "delta";
    return (known && !message.type.twice) || fields.fail(DecodeErrorCode::bad_value, "type");
  }

  /// Level 1 is always the whole best bid and offer, so `type` has nothing to add, and the tick is
  /// not marked snapshot: its order is kept by `u`, which starts again at 1 with the service.
  Result book_update(const Message& message, Decoded& out) {
    wire::FieldReader fields;
    WireTick quote{.kind = Kind::quote, .fields = {.price = true, .ask = true}};
    if (!fields.text(reader_, message.book_symbol, "s", quote.symbol)) {
      return std::unexpected(fields.error());
    }
    fields.about(quote.symbol, Kind::quote);
    if (!fields.time(message.time, "ts", quote.ts_event) ||
        !fields.number(message.update_id, "u", quote.seq) || !is_side(fields, message.bid, "b") ||
        !is_side(fields, message.ask, "a")) {
      return std::unexpected(fields.error());
    }
    // One side of the book is empty: there is no quote, and nothing to store beside an old one.
    if (!message.bid.price.present() || !message.ask.price.present()) return MessageType::data;
    if (!fields.price(message.bid.price, "b", quote.prices.price, quote.price_text) ||
        !fields.price(message.ask.price, "a", quote.prices.ask, quote.ask_text)) {
      return std::unexpected(fields.error());
    }
    quote.restart = quote.seq == 1U;
    out.ticks.push_back(quote);
    return MessageType::data;
  }

  static bool is_side(wire::FieldReader& fields, const Side& side, std::string_view name) {
    if (!side.list.present()) return fields.fail(DecodeErrorCode::missing_field, name);
    return (side.list.text == "[" && !side.list.twice) ||
           fields.fail(DecodeErrorCode::bad_value, name);
  }

  bool fast_;
  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<BybitDecoder>(true);
}
std::unique_ptr<Decoder> make_general_decoder() {
  return std::make_unique<BybitDecoder>(false);
}

}  // namespace feedwatch::venues::bybit_linear
