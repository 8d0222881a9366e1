#include <algorithm>
#include <array>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase {

namespace {

constexpr std::string_view time_path = "/time";
constexpr std::string_view products_path = "/products";
constexpr std::string_view ticker_suffix = "/ticker";

/// In all of these no orders match.
constexpr std::array<std::string_view, 4> barring{"trading_disabled", "cancel_only", "post_only",
                                                  "auction_mode"};

}  // namespace

std::string Client::instruments_url(std::string_view rest_base) const {
  return wire::join_url(rest_base, products_path);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  return wire::parse_instruments(
      body, {.parents = {}, .list = {}, .symbol = "id", .trading = "online", .barred = barring});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  return wire::join_url(rest_base, wire::member_path(products_path, symbol, ticker_suffix));
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  // The number is the last trade's. A quote is said again with a trade only, so that the same
  // number means here as well that the feed has missed nothing.
  if (kind == Kind::quote) {
    return wire::parse_price(body, symbol, {.price = "bid", .ask = "ask", .seq = "trade_id"});
  }
  return wire::parse_price(body, symbol, {.price = "price", .seq = "trade_id"});
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const std::string_view path = wire::Target::split(target).path;
  if (path == time_path) return RestPath::time;
  if (path == products_path) return RestPath::instruments;
  if (wire::member_of(path, products_path, ticker_suffix)) return RestPath::ticker;
  return std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("iso", format_time(now))
      .field("epoch", static_cast<double>(wire::to_millis(now)) / 1e3)
      .end_object();
  return text;
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const Instrument& instrument : instruments) {
    json.begin_object()
        .field("id", instrument.symbol)
        .field("cancel_only", false)
        .field("status", "online")
        .field("trading_disabled", !instrument.trading)
        .end_object();
  }
  json.end_array();
  return text;
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const auto symbol =
      wire::member_of(wire::Target::split(target).path, products_path, ticker_suffix);
  const auto found = std::ranges::find_if(
      states, [&](const MarketState& state) { return state.symbol == symbol; });
  if (found == states.end()) return R"({"message":"NotFound"})";
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("trade_id", found->trade_seq)
      .field("price", found->last.to_string())
      .field("size", "1")
      .field("time", format_time(found->traded))
      .field("bid", found->bid.to_string())
      .field("ask", found->ask.to_string())
      .field("volume", "1")
      .end_object();
  return text;
}

}  // namespace feedwatch::venues::coinbase
