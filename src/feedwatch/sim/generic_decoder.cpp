#include "feedwatch/sim/generic_decoder.hpp"

#include <charconv>

#include "feedwatch/sim/generic_text.hpp"

namespace feedwatch::sim {
namespace {

using venues::DecodeError;
using venues::DecodeErrorCode;
using venues::MessageType;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::unexpected<DecodeError> bad(DecodeErrorCode code, std::string_view field,
                                 std::string_view symbol = {}) {
  return std::unexpected(DecodeError{code, field, symbol});
}

/// One `name=value` word of a tick.
std::expected<void, DecodeError> take_field(std::string_view word, WireTick& tick) {
  const std::string_view value = word.substr(word.size() < 2 ? word.size() : 2);
  const auto price = [&](Decimal& out, bool& present, std::string_view& text,
                         std::string_view name) -> std::expected<void, DecodeError> {
    const auto parsed = Decimal::parse(value);
    if (!parsed) return bad(DecodeErrorCode::bad_price, name, tick.symbol);
    out = *parsed;
    present = true;
    text = value;
    return {};
  };
  if (word.starts_with("p="))
    return price(tick.prices.price, tick.fields.price, tick.price_text, "p");
  if (word.starts_with("a=")) return price(tick.prices.ask, tick.fields.ask, tick.ask_text, "a");
  if (word.starts_with("t=")) {
    const auto ns = number<std::int64_t>(value);
    if (!ns) return bad(DecodeErrorCode::bad_value, "t", tick.symbol);
    tick.ts_event = wall_from_ns(*ns);
    return {};
  }
  if (word.starts_with("n=")) {
    tick.seq = number<std::uint64_t>(value);
    if (!tick.seq) return bad(DecodeErrorCode::bad_value, "n", tick.symbol);
    return {};
  }
  if (word == "restart") {
    tick.restart = true;
    return {};
  }
  return bad(DecodeErrorCode::unknown_message, "field", tick.symbol);
}

}  // namespace

std::expected<MessageType, DecodeError> GenericDecoder::decode(const Frame& frame,
                                                               venues::Decoded& out) {
  out.clear();
  const std::vector<std::string_view> words = split_words(frame.payload);
  if (words.empty()) return bad(DecodeErrorCode::unknown_message, "word");
  if (words[0] == "tick") return decode_tick(words, out);
  if (words[0] == "beat") return decode_beat(words, out);
  if (words[0] == "alive") return MessageType::ignored;
  if (words[0] == "pong") return MessageType::pong;
  if (words[0] == "notice") return MessageType::notice;
  if (words[0] == "status" && words.size() == 2) {
    out.status = {.trading = words[1] == "trading", .detail = std::string(words[1])};
    return MessageType::status;
  }
  if ((words[0] == "ack" || words[0] == "refuse") && words.size() >= 2) {
    out.ack = venues::Ack{
        .request_id = number<std::uint64_t>(words[1]), .ok = words[0] == "ack", .message = {}};
    for (std::size_t i = 2; i < words.size(); ++i) {
      out.ack->message += (i == 2 ? "" : " ") + std::string(words[i]);
    }
    return MessageType::ack;
  }
  return bad(DecodeErrorCode::unknown_message, "word");
}

std::string_view GenericDecoder::symbol_of(std::string_view word) {
  if (word.find('%') == std::string_view::npos) return word;
  symbol_ = unescape_word(word);
  return symbol_;
}

std::expected<MessageType, DecodeError> GenericDecoder::decode_beat(
    const std::vector<std::string_view>& words, venues::Decoded& out) {
  if (words.size() < 2) return bad(DecodeErrorCode::missing_field, "beat");
  const auto channel = number<std::uint8_t>(words[1]);
  if (!channel) return bad(DecodeErrorCode::bad_value, "channel");
  const std::string_view symbol = words.size() > 2 ? symbol_of(words[2]) : std::string_view{};
  out.beats.push_back({.channel = *channel, .symbol = symbol, .trade_id = {}});
  return MessageType::data;
}

std::expected<MessageType, DecodeError> GenericDecoder::decode_tick(
    const std::vector<std::string_view>& words, venues::Decoded& out) {
  if (words.size() < 4) return bad(DecodeErrorCode::missing_field, "tick");
  const auto kind = kind_from_text(words[1]);
  if (!kind) return bad(DecodeErrorCode::bad_value, "channel");
  WireTick tick;
  tick.kind = *kind;
  tick.symbol = symbol_of(words[2]);
  tick.snapshot = words[3] == "snapshot";
  for (std::size_t i = 4; i < words.size(); ++i) {
    if (const auto taken = take_field(words[i], tick); !taken)
      return std::unexpected(taken.error());
  }
  out.ticks.push_back(tick);
  return MessageType::data;
}

}  // namespace feedwatch::sim
