#include <algorithm>
#include <array>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase_advanced {

namespace {

constexpr std::string_view time_path = "/api/v3/brokerage/time";
constexpr std::string_view products_path = "/api/v3/brokerage/market/products";
constexpr std::string_view ticker_suffix = "/ticker";

constexpr std::array<std::string_view, 1> trades_path{"trades"};
constexpr std::array<std::string_view, 2> cursor_path{"pagination", "next_cursor"};

/// In all of these no orders match.
constexpr std::array<std::string_view, 5> barring{"trading_disabled", "is_disabled", "cancel_only",
                                                  "post_only", "auction_mode"};

}  // namespace

std::string Client::instruments_url(std::string_view rest_base) const {
  return wire::join_url(rest_base, products_path);
}

std::string Client::next_instruments_url(std::string_view rest_base, std::string_view body) const {
  const std::string cursor = wire::string_at(body, cursor_path);
  if (cursor.empty()) return {};
  return instruments_url(rest_base) + "?cursor=" + wire::percent_encode(cursor);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  return wire::parse_instruments(body, {.parents = {},
                                        .list = "products",
                                        .symbol = "product_id",
                                        .trading = "online",
                                        .barred = barring,
                                        .alias = "alias"});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  return wire::join_url(rest_base, wire::member_path(products_path, symbol, ticker_suffix)) +
         "?limit=1";
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  if (kind == Kind::quote) {
    return wire::parse_price(body, symbol, {.price = "best_bid", .ask = "best_ask"});
  }
  return wire::parse_price(body, symbol,
                           {.parents = trades_path, .symbol = "product_id", .price = "price"});
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const std::string_view path = wire::Target::split(target).path;
  if (path == time_path) return RestPath::time;
  if (path == products_path) return RestPath::instruments;
  if (wire::member_of(path, products_path, ticker_suffix)) return RestPath::ticker;
  return std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  const std::int64_t millis = wire::to_millis(now);
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("iso", format_time(now))
      .field("epochSeconds", std::to_string(millis / 1000))
      .field("epochMillis", std::to_string(millis))
      .end_object();
  return text;
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("products").begin_array();
  for (const Instrument& instrument : instruments) {
    json.begin_object()
        .field("product_id", instrument.symbol)
        .field("is_disabled", false)
        .field("status", "online")
        .field("trading_disabled", !instrument.trading)
        .field("product_type", "SPOT")
        .field("alias", "")
        .end_object();
  }
  json.end_array().field("num_products", instruments.size());
  json.key("pagination").begin_object().field("next_cursor", "").field("has_next", false);
  json.end_object().end_object();
  return text;
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const auto symbol =
      wire::member_of(wire::Target::split(target).path, products_path, ticker_suffix);
  const auto found = std::ranges::find_if(
      states, [&](const MarketState& state) { return state.symbol == symbol; });
  if (found == states.end()) {
    return R"({"error":"NOT_FOUND","error_details":"valid product_id is required"})";
  }
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("trades")
      .begin_array()
      .begin_object()
      .field("trade_id", std::to_string(found->trade_seq))
      .field("product_id", found->symbol)
      .field("price", found->last.to_string())
      .field("size", "1")
      .field("time", format_time(found->traded))
      .field("side", "BUY")
      .end_object()
      .end_array()
      .field("best_bid", found->bid.to_string())
      .field("best_ask", found->ask.to_string())
      .end_object();
  return text;
}

}  // namespace feedwatch::venues::coinbase_advanced
