// The messages that come thousands of times a second, in the spelling the venue uses. All others,
// and these in another spelling, are decode.cpp's.
#include <algorithm>

#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::binance {

namespace {

using wire::FastScan;

/// Bid and ask, behind the update id's key.
bool read_book(FastScan& scan, WireTick& quote) {
  std::uint64_t update_id = 0;
  const bool read = scan.number(update_id) && scan.literal(R"(,"s":")") &&
                    scan.text(quote.symbol) && (!scan.literal(R"(,"ps":")") || scan.text()) &&
                    scan.literal(R"(,"b":")") && scan.price(quote.prices.price, quote.price_text) &&
                    scan.literal(R"(,"B":")") && scan.text() && scan.literal(R"(,"a":")") &&
                    scan.price(quote.prices.ask, quote.ask_text) && scan.literal(R"(,"A":")") &&
                    scan.text();
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  return read && !quote.symbol.empty();
}

bool read_stamped_book(FastScan& scan, WireTick& quote) {
  WallTime event_time;
  const bool read = scan.literal(R"(bookTicker","u":)") && read_book(scan, quote) &&
                    scan.literal(R"(,"T":)") && scan.number() && scan.literal(R"(,"E":)") &&
                    scan.millis(event_time);
  quote.ts_event = event_time;
  return read;
}

bool read_mark_price(FastScan& scan, WireTick& mark, WireTick& index) {
  WallTime event_time;
  const bool read = scan.literal(R"(markPriceUpdate","E":)") && scan.millis(event_time) &&
                    scan.literal(R"(,"s":")") && scan.text(mark.symbol) &&
                    scan.literal(R"(,"p":")") && scan.price(mark.prices.price, mark.price_text) &&
                    scan.literal(R"(,"P":")") && scan.text() && scan.literal(R"(,"i":")") &&
                    scan.price(index.prices.price, index.price_text) && scan.literal(R"(,"r":")") &&
                    scan.text() && scan.literal(R"(,"T":)") && scan.number();
  mark.kind = Kind::mark;
  index.kind = Kind::index;
  index.symbol = mark.symbol;
  mark.fields.price = index.fields.price = true;
  mark.ts_event = index.ts_event = event_time;
  return read && !mark.symbol.empty();
}

bool read_flag(FastScan& scan) {
  return scan.literal("true") || scan.literal("false");
}

/// Spot says the symbol before the trade's number, futures after it.
bool read_trade_names(FastScan& scan, std::string_view& symbol, std::uint64_t& id) {
  if (scan.literal(R"(,"s":")")) {
    return scan.text(symbol) && scan.literal(R"(,"a":)") && scan.number(id);
  }
  return scan.literal(R"(,"a":)") && scan.number(id) && scan.literal(R"(,"s":")") &&
         scan.text(symbol);
}

bool read_agg_trade(FastScan& scan, WireTick& last) {
  std::uint64_t id = 0;
  WallTime event_time;
  const bool read = scan.literal(R"(aggTrade","E":)") && scan.millis(event_time) &&
                    read_trade_names(scan, last.symbol, id) && scan.literal(R"(,"p":")") &&
                    scan.price(last.prices.price, last.price_text) && scan.literal(R"(,"q":")") &&
                    scan.text() && scan.literal(R"(,"f":)") && scan.number() &&
                    scan.literal(R"(,"l":)") && scan.number() && scan.literal(R"(,"T":)") &&
                    scan.number() && scan.literal(R"(,"m":)") && read_flag(scan) &&
                    (!scan.literal(R"(,"M":)") || read_flag(scan));
  last.kind = Kind::last;
  last.fields.price = true;
  last.seq = id;
  last.ts_event = event_time;
  return read && !last.symbol.empty();
}

bool has(const Market& market, Event event) {
  return std::ranges::find(market.events, event) != market.events.end();
}

/// What stands in `data`; its first quote has been read.
bool read_data(FastScan& scan, const Market& market, std::string_view stream,
               std::vector<WireTick>& ticks) {
  if (scan.literal(R"(u":)")) {  // only Spot's book says neither what it is nor when it was
    return has(market, Event::book_ticker) && stream.ends_with("@bookTicker") &&
           read_book(scan, ticks.emplace_back());
  }
  if (!scan.literal(R"(e":")")) return false;
  switch (scan.peek()) {
    case 'b':
      return has(market, Event::book_ticker) && read_stamped_book(scan, ticks.emplace_back());
    case 'a':
      return has(market, Event::agg_trade) && read_agg_trade(scan, ticks.emplace_back());
    case 'm':
      for (int i = 0; i < 2; ++i) ticks.emplace_back();
      return has(market, Event::mark_price) && read_mark_price(scan, ticks[0], ticks[1]);
    default:
      return false;
  }
}

}  // namespace

bool decode_fast(const Market& market, std::string_view padded, Decoded& out) {
  FastScan scan(padded);
  std::string_view stream;
  const bool read = scan.literal(R"({"stream":")") && scan.text(stream) &&
                    scan.literal(R"(,"data":{")") && read_data(scan, market, stream, out.ticks) &&
                    scan.literal("}}") && scan.at_end();
  if (!read) out.ticks.clear();
  return read;
}

}  // namespace feedwatch::venues::binance
