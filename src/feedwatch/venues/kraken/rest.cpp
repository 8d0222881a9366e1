#include <algorithm>
#include <array>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/wire/instruments.hpp"
#include "feedwatch/venues/wire/rest_price.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::kraken {

namespace {

constexpr std::string_view time_path = "/0/public/Time";
constexpr std::string_view pairs_path = "/0/public/AssetPairs";
constexpr std::string_view ticker_path = "/0/public/Ticker";
constexpr std::string_view trades_path = "/0/public/Trades";

/// The answer names the pair in a third way ("XXBTZUSD"); one is asked for, so one is there.
constexpr std::array<std::string_view, 2> pair_path{"result", "*"};

/// Assets that WebSocket API v2 calls by their common names, and REST does not.
struct Renamed {
  std::string_view rest, common;
};
constexpr std::array renamed{Renamed{"XBT", "BTC"}, Renamed{"XDG", "DOGE"}};

/// A pair with both assets' names exchanged by `exchange`, and `between` between them.
template <class Exchange>
std::string rename(std::string_view pair, std::string_view between, const Exchange& exchange) {
  const auto slash = pair.find('/');
  std::string text(exchange(pair.substr(0, slash)));
  if (slash == std::string_view::npos) return text;
  text += between;
  text += exchange(pair.substr(slash + 1));
  return text;
}

std::string_view common_asset(std::string_view asset) {
  const auto* found = std::ranges::find(renamed, asset, &Renamed::rest);
  return found == renamed.end() ? asset : found->common;
}

std::string_view rest_asset(std::string_view asset) {
  const auto* found = std::ranges::find(renamed, asset, &Renamed::common);
  return found == renamed.end() ? asset : found->rest;
}

/// Letters before the two assets of a pair: those of coins and of currencies, as the oldest have
/// them.
struct Letters {
  std::string_view base, quote;
};
constexpr std::array letters{Letters{"", ""}, Letters{"X", "Z"}, Letters{"X", "X"},
                             Letters{"", "Z"}, Letters{"Z", "Z"}};

constexpr std::array<std::string_view, 10> old_coins{"XBT", "XDG", "ETH", "ETC", "LTC",
                                                     "XRP", "XLM", "XMR", "ZEC", "REP"};
constexpr std::array<std::string_view, 5> old_currencies{"USD", "EUR", "GBP", "CAD", "JPY"};

constexpr std::array<std::string_view, 1> result_path{"result"};

/// As the venue itself names the pair in an answer.
std::string told_name(std::string_view symbol) {
  const auto slash = symbol.find('/');
  const auto is_old = [](const auto& assets, std::string_view asset) {
    return std::ranges::find(assets, rest_asset(asset)) != assets.end();
  };
  const bool old = slash != std::string_view::npos && is_old(old_coins, symbol.substr(0, slash)) &&
                   is_old(old_currencies, symbol.substr(slash + 1));
  return old ? "X" + std::string(rest_asset(symbol.substr(0, slash))) + "Z" +
                   std::string(symbol.substr(slash + 1))
             : rest_name(symbol);
}

wire::PriceFields listed_fields(Kind kind) {
  wire::PriceFields fields{.parents = result_path, .price = "c"};
  if (kind == Kind::quote) fields.price = "b", fields.ask = "a";
  return fields;
}

/// Every answer has this frame; `write` fills `result`.
template <class Write>
std::string answer(const Write& write) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("error").begin_array().end_array().key("result").begin_object();
  write(json);
  json.end_object().end_object();
  return text;
}

/// ["30300.10000","1","1.000"]
void write_level(JsonWriter& json, std::string_view key, const Decimal& price) {
  json.key(key).begin_array().string(price.to_string()).string("1").string("1.000").end_array();
}

void write_ticker(JsonWriter& json, const MarketState& state) {
  json.begin_object();
  write_level(json, "a", state.ask);
  write_level(json, "b", state.bid);
  json.key("c").begin_array().string(state.last.to_string()).string("1.000").end_array();
  json.end_object();
}

/// [["30243.40000","0.34507674",1688669597.827736,"b","m","",61044952]]
void write_trade(JsonWriter& json, const MarketState& state) {
  const double seconds = static_cast<double>(to_ns(state.traded) / 1000) / 1e6;
  json.begin_array().begin_array();
  json.string(state.last.to_string()).string("1.000").number(seconds);
  json.string("b").string("m").string("").unsigned_integer(state.trade_seq);
  json.end_array().end_array();
}

}  // namespace

