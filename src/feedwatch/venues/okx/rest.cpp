#include <algorithm>
#include <array>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::okx {

namespace {

constexpr std::string_view time_path = "/api/v5/public/time";
constexpr std::string_view instruments_path = "/api/v5/public/instruments";
constexpr std::string_view ticker_path = "/api/v5/market/ticker";
constexpr std::string_view tickers_path = "/api/v5/market/tickers";
constexpr std::string_view book_path = "/api/v5/market/books";
constexpr std::string_view mark_path = "/api/v5/public/mark-price";
constexpr std::string_view index_path = "/api/v5/market/index-tickers";

/// In the order in which they are asked for. Options have no list without their underlying.
constexpr std::array<std::string_view, 3> instrument_types{"SPOT", "SWAP", "FUTURES"};

constexpr std::array<std::string_view, 1> data_path{"data"};
constexpr std::array<std::string_view, 3> first_type_path{"data", "*", "instType"};
constexpr std::array<std::string_view, 1> code_path{"code"};
constexpr std::array<std::string_view, 1> words_path{"msg"};

std::string page_url(std::string_view rest_base, std::string_view type) {
  return wire::join_url(rest_base,
                        std::string(instruments_path) + "?instType=" + std::string(type));
}

std::string_view path_of(Kind kind) {
  switch (kind) {
    case Kind::quote:
      return book_path;
    case Kind::mark:
      return mark_path;
    case Kind::index:
      return index_path;
    case Kind::last:
      break;
  }
  return ticker_path;
}

/// A spot instrument has a mark price where it can be lent, and then it is one of MARGIN.
std::string_view marked_type(std::string_view symbol) {
  const std::string_view type = instrument_type(symbol);
  return type == "SPOT" ? "MARGIN" : type;
}

/// Where the answer about all symbols has the prices of a kind.
wire::PriceFields listed_fields(Kind kind) {
  wire::PriceFields fields{.parents = data_path, .symbol = "instId"};
  switch (kind) {
    case Kind::last:
      fields.price = "last";
      break;
    case Kind::mark:
      fields.price = "markPx";
      fields.time = "ts";  // of the answer; that of the others is when the price came about
      break;
    case Kind::index:
      fields.price = "idxPx";
      break;
    case Kind::quote:
      fields.price = "bidPx";
      fields.ask = "askPx";
      break;
  }
  return fields;
}

/// Indices are listed by these; of "BTC-USDT" it is the second half.
constexpr std::array<std::string_view, 4> index_currencies{"USD", "USDT", "USDC", "BTC"};

std::string_view index_currency(std::string_view symbol) {
  const std::string_view currency = symbol.substr(symbol.rfind('-') + 1);
  const auto* found = std::ranges::find(index_currencies, currency);
  return found == index_currencies.end() ? std::string_view{} : *found;
}

/// Every answer has this frame; `write_list` fills `data`.
template <class WriteList>
std::string answer(const WriteList& write_list) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("code", "0").field("msg", "").key("data").begin_array();
  write_list(json);
  json.end_array().end_object();
  return text;
}

void write_side(JsonWriter& json, std::string_view key, const Decimal& price) {
  json.key(key).begin_array().begin_array();
  json.string(price.to_string()).string("1").string("0").string("1");
  json.end_array().end_array();
}

void write_price(JsonWriter& json, std::string_view path, const MarketState& state) {
  json.begin_object();
  if (path == book_path) {
    write_side(json, "asks", state.ask);
    write_side(json, "bids", state.bid);
  } else {
    json.field("instId", state.symbol);
  }
  if (path == mark_path) json.field("markPx", state.mark.to_string());
  if (path == index_path) json.field("idxPx", state.index.to_string());
  const bool ticker = path == ticker_path || path == tickers_path;
  if (ticker) {
    json.field("last", state.last.to_string())
        .field("askPx", state.ask.to_string())
        .field("bidPx", state.bid.to_string());
  }
  const WallTime at = ticker ? state.traded : state.now;
  json.field("ts", std::to_string(wire::to_millis(at))).end_object();
}

}  // namespace

std::string_view instrument_type(std::string_view symbol) {
  const auto dashes = std::ranges::count(symbol, '-');
  if (dashes < 2) return "SPOT";
  if (symbol.ends_with("-SWAP")) return "SWAP";
  return dashes == 2 ? "FUTURES" : "OPTION";
}

/// An index may have no pair of its name, and options are too many to list.
bool Client::lists(const Topic& topic) const {
  return topic.channel != index_tickers && instrument_type(topic.symbol) != "OPTION";
}

