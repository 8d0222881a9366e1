#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

/// Fields of an event that we read, wherever it stands: in `data` of a combined frame or at the
/// root of a raw one. One letter means different things in different events, so nothing is judged
/// here.
struct Event {
  Token type;        // e
  Token event_time;  // E
  Token symbol;      // s
  Token mark;        // p
  Token index;       // i
  Token update_id;   // u
  Token bid;         // b
  Token ask;         // a

  void collect(std::string_view key, ondemand::value& value) {
    if (key.size() != 1) return;
    switch (key[0]) {
      case 'e':
        return type.set(wire::raw_token(value));
      case 'E':
        return event_time.set(wire::raw_token(value));
      case 's':
        return symbol.set(wire::raw_token(value));
      case 'p':
        return mark.set(wire::raw_token(value));
      case 'i':
        return index.set(wire::raw_token(value));
      case 'u':
        return update_id.set(wire::raw_token(value));
      case 'b':
        return bid.set(wire::raw_token(value));
      case 'a':
        return ask.set(wire::raw_token(value));
      default:
        return;
    }
  }
};

/// Answers to requests: {"result":null,"id":1}, {"code":2,"msg":"…"}, {"error":{…},"id":1}.
struct Answer {
  Token result, id, code, message, error;
};

struct Message {
  Event event;
  Answer answer;
  Token stream;
  Token data;
  Token last_update_id;
};

class BinanceDecoder final : public Decoder {
 public:
  explicit BinanceDecoder(bool fast) : fast_(fast) {}

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
    return interpret(message, out);
  }

  static Result fail(DecodeErrorCode code, std::string_view field) {
    return std::unexpected(DecodeError{code, field, {}});
  }

  static simdjson::error_code collect(Message& message, std::string_view key,
                                      ondemand::value& value) {
    if (key == "data") {
      message.data.set(wire::raw_token(value));
      if (message.data.text != "{") return simdjson::SUCCESS;
      return collect_object(value, [&](std::string_view name, ondemand::value member) {
        message.event.collect(name, member);
        return simdjson::SUCCESS;
      });
    }
    if (key == "error") {
      message.answer.error.set(wire::raw_token(value));
      if (message.answer.error.text != "{") return simdjson::SUCCESS;
      return collect_object(value, [&](std::string_view name, ondemand::value member) {
        collect_answer(message.answer, name, member);
        return simdjson::SUCCESS;
      });
    }
    if (key == "stream") message.stream.set(wire::raw_token(value));
    if (key == "lastUpdateId") message.last_update_id.set(wire::raw_token(value));
    collect_answer(message.answer, key, value);
    message.event.collect(key, value);
    return simdjson::SUCCESS;
  }

  template <class OnField>
  static simdjson::error_code collect_object(ondemand::value& value, OnField&& on_field) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    return wire::for_each_field(object, on_field);
  }

  static void collect_answer(Answer& answer, std::string_view key, ondemand::value& value) {
    if (key == "result") answer.result.set(wire::raw_token(value));
    if (key == "id") answer.id.set(wire::raw_token(value));
    if (key == "code") answer.code.set(wire::raw_token(value));
    if (key == "msg") answer.message.set(wire::raw_token(value));
  }

  Result interpret(const Message& message, Decoded& out) {
    const bool combined = message.stream.present();
    if (!combined && message.data.present()) return fail(DecodeErrorCode::unknown_message, {});
    if (combined && message.data.text != "{") return fail(DecodeErrorCode::missing_field, "data");
    if (message.data.twice) return fail(DecodeErrorCode::bad_value, "data");
    const Event& event = message.event;
    if (event.type.twice) return fail(DecodeErrorCode::bad_value, "e");
    const std::string_view type = event.type.inner();
    if (type == "markPriceUpdate") return mark_price_update(event, out);
    if (type == "bookTicker") return book_ticker_update(event, out);
    if (type == "serverShutdown") return MessageType::notice;
    if (event.type.present()) return MessageType::ignored;
    if (combined) return untyped(message, out);
    return answer_of(message, out);
  }

  /// Some markets send bookTicker without `e`; the stream's name then says what it is.
  Result untyped(const Message& message, Decoded& out) {
    const bool book = message.stream.inner().ends_with("@bookTicker");
    return book ? book_ticker_update(message.event, out) : Result(MessageType::ignored);
  }

  Result answer_of(const Message& message, Decoded& out) {
    const Answer& answer = message.answer;
    const bool refused = answer.error.present() || answer.code.present();
    if (!refused && !(answer.result.present() && answer.id.present())) {
      // A depth snapshot has no type; recorders also write the REST form among the frames.
      if (message.last_update_id.present()) return MessageType::ignored;
      return fail(DecodeErrorCode::unknown_message, {});
    }
    Ack ack{.request_id = wire::parse_unsigned(answer.id), .ok = !refused, .message = {}};
    if (const auto text = reader_.unescape(answer.message)) ack.message = *text;
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  Result mark_price_update(const Event& event, Decoded& out) {
    wire::FieldReader fields;
    WireTick mark{.kind = Kind::mark, .fields = {.price = true}};
    if (!stamp(fields, event, mark) ||
        !fields.price(event.mark, "p", mark.prices.price, mark.price_text)) {
      return std::unexpected(fields.error());
    }
    WireTick index = mark;
    index.kind = Kind::index;
    // Contracts without an index price send an empty one or none: no tick, and no error either.
    const bool has_index = event.index.present() && !event.index.inner().empty();
    if (has_index && !fields.price(event.index, "i", index.prices.price, index.price_text)) {
      return std::unexpected(fields.error());
    }
    out.ticks.push_back(mark);
    if (has_index) out.ticks.push_back(index);
    return MessageType::data;
  }

  Result book_ticker_update(const Event& event, Decoded& out) {
    wire::FieldReader fields;
    WireTick quote{.kind = Kind::quote, .fields = {.price = true, .ask = true}};
    if (!stamp(fields, event, quote) ||
        !fields.price(event.bid, "b", quote.prices.price, quote.price_text) ||
        !fields.price(event.ask, "a", quote.prices.ask, quote.ask_text) ||
        !fields.number(event.update_id, "u", quote.seq)) {
      return std::unexpected(fields.error());
    }
    out.ticks.push_back(quote);
    return MessageType::data;
  }

  bool stamp(wire::FieldReader& fields, const Event& event, WireTick& tick) {
    if (!fields.text(reader_, event.symbol, "s", tick.symbol)) return false;
    fields.about(tick.symbol, tick.kind);
    return fields.time(event.event_time, "E", tick.ts_event);
  }

  bool fast_;
  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<BinanceDecoder>(true);
}
std::unique_ptr<Decoder> make_general_decoder() {
  return std::make_unique<BinanceDecoder>(false);
}

}  // namespace feedwatch::venues::binance_usdm
