#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

constexpr std::string_view time_path = "/fapi/v1/time";
constexpr std::string_view instruments_path = "/fapi/v1/exchangeInfo";
constexpr std::string_view mark_path = "/fapi/v1/premiumIndex";
constexpr std::string_view book_path = "/fapi/v1/ticker/bookTicker";

void write_mark(JsonWriter& json, const MarketState& state) {
  json.begin_object()
      .field("symbol", state.symbol)
      .field("markPrice", state.mark.to_string())
      .field("indexPrice", state.index.to_string())
      .field("lastFundingRate", "0.00010000")
      .field("time", wire::to_millis(state.now))
      .end_object();
}

void write_book(JsonWriter& json, const MarketState& state) {
  json.begin_object()
      .field("symbol", state.symbol)
      .field("bidPrice", state.bid.to_string())
      .field("bidQty", "1.000")
      .field("askPrice", state.ask.to_string())
      .field("askQty", "1.000")
      .field("time", wire::to_millis(state.traded))
      .field("lastUpdateId", state.seq)
      .end_object();
}

}  // namespace

std::string Client::instruments_url(std::string_view rest_base) const {
  return wire::join_url(rest_base, instruments_path);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  return wire::parse_instruments(body, {.parents = {}, .list = "symbols", .trading = "TRADING"});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  const std::string_view path = kind == Kind::quote ? book_path : mark_path;
  return wire::join_url(rest_base, path) + "?symbol=" + wire::percent_encode(symbol);
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  if (kind == Kind::quote) {
    // Its `time` is that of the last change, and its `lastUpdateId` moves with every level of the
    // book: neither compares with a bookTicker's.
    return wire::parse_price(body, symbol,
                             {.symbol = "symbol", .price = "bidPrice", .ask = "askPrice"});
  }
  return wire::parse_price(body, symbol,
                           {.symbol = "symbol",
                            .price = kind == Kind::mark ? "markPrice" : "indexPrice",
                            .time = "time"});
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const std::string_view path = wire::Target::split(target).path;
  if (path == time_path) return VenueSide::RestPath::time;
  if (path == instruments_path) return VenueSide::RestPath::instruments;
  if (path == mark_path || path == book_path) return VenueSide::RestPath::ticker;
  return std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  return R"({"serverTime":)" + std::to_string(wire::to_millis(now)) + "}";
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("timezone", "UTC").key("symbols").begin_array();
  for (const Instrument& instrument : instruments) {
    json.begin_object()
        .field("symbol", instrument.symbol)
        .field("pair", instrument.symbol)
        .field("contractType", "PERPETUAL")
        .field("status", instrument.trading ? "TRADING" : "SETTLING")
        .end_object();
  }
  json.end_array().end_object();
  return text;
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const wire::Target parts = wire::Target::split(target);
  const auto write = parts.path == mark_path ? write_mark : write_book;
  std::string text;
  JsonWriter json(text);
  if (const auto symbol = parts.parameter("symbol")) {
    for (const MarketState& state : states) {
      if (state.symbol == *symbol) {
        write(json, state);
        return text;
      }
    }
    return R"({"code":-1121,"msg":"Invalid symbol."})";
  }
  json.begin_array();
  for (const MarketState& state : states) write(json, state);
  json.end_array();
  return text;
}

}  // namespace feedwatch::venues::binance_usdm
