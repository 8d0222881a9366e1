#include "feedwatch/sim/generic_venue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/sim/generic_decoder.hpp"
#include "feedwatch/sim/generic_text.hpp"

namespace feedwatch::sim {

using venues::ClientMessage;
using venues::ClientOp;
using venues::ClientRequest;
using venues::MarketState;
using venues::Topic;

GenericVenue::GenericVenue(GenericSheet sheet)
    : described_(std::move(sheet)),
      ws_url_("ws://" + described_.name + ".sim"),
      rest_url_("http://" + described_.name + ".sim") {
  for (const GenericChannel& channel : described_.channels) {
    const bool beats = channel.beats != venues::BeatScope::none;
    kinds_.emplace_back(beats ? 0 : 1, channel.kind);
    channels_.push_back({.name = beats ? "beat" : to_text(channel.kind),
                         .route = "main",
                         .kinds = kinds_.back(),
                         .beats = channel.beats,
                         .cadence = channel.cadence,
                         .event_time = channel.event_time,
                         .absent_is_unchanged = channel.absent_is_unchanged,
                         .repeat_confirms = channel.repeat_confirms,
                         .seq_orders = channel.seq_orders,
                         .seq_comparable = channel.seq_comparable,
                         .snapshot_on_subscribe = channel.snapshot_on_subscribe,
                         .suspect_after = channel.suspect_after});
  }
  sheet_.name = described_.name;
  sheet_.ws_url = ws_url_;
  sheet_.rest_url = rest_url_;
  sheet_.channels = channels_;
  sheet_.ping = described_.ping;
  sheet_.server_heartbeat = described_.server_heartbeat;
  sheet_.forced_close = described_.forced_close;
  sheet_.dials = described_.dials;
  sheet_.messages = described_.messages;
  sheet_.max_topics_per_line = described_.max_topics_per_line;
  sheet_.max_topics_per_request = described_.max_topics_per_request;
  sheet_.max_request_chars = 64U << 10U;
  sheet_.rest = described_.rest;
  sheet_.rest_all = described_.rest_all;
}

std::string GenericVenue::dial_url(std::string_view base, std::string_view route) const {
  return fmt::format("{}/{}", base, route);
}

std::vector<ClientRequest> GenericVenue::requests(std::string_view word,
                                                  std::span<const Topic> topics,
                                                  std::uint64_t first_id) const {
  std::vector<ClientRequest> out;
  while (!topics.empty()) {
    const auto part = topics.first(std::min(topics.size(), sheet_.max_topics_per_request));
    topics = topics.subspan(part.size());
    ClientRequest request{.id = first_id + out.size(), .text = {}, .topics = {}};
    request.text = fmt::format("{} {}", word, request.id);
    for (const Topic& topic : part) {
      request.text +=
          fmt::format(" {}:{}", channels_[topic.channel].name, escape_word(topic.symbol));
      request.topics.push_back(topic);
    }
    out.push_back(std::move(request));
  }
  return out;
}

std::vector<ClientRequest> GenericVenue::subscribe(std::span<const Topic> topics,
                                                   std::uint64_t first_id) const {
  return requests("sub", topics, first_id);
}

std::vector<ClientRequest> GenericVenue::unsubscribe(std::span<const Topic> topics,
                                                     std::uint64_t first_id) const {
  return requests("unsub", topics, first_id);
}

std::string GenericVenue::ping_text() const {
  return described_.ping == venues::PingStyle::text ? "ping" : "";
}

std::unique_ptr<venues::Decoder> GenericVenue::make_decoder() const {
  return std::make_unique<GenericDecoder>();
}

std::string GenericVenue::instruments_url(std::string_view rest_base) const {
  return fmt::format("{}/instruments", rest_base);
}

std::expected<std::vector<venues::Instrument>, std::string> GenericVenue::parse_instruments(
    std::string_view body) const {
  std::vector<venues::Instrument> out;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const auto words = split_words(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (words.empty()) continue;
    if (words.size() != 2) return std::unexpected("expected SYMBOL trading|halted");
    out.push_back({.symbol = unescape_word(words[0]), .trading = words[1] == "trading"});
  }
  return out;
}

std::optional<std::string> GenericVenue::route_of(std::string_view target,
                                                  std::vector<Topic>& topics) const {
  topics.clear();
  if (target == "/main" || target == "/" || target.empty()) return "main";
  return std::nullopt;
}

bool GenericVenue::delivers(std::string_view route, std::uint8_t channel) const {
  return route == "main" && channel < channels_.size();
}

ClientMessage GenericVenue::parse_client(std::string_view text) const {
  const auto words = split_words(text);
  ClientMessage message;
  if (words.empty()) return message;
  if (words[0] == "ping") message.op = ClientOp::ping;
  if (words[0] == "sub") message.op = ClientOp::subscribe;
  if (words[0] == "unsub") message.op = ClientOp::unsubscribe;
  if (words.size() > 1) message.id = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t colon = words[i].find(':');
    const std::string_view name = words[i].substr(0, colon);
    const auto found = std::ranges::find(channels_, name, &venues::ChannelSheet::name);
    if (colon == std::string_view::npos || found == channels_.end()) {
      message.invalid.emplace_back(words[i]);
      continue;
    }
    message.topics.push_back({static_cast<std::uint8_t>(found - channels_.begin()),
                              unescape_word(words[i].substr(colon + 1))});
  }
  return message;
}

