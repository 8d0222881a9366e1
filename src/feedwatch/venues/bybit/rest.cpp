#include <array>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit {

namespace {

constexpr std::string_view time_path = "/v5/market/time";
constexpr std::string_view instruments_path = "/v5/market/instruments-info";
constexpr std::string_view tickers_path = "/v5/market/tickers";

constexpr std::array<std::string_view, 1> result_path{"result"};
constexpr std::array<std::string_view, 2> cursor_path{"result", "nextPageCursor"};
constexpr std::array<std::string_view, 2> list_path{"result", "list"};

std::string first_page(std::string_view rest_base, std::string_view category) {
  std::string url = wire::join_url(rest_base, instruments_path);
  return url.append("?category=").append(category).append("&limit=1000");
}

wire::PriceFields fields_of(Kind kind) {
  wire::PriceFields fields{.parents = list_path, .symbol = "symbol", .time = "time"};
  switch (kind) {
    case Kind::last:
      fields.price = "lastPrice";
      break;
    case Kind::mark:
      fields.price = "markPrice";
      break;
    case Kind::index:
      fields.price = "indexPrice";
      break;
    case Kind::quote:
      fields.price = "bid1Price";
      fields.ask = "ask1Price";
      break;
  }
  return fields;
}

void write_ticker(JsonWriter& json, const VenueSheet& sheet, const MarketState& state) {
  json.begin_object().field("symbol", state.symbol).field("lastPrice", state.last.to_string());
  if (channel_for(sheet, Kind::index)) json.field("indexPrice", state.index.to_string());
  if (channel_for(sheet, Kind::mark)) json.field("markPrice", state.mark.to_string());
  json.field("bid1Price", state.bid.to_string())
      .field("bid1Size", "1.000")
      .field("ask1Price", state.ask.to_string())
      .field("ask1Size", "1.000")
      .end_object();
}

/// Every answer has this frame; `write_list` fills `result.list`.
template <class WriteList>
std::string answer(std::string_view category, const WriteList& write_list, std::int64_t millis) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("retCode", 0).field("retMsg", "OK").key("result").begin_object();
  json.field("category", category).key("list").begin_array();
  write_list(json);
  json.end_array().field("nextPageCursor", "").end_object();
  json.key("retExtInfo").begin_object().end_object();
  if (millis > 0) json.field("time", millis);
  json.end_object();
  return text;
}

}  // namespace

std::string Client::instruments_url(std::string_view rest_base) const {
  return first_page(rest_base, category_.name);
}

std::string Client::next_instruments_url(std::string_view rest_base, std::string_view body) const {
  const std::string cursor = wire::string_at(body, cursor_path);
  if (cursor.empty()) return {};
  // The venue hands the cursor out percent-encoded already; encoding what is decoded serves both.
  return first_page(rest_base, category_.name) +
         "&cursor=" + wire::percent_encode(wire::percent_decode(cursor));
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  return wire::parse_instruments(body,
                                 {.parents = result_path, .list = "list", .trading = "Trading"});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  std::string url = prices_url(rest_base, symbol, kind);
  return url.empty() ? url : url.append("&symbol=").append(wire::percent_encode(symbol));
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  return wire::parse_price(body, symbol, fields_of(kind));
}

std::string Client::prices_url(std::string_view rest_base, std::string_view, Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  return wire::join_url(rest_base, tickers_path).append("?category=").append(category_.name);
}

std::expected<RestPrices, std::string> Client::parse_prices(
    std::string_view body, std::span<const PriceName> asked) const {
  return wire::parse_prices(body, asked, fields_of);
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const wire::Target parts = wire::Target::split(target);
  if (parts.path == time_path) return RestPath::time;
  if (parts.parameter("category") != category_.name) return std::nullopt;
  if (parts.path == instruments_path) return RestPath::instruments;
  if (parts.path == tickers_path) {
    return parts.parameter("symbol") ? RestPath::ticker : RestPath::tickers;
  }
  return std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  const std::int64_t nanos = to_ns(now);
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("retCode", 0).field("retMsg", "OK").key("result").begin_object();
  json.field("timeSecond", std::to_string(nanos / 1'000'000'000))
      .field("timeNano", std::to_string(nanos))
      .end_object();
  json.key("retExtInfo").begin_object().end_object();
  json.field("time", wire::to_millis(now)).end_object();
  return text;
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  return answer(
      category_.name,
      [&](JsonWriter& json) {
        for (const Instrument& instrument : instruments) {
          json.begin_object().field("symbol", instrument.symbol);
          if (!category_.contract.empty()) json.field("contractType", category_.contract);
          json.field("status", instrument.trading ? "Trading" : category_.not_trading).end_object();
        }
      },
      0);
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const auto symbol = wire::Target::split(target).parameter("symbol");
  bool found = false;
  std::int64_t millis = 0;
  std::string text = answer(
      category_.name,
      [&](JsonWriter& json) {
        for (const MarketState& state : states) {
          if (symbol && state.symbol != *symbol) continue;
          found = true;
          write_ticker(json, sheet(), state);
        }
      },
      states.empty() ? millis : wire::to_millis(states.front().now));
  if (symbol && !found) {
    return R"({"retCode":10001,"retMsg":"params error: symbol invalid","result":{},"retExtInfo":{}})";
  }
  return text;
}

}  // namespace feedwatch::venues::bybit
