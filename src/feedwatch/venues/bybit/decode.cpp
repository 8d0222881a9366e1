#include <algorithm>
#include <array>

#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/book_side.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::bybit {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

/// One entry of system.status. A list that is absent or empty means all.
struct Maintenance {
  Token id, state, title;
  bool of_product = true;  ///< of the category's
  bool of_service = true;  ///< of trading itself, or of market data
  bool production = true;

  bool concerns_us() const { return of_product && of_service && production; }
  bool lasts() const { return state.inner() == "ongoing"; }
  bool is_over() const { return state.inner() == "completed" || state.inner() == "canceled"; }
};

/// What we read of a message. `type` and `ts` may stand before or after `data`, so everything is
/// collected first and judged when the topic is known.
struct Message {
  Token topic, type, time, cross_seq, data;
  Token symbol, last, mark, index;       // data of tickers
  Token book_symbol, update_id;          // data of orderbook
  wire::BookSide bid, ask;               //
  Token success, words, request_id, op;  // answers
  std::uint64_t product = 0;             // whose maintenance concerns us
  // Data of system.status, of those that concern us and last or are over.
  std::vector<Maintenance> maintenances;
};

/// More at once than any venue has; the rest is not looked at.
constexpr std::size_t most_maintenances = 64;
constexpr std::size_t longest_id = 128;  ///< kept: theirs are UUIDs

/// Whether a list of numbers holds one that is wanted, or none at all.
simdjson::error_code find_number(ondemand::value& value, std::span<const std::uint64_t> wanted,
                                 bool& found) {
  if (wire::raw_token(value) != "[") return simdjson::SUCCESS;
  ondemand::array list;
  if (const auto error = value.get_array().get(list)) return error;
  bool empty = true;
  bool any = false;
  for (auto item : list) {
    ondemand::value member;
    if (const auto error = std::move(item).get(member)) return error;
    const auto number = wire::parse_unsigned({.text = wire::raw_token(member)});
    any = any || (number && std::ranges::find(wanted, *number) != wanted.end());
    empty = false;
  }
  found = any || empty;
  return simdjson::SUCCESS;
}

simdjson::error_code collect_maintenance(Maintenance& entry, std::uint64_t product,
                                         std::string_view key, ondemand::value& value) {
  constexpr std::array<std::uint64_t, 2> services{1, 5};  // trading, market data
  if (key == "id") entry.id.set(wire::raw_token(value));
  if (key == "state") entry.state.set(wire::raw_token(value));
  if (key == "title") entry.title.set(wire::raw_token(value));
  if (key == "env") entry.production = Token{.text = wire::raw_token(value)}.inner() == "1";
  if (key == "product") return find_number(value, std::span(&product, 1), entry.of_product);
  if (key == "serviceTypes") return find_number(value, services, entry.of_service);
  return simdjson::SUCCESS;
}