std::string rest_name(std::string_view symbol) {
  return rename(symbol, "", rest_asset);
}

std::vector<std::string> rest_keys(std::string_view symbol) {
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos) return {rest_name(symbol)};
  const std::string_view base = rest_asset(symbol.substr(0, slash));
  const std::string_view quote = rest_asset(symbol.substr(slash + 1));
  std::vector<std::string> keys;
  for (const Letters& each : letters) {
    keys.push_back(std::string(each.base).append(base).append(each.quote).append(quote));
  }
  return keys;
}

std::string Client::instruments_url(std::string_view rest_base) const {
  return wire::join_url(rest_base, pairs_path);
}

std::expected<std::vector<Instrument>, std::string> Client::parse_instruments(
    std::string_view body) const {
  auto read = wire::parse_instruments(body, {.parents = {},
                                             .list = "result",
                                             .symbol = "wsname",
                                             .trading = "online",
                                             .also_trading = "limit_only",
                                             .skip_nameless = true});  // dark pools
  if (!read) return read;
  for (Instrument& instrument : *read) {
    instrument.symbol = rename(instrument.symbol, "/", common_asset);
  }
  return read;
}

std::string Client::price_url(std::string_view rest_base, std::string_view symbol,
                              Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  const std::string_view path = kind == Kind::quote ? ticker_path : trades_path;
  std::string url = wire::join_url(rest_base, path);
  url += "?pair=" + wire::percent_encode(rest_name(symbol));
  if (kind == Kind::last) url += "&count=1";
  return url;
}

std::expected<RestPrice, std::string> Client::parse_price(std::string_view body,
                                                          std::string_view symbol,
                                                          Kind kind) const {
  if (kind == Kind::quote) {
    return wire::parse_price(body, symbol, {.parents = pair_path, .price = "b", .ask = "a"});
  }
  return wire::parse_price(body, symbol, {.parents = pair_path, .price = "0", .seq = "6"});
}

/// Trades are told of one pair at a time, with their number; all tickers have the last price.
std::string Client::prices_url(std::string_view rest_base, std::string_view, Kind kind) const {
  if (!channel_for(sheet(), kind)) return {};
  return wire::join_url(rest_base, ticker_path);
}

std::expected<RestPrices, std::string> Client::parse_prices(
    std::string_view body, std::span<const PriceName> asked) const {
  return wire::parse_prices(body, asked, listed_fields, rest_keys);
}

std::optional<VenueSide::RestPath> Server::rest_path(std::string_view target) const {
  const wire::Target parts = wire::Target::split(target);
  const std::string_view path = parts.path;
  if (path == time_path) return RestPath::time;
  if (path == pairs_path) return RestPath::instruments;
  if (path == ticker_path && !parts.parameter("pair")) return RestPath::tickers;
  if (path == ticker_path || path == trades_path) return RestPath::ticker;
  return std::nullopt;
}

std::string Server::encode_time(WallTime now) const {
  return answer([&](JsonWriter& json) { json.field("unixtime", to_ns(now) / 1'000'000'000); });
}

std::string Server::encode_instruments(std::span<const Instrument> instruments) const {
  return answer([&](JsonWriter& json) {
    for (const Instrument& instrument : instruments) {
      const std::string name = rest_name(instrument.symbol);
      json.key(name)
          .begin_object()
          .field("altname", name)
          .field("wsname", rename(instrument.symbol, "/", rest_asset))
          .field("status", instrument.trading ? "online" : "cancel_only")
          .end_object();
    }
  });
}

std::string Server::encode_ticker(std::string_view target,
                                  std::span<const MarketState> states) const {
  const wire::Target parts = wire::Target::split(target);
  const auto pair = parts.parameter("pair");
  const auto asked = [&](const MarketState& state) {
    return !pair || rest_name(state.symbol) == *pair;
  };
  if (pair && std::ranges::none_of(states, asked)) {
    return R"({"error":["EQuery:Unknown asset pair"]})";
  }
  const bool trades = parts.path == trades_path;
  return answer([&](JsonWriter& json) {
    for (const MarketState& state : states) {
      if (!asked(state)) continue;
      json.key(told_name(state.symbol));
      trades ? write_trade(json, state) : write_ticker(json, state);
      if (trades) json.field("last", std::to_string(to_ns(state.traded)));
    }
  });
}

}  // namespace feedwatch::venues::kraken
