#include <algorithm>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance {

namespace {

using wire::PriceFields;

constexpr std::string_view time_path = "/time";
constexpr std::string_view instruments_path = "/exchangeInfo";
constexpr std::string_view mark_path = "/premiumIndex";
constexpr std::string_view book_path = "/ticker/bookTicker";
constexpr std::string_view trades_path = "/aggTrades";
constexpr std::string_view last_path = "/ticker/price";  ///< asked for all symbols only

constexpr std::string_view invalid_symbol = R"({"code":-1121,"msg":"Invalid symbol."})";
constexpr std::string_view no_symbol =
    R"({"code":-1102,"msg":"Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."})";

std::string_view path_of(Kind kind) {
  switch (kind) {
    case Kind::last:
      return trades_path;
    case Kind::quote:
      return book_path;
    case Kind::mark:
    case Kind::index:
      break;
  }
  return mark_path;
}

/// Those of all symbols: trades are told of one at a time, with their number.
std::string_view list_path_of(Kind kind) {
  return kind == Kind::last ? last_path : path_of(kind);
}

/// Where an object of such a path has them.
PriceFields fields_of(Kind kind) {
  switch (kind) {
    case Kind::last:
      return {.symbol = "symbol", .price = "price"};
    case Kind::quote:
      // Its `time` is that of the last change, and its `lastUpdateId` moves with every level of the
      // book: neither compares with a bookTicker's.
      return {.symbol = "symbol", .price = "bidPrice", .ask = "askPrice"};
    case Kind::mark:
      return {.symbol = "symbol", .price = "markPrice", .time = "time"};
    case Kind::index:
      break;
  }
  return {.symbol = "symbol", .price = "indexPrice", .time = "time"};
}

void write_names(JsonWriter& json, const Market& market, std::string_view symbol) {
  json.field("symbol", symbol);
  if (market.by_pair) json.field("pair", pair_of(symbol));
}

void write_mark(JsonWriter& json, const Market& market, const MarketState& state) {
  json.begin_object();
  write_names(json, market, state.symbol);
  json.field("markPrice", state.mark.to_string())
      .field("indexPrice", state.index.to_string())
      .field("lastFundingRate", "0.00010000")
      .field("time", wire::to_millis(state.now))
      .end_object();
}

void write_book(JsonWriter& json, const Market& market, const MarketState& state) {
  json.begin_object();
  write_names(json, market, state.symbol);
  json.field("bidPrice", state.bid.to_string())
      .field("bidQty", "1.000")
      .field("askPrice", state.ask.to_string())
      .field("askQty", "1.000");
  if (market.stamps_book) {
    json.field("time", wire::to_millis(state.traded)).field("lastUpdateId", state.seq);
  }
  json.end_object();
}

void write_last(JsonWriter& json, const Market& market, const MarketState& state) {
  json.begin_object();
  // COIN-M calls the pair otherwise here.
  json.field("symbol", state.symbol);
  if (market.by_pair) json.field("ps", pair_of(state.symbol));
  json.field("price", state.last.to_string());
  if (market.contracts) json.field("time", wire::to_millis(state.traded));
  json.end_object();
}

void write_trade(JsonWriter& json, const Market&, const MarketState& state) {
  json.begin_object()
      .field("a", state.trade_seq)
      .field("p", state.last.to_string())
      .field("q", "1.000")
      .field("f", state.trade_seq)
      .field("l", state.trade_seq)
      .field("T", wire::to_millis(state.traded))
      .field("m", true)
      .end_object();
}

}  // namespace

std::string Client::instruments_url(std::string_view rest_base) const {
  return wire::join_url(rest_base, market_.rest).append(instruments_path);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  return wire::parse_instruments(
      body, {.parents = {}, .list = "symbols", .status = market_.status, .trading = "TRADING"});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  std::string url = wire::join_url(rest_base, market_.rest).append(path_of(kind));
  url.append("?symbol=").append(wire::percent_encode(symbol));
  return kind == Kind::last ? url + "&limit=1" : url;
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  // The `T` of a trade is when it was, which may be long ago.
  if (kind == Kind::last) return wire::parse_price(body, symbol, {.price = "p", .seq = "a"});
  return wire::parse_price(body, symbol, fields_of(kind));
}

std::string Client::prices_url(std::string_view rest_base, std::string_view, Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  return wire::join_url(rest_base, market_.rest).append(list_path_of(kind));
}

std::expected<RestPrices, std::string> Client::parse_prices(
    std::string_view body, std::span<const PriceName> asked) const {
  return wire::parse_prices(body, asked, fields_of);
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  std::string_view path = wire::Target::split(target).path;
  if (!path.starts_with(market_.rest)) return std::nullopt;
  path.remove_prefix(market_.rest.size());
  if (path == time_path) return VenueSide::RestPath::time;
  if (path == instruments_path) return VenueSide::RestPath::instruments;
  const auto is_one = [&](auto of) {
    return std::ranges::any_of(all_kinds, [&](Kind kind) {
      return path == of(kind) && channel_for(sheet(), kind).has_value();
    });
  };
  const bool one = wire::Target::split(target).parameter("symbol").has_value();
  if (!one && is_one(list_path_of)) return VenueSide::RestPath::tickers;
  return is_one(path_of) ? std::optional(VenueSide::RestPath::ticker) : std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  return R"({"serverTime":)" + std::to_string(wire::to_millis(now)) + "}";
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("timezone", "UTC").key("symbols").begin_array();
  for (const Instrument& instrument : instruments) {
    json.begin_object().field("symbol", instrument.symbol);
    if (market_.contracts) {
      json.field("pair", pair_of(instrument.symbol)).field("contractType", "PERPETUAL");
    }
    json.field(market_.status, instrument.trading ? "TRADING" : market_.halted).end_object();
  }
  json.end_array().end_object();
  return text;
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const wire::Target parts = wire::Target::split(target);
  const auto symbol = parts.parameter("symbol");
  const bool trades = parts.path.ends_with(trades_path);
  if (trades && !symbol) return std::string(no_symbol);
  const auto write = trades                            ? write_trade
                     : parts.path.ends_with(mark_path) ? write_mark
                     : parts.path.ends_with(last_path) ? write_last
                                                       : write_book;
  std::string text;
  JsonWriter json(text);
  const bool list = trades || market_.by_pair || !symbol;
  if (list) json.begin_array();
  bool found = false;
  for (const MarketState& state : states) {
    if (symbol && state.symbol != *symbol) continue;
    found = true;
    write(json, market_, state);
  }
  if (list) json.end_array();
  return symbol && !found ? std::string(invalid_symbol) : text;
}

}  // namespace feedwatch::venues::binance
