// The two messages that come thousands of times a second, in the spelling the venue uses. All
// others, and these in another spelling, are decode.cpp's.
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

using wire::FastScan;

bool read_book_ticker(FastScan& scan, WireTick& quote) {
  std::uint64_t update_id = 0;
  WallTime event_time;
  const bool read = scan.literal(R"(bookTicker","u":)") && scan.number(update_id) &&
                    scan.literal(R"(,"s":")") && scan.text(quote.symbol) &&
                    scan.literal(R"(,"b":")") && scan.price(quote.prices.price, quote.price_text) &&
                    scan.literal(R"(,"B":")") && scan.text() && scan.literal(R"(,"a":")") &&
                    scan.price(quote.prices.ask, quote.ask_text) && scan.literal(R"(,"A":")") &&
                    scan.text() && scan.literal(R"(,"T":)") && scan.number() &&
                    scan.literal(R"(,"E":)") && scan.millis(event_time);
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  quote.ts_event = event_time;
  return read && !quote.symbol.empty();
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

}  // namespace

bool decode_fast(std::string_view padded, Decoded& out) {
  FastScan scan(padded);
  if (!scan.literal(R"({"stream":")") || !scan.text() || !scan.literal(R"(,"data":{"e":")")) {
    return false;
  }
  bool read = false;
  if (scan.peek() == 'b') {
    read = read_book_ticker(scan, out.ticks.emplace_back());
  } else if (scan.peek() == 'm') {
    for (int i = 0; i < 2; ++i) out.ticks.emplace_back();
    read = read_mark_price(scan, out.ticks[0], out.ticks[1]);
  }
  if (read && scan.literal("}}") && scan.at_end()) return true;
  out.ticks.clear();
  return false;
}

}  // namespace feedwatch::venues::binance_usdm