std::string Client::instruments_url(std::string_view rest_base) const {
  return page_url(rest_base, instrument_types.front());
}

std::string Client::next_instruments_url(std::string_view rest_base, std::string_view body) const {
  const std::string type = wire::string_at(body, first_type_path);
  const auto* found = std::ranges::find(instrument_types, type);
  if (found == instrument_types.end() || ++found == instrument_types.end()) return {};
  return page_url(rest_base, *found);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  // An error comes with status 200 and an empty list.
  const std::string code = wire::string_at(body, code_path);
  if (!code.empty() && code != "0") {
    return std::unexpected("OKX answers code " + code + ": " + wire::string_at(body, words_path));
  }
  return wire::parse_instruments(
      body,
      {.parents = {}, .list = "data", .symbol = "instId", .status = "state", .trading = "live"});
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  std::string path = std::string(path_of(kind)) + "?instId=" + wire::percent_encode(symbol);
  if (kind == Kind::quote) path += "&sz=1";
  if (kind == Kind::mark) path += "&instType=" + std::string(marked_type(symbol));
  return wire::join_url(rest_base, path);
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  if (kind != Kind::quote) return wire::parse_price(body, symbol, listed_fields(kind));
  // A book does not say whose it is.
  return wire::parse_price(body, symbol, {.parents = data_path, .price = "bids", .ask = "asks"});
}

std::string Client::prices_url(std::string_view rest_base, std::string_view symbol,
                               Kind kind) const {
  if (kind == Kind::index) {
    const std::string_view currency = index_currency(symbol);
    if (currency.empty()) return {};
    return wire::join_url(rest_base, index_path).append("?quoteCcy=").append(currency);
  }
  const std::string_view type = kind == Kind::mark ? marked_type(symbol) : instrument_type(symbol);
  if (type == "OPTION") return {};  // too many to ask for all of them
  return wire::join_url(rest_base, kind == Kind::mark ? mark_path : tickers_path)
      .append("?instType=")
      .append(type);
}

std::expected<RestPrices, std::string> Client::parse_prices(
    std::string_view body, std::span<const PriceName> asked) const {
  return wire::parse_prices(body, asked, listed_fields);
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const wire::Target parts = wire::Target::split(target);
  const std::string_view path = parts.path;
  if (path == time_path) return RestPath::time;
  if (path == instruments_path) return RestPath::instruments;
  if (path == tickers_path) return RestPath::tickers;
  if (path == mark_path || path == index_path) {
    return parts.parameter("instId") ? RestPath::ticker : RestPath::tickers;
  }
  const bool price = path == ticker_path || path == book_path;
  return price ? std::optional(RestPath::ticker) : std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  return answer([&](JsonWriter& json) {
    json.begin_object().field("ts", std::to_string(wire::to_millis(now))).end_object();
  });
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  return answer([&](JsonWriter& json) {
    for (const Instrument& instrument : instruments) {
      json.begin_object()
          .field("instType", instrument_type(instrument.symbol))
          .field("instId", instrument.symbol)
          .field("state", instrument.trading ? "live" : "suspend")
          .end_object();
    }
  });
}

std::string Server::encode_instruments_page(std::string_view target,
                                            std::span<const Instrument> instruments) const {
  const auto asked = wire::Target::split(target).parameter("instType").value_or("");
  std::vector<Instrument> page;
  // The real venue has some of every type. A market without any gives the next type's at once: an
  // empty page would not say which it is.
  for (const auto* type = std::ranges::find(instrument_types, asked);
       type != instrument_types.end() && page.empty(); ++type) {
    std::ranges::copy_if(instruments, std::back_inserter(page), [&](const Instrument& instrument) {
      return instrument_type(instrument.symbol) == *type;
    });
  }
  return encode_instruments(page);
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const wire::Target parts = wire::Target::split(target);
  const auto symbol = parts.parameter("instId");
  const auto type = parts.parameter("instType");
  const auto currency = parts.parameter("quoteCcy");
  const auto asked = [&](const MarketState& state) {
    if (symbol) return state.symbol == *symbol;
    if (currency) return index_currency(state.symbol) == *currency;
    const bool mark = parts.path == mark_path;
    return (mark ? marked_type(state.symbol) : instrument_type(state.symbol)) == type;
  };
  if (symbol && std::ranges::none_of(states, asked)) {
    return R"({"code":"51001","msg":"Instrument ID does not exist","data":[]})";
  }
  return answer([&](JsonWriter& json) {
    for (const MarketState& state : states) {
      if (asked(state)) write_price(json, parts.path, state);
    }
  });
}

}  // namespace feedwatch::venues::okx
