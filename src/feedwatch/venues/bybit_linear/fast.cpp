// Deltas of tickers and the best level of the book, in the spelling the venue uses. All others, and
// these in another spelling, are decode.cpp's.
#include <array>

#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

using wire::FastScan;

/// Prices of a delta by their order in the output; what is absent is unchanged.
struct Price {
  Kind kind;
  std::string_view key;
};
constexpr std::array<Price, 3> prices{
    {{Kind::last, "lastPrice"}, {Kind::mark, "markPrice"}, {Kind::index, "indexPrice"}}};

/// One member of `data`, all of which are strings. False for a price said twice as well.
bool member(FastScan& scan, std::string_view key, std::span<WireTick> ticks) {
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (key != prices[i].key) continue;
    WireTick& tick = ticks[i];
    if (tick.fields.price) return false;
    tick.fields.price = true;
    return scan.price(tick.prices.price, tick.price_text);
  }
  return key != "symbol" && scan.text();
}

bool read_delta(FastScan& scan, std::vector<WireTick>& ticks) {
  ticks.resize(prices.size());
  std::string_view symbol;
  if (!scan.text() || !scan.literal(R"(,"type":"delta","data":{"symbol":")") ||
      !scan.text(symbol) || symbol.empty()) {
    return false;
  }
  while (scan.literal(R"(,")")) {
    std::string_view key;
    if (!scan.text(key) || !scan.literal(R"(:")") || !member(scan, key, ticks)) return false;
  }
  std::uint64_t cross_seq = 0;
  WallTime time;
  if (!scan.literal(R"(},"cs":)") || !scan.number(cross_seq) || !scan.literal(R"(,"ts":)") ||
      !scan.millis(time)) {
    return false;
  }
  for (std::size_t i = 0; i < prices.size(); ++i) {
    ticks[i].symbol = symbol;
    ticks[i].kind = prices[i].kind;
    ticks[i].seq = cross_seq;
    ticks[i].ts_event = time;
  }
  return true;
}

bool read_book(FastScan& scan, WireTick& quote) {
  std::uint64_t update_id = 0;
  WallTime time;
  const bool read =
      scan.text() && scan.literal(R"(,"ts":)") && scan.millis(time) &&
      scan.literal(R"(,"type":"snapshot","data":{"s":")") && scan.text(quote.symbol) &&
      scan.literal(R"(,"b":[[")") && scan.price(quote.prices.price, quote.price_text) &&
      scan.literal(R"(,")") && scan.text() && scan.literal(R"(]],"a":[[")") &&
      scan.price(quote.prices.ask, quote.ask_text) && scan.literal(R"(,")") && scan.text() &&
      scan.literal(R"(]],"u":)") && scan.number(update_id) && scan.literal(R"(,"seq":)") &&
      scan.number() && scan.literal(R"(},"cts":)") && scan.number();
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  quote.ts_event = time;
  quote.restart = update_id == 1;
  return read && !quote.symbol.empty();
}

}  // namespace

bool decode_fast(std::string_view padded, Decoded& out) {
  FastScan scan(padded);
  bool read = false;
  if (scan.literal(R"({"topic":"tickers.)")) {
    read = read_delta(scan, out.ticks);
  } else if (scan.literal(R"({"topic":"orderbook.1.)")) {
    read = read_book(scan, out.ticks.emplace_back());
  }
  if (read && scan.literal("}") && scan.at_end()) return true;
  out.ticks.clear();
  return false;
}

}  // namespace feedwatch::venues::bybit_linear
