#include <array>

#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::binance {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

/// Fields of an event that we read, wherever it stands: in `data` of a combined frame or at the
/// root of a raw one. One letter means different things in different events, so nothing is judged
/// here.
struct EventFields {
  Token type;        // e
  Token event_time;  // E
  Token symbol;      // s
  Token price;       // p
  Token index;       // i
  Token update_id;   // u
  Token bid;         // b
  Token ask;         // a, of aggTrade its number

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
        return price.set(wire::raw_token(value));
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
  EventFields event;
  Answer answer;
  Token stream;
  Token data;
  Token last_update_id;
};

class BinanceDecoder final : public Decoder {
 public:
  BinanceDecoder(const Market& market, bool fast) : market_(market), fast_(fast) {
    for (std::size_t i = 0; i < market.events.size(); ++i) {
      channels_[static_cast<std::size_t>(market.events[i])] = static_cast<std::uint8_t>(i);
    }
  }

  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    const auto known = fast_ ? decode_fast(market_, frame.payload, out.ticks) : std::nullopt;
    return known ? Result(*known) : decode_any(frame, out);
  }
  std::size_t decode_ticks(std::span<const Frame> frames, std::vector<WireTick>& ticks) override {
    return fast_ ? binance::decode_ticks(market_, frames, ticks) : 0;
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
    if (combined && message.data.text != "{") {
      // Streams of all symbols ("!ticker@arr") send lists; none of them is ours.
      const bool list = message.data.text == "[" && message.stream.inner().starts_with('!');
      return list ? Result(MessageType::ignored) : fail(DecodeErrorCode::missing_field, "data");
    }
    if (message.data.twice) return fail(DecodeErrorCode::bad_value, "data");
    const EventFields& event = message.event;
    if (event.type.twice) return fail(DecodeErrorCode::bad_value, "e");
    const std::string_view type = event.type.inner();
    if (type == "bookTicker") return update(Event::book_ticker, event, out);
    if (type == "aggTrade") return update(Event::agg_trade, event, out);
    if (type == "markPriceUpdate") return update(Event::mark_price, event, out);
    if (type == "avgPrice") return update(Event::avg_price, event, out);
    if (type == "serverShutdown") return MessageType::notice;
    if (event.type.present()) return MessageType::ignored;
    if (combined) return untyped(message, out);
    return answer_of(message, out);
  }

  /// Events of channels that the market does not offer are none of ours.
  Result update(Event type, const EventFields& event, Decoded& out) {
    if (!channel(type)) return MessageType::ignored;
    switch (type) {
      case Event::agg_trade:
        return agg_trade_update(event, out);
      case Event::avg_price:
        return avg_price_update(event, out);
      case Event::book_ticker:
        return book_ticker_update(event, out);
      case Event::mark_price:
        return mark_price_update(event, out);
    }
    return MessageType::ignored;
  }

  std::optional<std::uint8_t> channel(Event type) const {
    return channels_[static_cast<std::size_t>(type)];
  }

  /// Spot sends bookTicker without `e`; the stream's name then says what it is.
  Result untyped(const Message& message, Decoded& out) {
    const bool book = message.stream.inner().ends_with("@bookTicker");
    return book ? update(Event::book_ticker, message.event, out) : Result(MessageType::ignored);
  }

  Result answer_of(const Message& message, Decoded& out) {
    const Answer& answer = message.answer;
    const bool refused = answer.error.present() || answer.code.present();
    if (!refused && !(answer.result.present() && answer.id.present())) {
      // A depth snapshot has no type; recorders also write the REST form among the frames.
      if (message.last_update_id.present()) return MessageType::ignored;
      // Nor has a raw bookTicker of Spot, whose stream nobody names.
      const bool book = message.event.symbol.present() && message.event.update_id.present();
      if (book) return update(Event::book_ticker, message.event, out);
      return fail(DecodeErrorCode::unknown_message, {});
    }
    Ack ack{.request_id = wire::parse_unsigned(answer.id), .ok = !refused, .message = {}};
    if (const auto text = reader_.unescape(answer.message)) ack.message = *text;
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  Result mark_price_update(const EventFields& event, Decoded& out) {
    wire::FieldReader fields;
    WireTick mark{.kind = Kind::mark, .fields = {.price = true}};
    if (!stamp(fields, event, mark) ||
        !fields.price(event.price, "p", mark.prices.price, mark.price_text)) {
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

  Result book_ticker_update(const EventFields& event, Decoded& out) {
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

  Result agg_trade_update(const EventFields& event, Decoded& out) {
    wire::FieldReader fields;
    WireTick last{.kind = Kind::last, .fields = {.price = true}};
    if (!stamp(fields, event, last) ||
        !fields.price(event.price, "p", last.prices.price, last.price_text) ||
        !fields.number(event.ask, "a", last.seq)) {
      return std::unexpected(fields.error());
    }
    out.ticks.push_back(last);
    return MessageType::data;
  }

  /// The average itself is no price that anybody trades at; that it comes proves the symbol.
  Result avg_price_update(const EventFields& event, Decoded& out) {
    wire::FieldReader fields;
    Beat beat{.channel = *channel(Event::avg_price), .symbol = {}, .trade_id = {}};
    if (!fields.text(reader_, event.symbol, "s", beat.symbol)) {
      return std::unexpected(fields.error());
    }
    out.beats.push_back(beat);
    return MessageType::data;
  }

  bool stamp(wire::FieldReader& fields, const EventFields& event, WireTick& tick) {
    if (!fields.text(reader_, event.symbol, "s", tick.symbol)) return false;
    fields.about(tick.symbol, tick.kind);
    return fields.time(event.event_time, "E", tick.ts_event);
  }

  std::array<std::optional<std::uint8_t>, 4> channels_;  ///< by Event
  const Market& market_;
  bool fast_;
  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const Market& market) {
  return std::make_unique<BinanceDecoder>(market, true);
}
std::unique_ptr<Decoder> make_general_decoder(const Market& market) {
  return std::make_unique<BinanceDecoder>(market, false);
}

}  // namespace feedwatch::venues::binance