/// A list is the data of system.status, or of channels that we do not read.
simdjson::error_code collect_list(Message& message, ondemand::value& value) {
  ondemand::array list;
  if (const auto error = value.get_array().get(list)) return error;
  for (auto item : list) {
    ondemand::value member;
    if (const auto error = std::move(item).get(member)) return error;
    if (wire::raw_token(member) != "{") continue;
    ondemand::object object;
    if (const auto error = member.get_object().get(object)) return error;
    Maintenance entry;
    const auto on_field = [&](std::string_view key, ondemand::value field) {
      return collect_maintenance(entry, message.product, key, field);
    };
    if (const auto error = wire::for_each_field(object, on_field)) return error;
    const bool says = entry.concerns_us() && (entry.lasts() || entry.is_over());
    if (says && message.maintenances.size() < most_maintenances) {
      message.maintenances.push_back(entry);
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
  if (key == "b") return message.bid.collect(value);
  if (key == "a") return message.ask.collect(value);
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
  if (message.data.text == "[") return collect_list(message, value);
  if (message.data.text != "{") return simdjson::SUCCESS;
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return wire::for_each_field(object, [&](std::string_view name, ondemand::value member) {
    return collect_data(message, name, member);
  });
}

class BybitDecoder final : public Decoder {
 public:
  BybitDecoder(const Category& category, bool fast)
      : category_(category),
        product_(category.product),
        kinds_(category.sheet.channels[tickers].kinds),
        deltas_(category.sheet.channels[tickers].absent_is_unchanged),
        fast_(fast) {}

  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    if (fast_ && decode_fast(category_, frame.payload, out.ticks)) return MessageType::data;
    return decode_any(frame, out);
  }
  std::size_t decode_ticks(std::span<const Frame> frames, std::vector<WireTick>& ticks) override {
    return fast_ ? bybit::decode_ticks(category_, frames, ticks) : 0;
  }

 private:
  Result decode_any(const Frame& frame, Decoded& out) {
    Message message{.product = product_};
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
    const bool status = topic == "system.status";
    if (!ticker && !status && !topic.starts_with("orderbook.1.")) return MessageType::ignored;
    if (!message.data.present()) return fail(DecodeErrorCode::missing_field, "data");
    if (message.data.text != (status ? "[" : "{") || message.data.twice) {
      return fail(DecodeErrorCode::bad_value, "data");
    }
    if (status) return status_update(message, out);
    return ticker ? ticker_update(message, out) : book_update(message, out);
  }

  /// What is scheduled says nothing yet, and what concerns other products or services nothing at
  /// all.
  Result status_update(const Message& message, Decoded& out) {
    if (message.maintenances.empty()) return MessageType::ignored;
    const Maintenance* shown = &message.maintenances.back();
    SystemStatus status;
    for (const Maintenance& entry : message.maintenances) {
      (entry.lasts() ? status.lasting : status.over)
          .emplace_back(entry.id.text.substr(0, longest_id));
      if (entry.lasts()) shown = &entry;
    }
    status.trading = status.lasting.empty();
    status.detail = shown->state.inner();
    const auto title = reader_.unescape(shown->title);
    if (title && !title->empty()) status.detail.append(": ").append(*title);
    out.status = std::move(status);
    return MessageType::status;
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
        !std::ranges::all_of(kinds_,
                             [&](Kind kind) { return add(fields, common, kind, message, out); })) {
      out.ticks.clear();
      return std::unexpected(fields.error());
    }
    return MessageType::data;
  }

  /// One tick of a tickers message. Absent from a delta means unchanged: a tick without fields.
  /// Absent from a snapshot, or empty, means the venue has no such price: no tick, nothing proven.
  bool add(wire::FieldReader& fields, const WireTick& common, Kind kind, const Message& message,
           Decoded& out) const {
    const bool is_mark = kind == Kind::mark;
    const Token& token = kind == Kind::last ? message.last : is_mark ? message.mark : message.index;
    const std::string_view name = kind == Kind::last ? "lastPrice"
                                  : is_mark          ? "markPrice"
                                                     : "indexPrice";
    const bool unchanged = deltas_ && !token.present() && !common.snapshot;
    const bool priced = token.present() && !token.inner().empty();
    if (!unchanged && !priced) return true;
    WireTick tick = common;
    tick.kind = kind;
    tick.fields.price = priced;
    if (priced && !fields.price(token, name, tick.prices.price, tick.price_text)) return false;
    out.ticks.push_back(tick);
    return true;
  }

  /// Where every message is whole, none is marked so: it would begin the order of `cs` again.
  bool read_type(wire::FieldReader& fields, const Message& message, bool& snapshot) const {
    if (!message.type.present()) return fields.fail(DecodeErrorCode::missing_field, "type");
    const bool whole = message.type.inner() == "snapshot";
    const bool known = whole || message.type.inner() == "delta";
    snapshot = whole && deltas_;
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
        !fields.number(message.update_id, "u", quote.seq) || !message.bid.check(fields, "b") ||
        !message.ask.check(fields, "a")) {
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

  const Category& category_;
  std::uint64_t product_;
  std::span<const Kind> kinds_;  ///< of tickers
  bool deltas_;                  ///< tickers come as a snapshot and deltas
  bool fast_;
  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const Category& category) {
  return std::make_unique<BybitDecoder>(category, true);
}
std::unique_ptr<Decoder> make_general_decoder(const Category& category) {
  return std::make_unique<BybitDecoder>(category, false);
}

}  // namespace feedwatch::venues::bybit