std::vector<std::string> GenericVenue::encode_ack(const ClientMessage& message) const {
  return {"ack " + message.id};
}

std::string GenericVenue::encode_refusal(const ClientMessage& message) const {
  return fmt::format("refuse {} Invalid topic: {}", message.id,
                     message.invalid.empty() ? "" : message.invalid.front());
}

std::string GenericVenue::encode_pong(const ClientMessage&) const {
  return "pong";
}

std::string GenericVenue::encode_data(std::uint8_t channel, const MarketState& state) const {
  const GenericChannel& described = described_.channels.at(channel);
  if (described.beats != venues::BeatScope::none) {
    return fmt::format("beat {} {}", channel, escape_word(state.symbol));
  }
  std::string out = fmt::format("tick {} {} {}", to_text(described.kind), escape_word(state.symbol),
                                state.snapshot ? "snapshot" : "delta");
  if (described.event_time != EventTime::none) {
    const WallTime stamp = described.event_time == EventTime::trade ? state.traded : state.now;
    out += fmt::format(" t={}", to_ns(stamp));
  }
  out += fmt::format(" n={}", state.seq);
  const auto price = [&](bool changed, const Decimal& value, std::string_view name) {
    if (changed || state.snapshot) out += fmt::format(" {}={}", name, value.to_string());
  };
  switch (described.kind) {
    case Kind::last:
      price(state.last_changed, state.last, "p");
      break;
    case Kind::mark:
      price(state.mark_changed, state.mark, "p");
      break;
    case Kind::index:
      price(state.index_changed, state.index, "p");
      break;
    case Kind::quote:
      price(state.quote_changed, state.bid, "p");
      price(state.quote_changed, state.ask, "a");
      break;
  }
  return out;
}

std::string GenericVenue::encode_heartbeat(WallTime, std::uint64_t) const {
  return described_.heartbeat_is_text ? "alive" : "";
}

std::string GenericVenue::encode_notice(WallTime) const {
  return "notice";
}

std::string GenericVenue::encode_status(bool trading, WallTime) const {
  return trading ? "status trading" : "status halted";
}

std::optional<venues::VenueSide::RestPath> GenericVenue::rest_path(std::string_view target) const {
  if (target == "/time") return RestPath::time;
  if (target == "/instruments") return RestPath::instruments;
  if (target.starts_with("/ticker?")) return RestPath::ticker;
  if (target == "/tickers" && described_.rest_all > 0) return RestPath::tickers;
  return std::nullopt;
}

std::string GenericVenue::encode_time(WallTime now) const {
  return fmt::format("{}\n", to_ns(now));
}

std::string GenericVenue::encode_instruments(
    std::span<const venues::Instrument> instruments) const {
  std::string out;
  for (const venues::Instrument& instrument : instruments) {
    out += fmt::format("{} {}\n", escape_word(instrument.symbol),
                       instrument.trading ? "trading" : "halted");
  }
  return out;
}

std::string GenericVenue::encode_ticker(std::string_view target,
                                        std::span<const MarketState> states) const {
  const std::size_t query = target.find('?');
  const bool one = query != std::string_view::npos;
  const std::string asked = one ? unescape_word(target.substr(query + 1)) : std::string{};
  std::string out;
  for (const MarketState& state : states) {
    if (one && state.symbol != asked) continue;
    out += fmt::format("{} last={} bid={} ask={} mark={} index={}\n", escape_word(state.symbol),
                       state.last.to_string(), state.bid.to_string(), state.ask.to_string(),
                       state.mark.to_string(), state.index.to_string());
  }
  return out;
}

std::string GenericVenue::price_url(std::string_view rest_base, std::string_view symbol,
                                    Kind) const {
  return fmt::format("{}/ticker?{}", rest_base, escape_word(symbol));
}

std::string GenericVenue::prices_url(std::string_view rest_base, std::string_view, Kind) const {
  return described_.rest_all == 0 ? std::string{} : fmt::format("{}/tickers", rest_base);
}

std::expected<venues::RestPrices, std::string> GenericVenue::parse_prices(
    std::string_view body, std::span<const venues::PriceName> asked) const {
  venues::RestPrices told;
  for (const auto& [symbol, kind] : asked) {
    const auto one = parse_price(body, symbol, kind);
    told.push_back(one ? std::optional(*one) : std::nullopt);
  }
  return told;
}

std::expected<venues::RestPrice, std::string> GenericVenue::parse_price(std::string_view body,
                                                                        std::string_view symbol,
                                                                        Kind kind) const {
  const std::string name = escape_word(symbol);
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const auto words = split_words(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (words.empty() || words[0] != name) continue;
    const auto price = [&](std::string_view key) -> std::optional<Decimal> {
      for (const std::string_view word : words) {
        if (!word.starts_with(key) || word.substr(key.size(), 1) != "=") continue;
        if (const auto value = Decimal::parse(word.substr(key.size() + 1))) return *value;
      }
      return std::nullopt;
    };
    const bool quote = kind == Kind::quote;
    const auto first = price(quote ? "bid" : to_text(kind));
    const auto ask = quote ? price("ask") : first;
    if (!first || !ask) break;
    return venues::RestPrice{.prices = {.price = *first, .ask = quote ? *ask : Decimal{}}};
  }
  return std::unexpected("the ticker tells no such price of " + std::string(symbol));
}

}  // namespace feedwatch::sim
