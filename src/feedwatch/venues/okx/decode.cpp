#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/wire/book_side.hpp"
#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::okx {

namespace {

using wire::Token;
namespace ondemand = wire::ondemand;
using Result = std::expected<MessageType, DecodeError>;

/// What we read of one member of `data`; which of it counts, the channel says.
struct Entry {
  Token symbol, last, mark, index, time, sequence;
  wire::BookSide bid, ask;
  Token state, service, environment, title;  // status
};

struct Message {
  Token channel, symbol;                    // arg
  Token event, code, words, id, arg, data;  // answers, and what there is at all
  Entry entry;                              ///< the last of `entries`
  std::size_t entries = 0;
  Token halted;       ///< title of a maintenance that goes on now, of all entries
  bool told = false;  ///< an entry speaks of trading
};

/// Services whose maintenance stops prices: all connections, all trading. Others concern blocks,
/// bots, or only some accounts and products.
bool stops_prices(const Token& service) {
  return service.inner() == "0" || service.inner() == "5";
}

/// A maintenance, where the entry is one; other channels have no such members.
void judge_status(Message& message) {
  const Entry& entry = message.entry;
  if (!entry.state.present() || !stops_prices(entry.service)) return;
  if (entry.environment.inner() == "2") return;  // demo trading
  message.told = true;
  if (entry.state.inner() != "ongoing") return;
  message.halted = entry.title.present() ? entry.title : entry.state;
}

simdjson::error_code collect_member(Entry& entry, std::string_view key, ondemand::value& value) {
  if (key == "instId") entry.symbol.set(wire::raw_token(value));
  if (key == "last") entry.last.set(wire::raw_token(value));
  if (key == "markPx") entry.mark.set(wire::raw_token(value));
  if (key == "idxPx") entry.index.set(wire::raw_token(value));
  if (key == "ts") entry.time.set(wire::raw_token(value));
  if (key == "seqId") entry.sequence.set(wire::raw_token(value));
  if (key == "bids") return entry.bid.collect(value);
  if (key == "asks") return entry.ask.collect(value);
  if (key == "state") entry.state.set(wire::raw_token(value));
  if (key == "serviceType") entry.service.set(wire::raw_token(value));
  if (key == "env") entry.environment.set(wire::raw_token(value));
  if (key == "title") entry.title.set(wire::raw_token(value));
  return simdjson::SUCCESS;
}

simdjson::error_code collect_data(Message& message, ondemand::value& value) {
  message.data.set(wire::raw_token(value));
  if (message.data.text != "[") return simdjson::SUCCESS;
  // Books of 400 levels need not be walked through; `arg` comes first.
  const std::string_view name = message.channel.inner();
  if (message.channel.present() && !wire::channel_named(sheet(), name)) return simdjson::SUCCESS;
  return wire::for_each_object(value, [&](ondemand::object& object) {
    message.entry = {};
    ++message.entries;
    const auto error =
        wire::for_each_field(object, [&](std::string_view key, ondemand::value field) {
          return collect_member(message.entry, key, field);
        });
    if (!error) judge_status(message);
    return error;
  });
}

simdjson::error_code collect(Message& message, std::string_view key, ondemand::value& value) {
  if (key == "data") return collect_data(message, value);
  if (key == "event") message.event.set(wire::raw_token(value));
  if (key == "code") message.code.set(wire::raw_token(value));
  if (key == "msg") message.words.set(wire::raw_token(value));
  if (key == "id") message.id.set(wire::raw_token(value));
  if (key != "arg") return simdjson::SUCCESS;
  message.arg.set(wire::raw_token(value));
  if (message.arg.text != "{") return simdjson::SUCCESS;
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return error;
  return wire::for_each_field(object, [&](std::string_view name, ondemand::value member) {
    if (name == "channel") message.channel.set(wire::raw_token(member));
    if (name == "instId") message.symbol.set(wire::raw_token(member));
    return simdjson::SUCCESS;
  });
}

/// What a refusal names: "… channel:tickers,instId:BTC-USDTX doesn't exist …".
std::optional<Topic> topic_named(std::string_view words) {
  constexpr std::string_view before = "channel:";
  constexpr std::string_view between = ",instId:";
  constexpr std::string_view after = " doesn't exist";
  const auto start = words.find(before);
  const auto middle = words.find(between, start);
  const auto end = words.find(after, middle);
  if (start == std::string_view::npos || middle == std::string_view::npos ||
      end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto name = words.substr(start + before.size(), middle - start - before.size());
  const auto symbol = words.substr(middle + between.size(), end - middle - between.size());
  const auto channel = wire::channel_named(sheet(), name);
  if (!channel) return std::nullopt;
  return Topic{*channel, std::string(symbol)};
}

class OkxDecoder final : public Decoder {
 public:
  Result decode(const Frame& frame, Decoded& out) override {
    out.clear();
    if (frame.payload == "pong") return MessageType::pong;
    Message message;
    const auto problem = reader_.read(
        frame.payload,
        [&](std::string_view key, ondemand::value value) { return collect(message, key, value); });
    if (problem == wire::DocumentError::not_json)
      return wire::undecodable(DecodeErrorCode::not_json);
    if (problem != wire::DocumentError::none)
      return wire::undecodable(DecodeErrorCode::unknown_message);
    if (message.event.present()) return answer(message, out);
    if (message.arg.present()) return push(message, out);
    return wire::undecodable(DecodeErrorCode::unknown_message);
  }

 private:
  Result answer(const Message& message, Decoded& out) {
    const std::string_view event = message.event.inner();
    if (event == "subscribe" || event == "unsubscribe") return granted(message, out);
    if (event == "error") return refused(message, out);
    // The code is what the venue documents as the word that a connection is about to be closed.
    if (event == "notice") {
      return message.code.inner() == "64008" ? MessageType::notice : MessageType::ignored;
    }
    return MessageType::ignored;  // logins and whatever else is answered
  }

  Result granted(const Message& message, Decoded& out) {
    Ack ack{.request_id = wire::parse_unsigned(message.id), .ok = true};
    const auto channel = wire::channel_named(sheet(), message.channel.inner());
    if (!channel) return MessageType::ignored;  // none we asked for
    const auto symbol = reader_.unescape(message.symbol);
    ack.topics.push_back({*channel, symbol ? std::string(*symbol) : std::string{}});
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  Result refused(const Message& message, Decoded& out) {
    Ack ack{.request_id = wire::parse_unsigned(message.id)};
    if (const auto words = reader_.unescape(message.words)) ack.message = *words;
    ack.too_often = wire::about_rate(ack.message);
    if (auto topic = topic_named(ack.message)) ack.topics.push_back(std::move(*topic));
    out.ack = std::move(ack);
    return MessageType::ack;
  }

  Result push(const Message& message, Decoded& out) {
    if (!message.channel.is_string() || message.channel.twice || message.arg.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "channel");
    }
    const auto channel = wire::channel_named(sheet(), message.channel.inner());
    if (!channel) return MessageType::ignored;
    if (!message.data.present()) return wire::undecodable(DecodeErrorCode::missing_field, "data");
    if (message.data.text != "[" || message.data.twice) {
      return wire::undecodable(DecodeErrorCode::bad_value, "data");
    }
    if (*channel == status) return system_status(message, out);
    // One push speaks of one instrument, as it is now.
    if (message.entries != 1) return wire::undecodable(DecodeErrorCode::bad_value, "data");
    return price(*channel, message, out);
  }

  Result system_status(const Message& message, Decoded& out) {
    if (!message.told) return MessageType::ignored;
    SystemStatus status{.trading = !message.halted.present()};
    if (const auto words = reader_.unescape(message.halted)) status.detail = *words;
    out.status = std::move(status);
    return MessageType::status;
  }

  Result price(std::uint8_t channel, const Message& message, Decoded& out) {
    wire::FieldReader fields;
    WireTick tick{.kind = sheet().channels[channel].kinds.front(), .fields = {.price = true}};
    // bbo-tbt names the instrument nowhere else.
    if (!fields.text(reader_, message.symbol, "instId", tick.symbol)) {
      return std::unexpected(fields.error());
    }
    fields.about(tick.symbol, tick.kind);
    if (!fields.time(message.entry.time, "ts", tick.ts_event) ||
        !read(fields, channel, message.entry, tick)) {
      return std::unexpected(fields.error());
    }
    // An empty price, or an empty side: the venue has none, and nothing is proven.
    if (tick.fields.price) out.ticks.push_back(tick);
    return MessageType::data;
  }

  static bool read(wire::FieldReader& fields, std::uint8_t channel, const Entry& entry,
                   WireTick& tick) {
    switch (channel) {
      case tickers:
        return read_price(fields, entry.last, "last", tick);
      case mark_price:
        return read_price(fields, entry.mark, "markPx", tick);
      case index_tickers:
        return read_price(fields, entry.index, "idxPx", tick);
      default:
        return read_quote(fields, entry, tick);
    }
  }

  static bool read_price(wire::FieldReader& fields, const Token& token, std::string_view name,
                         WireTick& tick) {
    tick.fields.price = !(token.present() && token.inner().empty() && !token.twice);
    return !tick.fields.price || fields.price(token, name, tick.prices.price, tick.price_text);
  }

  static bool read_quote(wire::FieldReader& fields, const Entry& entry, WireTick& tick) {
    if (!fields.number(entry.sequence, "seqId", tick.seq) || !entry.bid.check(fields, "bids") ||
        !entry.ask.check(fields, "asks")) {
      return false;
    }
    tick.fields = {.price = entry.bid.price.present() && entry.ask.price.present()};
    if (!tick.fields.price) return true;
    tick.fields.ask = true;
    return fields.price(entry.bid.price, "bids", tick.prices.price, tick.price_text) &&
           fields.price(entry.ask.price, "asks", tick.prices.ask, tick.ask_text);
  }

  wire::JsonReader reader_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<OkxDecoder>();
}

}  // namespace feedwatch::venues::okx
