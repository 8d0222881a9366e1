// The messages that come thousands of times a second, in the spelling the venue uses. All others,
// and these in another spelling, are decode.cpp's.
#include <algorithm>
#include <array>

#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::binance {

namespace {

using wire::FastScan;

/// Of a combined frame what stands before `data`.
struct Head {
  std::string_view stream;         ///< its name, or the end of it
  std::ptrdiff_t symbol_size = 0;  ///< as the name has it; 0 = not known
};

bool read_head(FastScan& scan, Head& head) {
  if (!scan.literal(R"({"stream":")")) return false;
  head.symbol_size = scan.up_to('@');
  // These come most: where they end need not be looked for.
  if (scan.literal(R"(@bookTicker")")) {
    head.stream = "@bookTicker";
    return true;
  }
  return scan.literal(R"(@markPrice@1s")") || scan.literal(R"(@aggTrade")") ||
         scan.text(head.stream);
}

/// Bid and ask, behind the update id's key.
bool read_book(FastScan& scan, const Head& head, WireTick& quote) {
  std::uint64_t update_id = 0;
  const bool read = scan.number(update_id) && scan.literal(R"(,"s":")") &&
                    scan.text_like(head.symbol_size, quote.symbol) &&
                    (!scan.literal(R"(,"ps":")") || scan.text()) && scan.literal(R"(,"b":")") &&
                    scan.price(quote.prices.price, quote.price_text) && scan.literal(R"(,"B":")") &&
                    scan.text() && scan.literal(R"(,"a":")") &&
                    scan.price(quote.prices.ask, quote.ask_text) && scan.literal(R"(,"A":")") &&
                    scan.text();
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  return read && !quote.symbol.empty();
}

bool read_stamped_book(FastScan& scan, const Head& head, WireTick& quote) {
  WallTime event_time;
  const bool read = scan.literal(R"(bookTicker","u":)") && read_book(scan, head, quote) &&
                    scan.literal(R"(,"T":)") && scan.number() && scan.literal(R"(,"E":)") &&
                    scan.millis(event_time);
  quote.ts_event = event_time;
  return read;
}

bool read_mark_price(FastScan& scan, const Head& head, WireTick& mark, WireTick& index) {
  WallTime event_time;
  const bool read = scan.literal(R"(markPriceUpdate","E":)") && scan.millis(event_time) &&
                    scan.literal(R"(,"s":")") && scan.text_like(head.symbol_size, mark.symbol) &&
                    scan.literal(R"(,"p":")") && scan.price(mark.prices.price, mark.price_text) &&
                    scan.literal(R"(,"P":")") && scan.text_like_price() &&
                    scan.literal(R"(,"i":")") && scan.price(index.prices.price, index.price_text) &&
                    scan.literal(R"(,"r":")") && scan.text() && scan.literal(R"(,"T":)") &&
                    scan.number();
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
bool read_trade_names(FastScan& scan, const Head& head, std::string_view& symbol,
                      std::uint64_t& id) {
  if (scan.literal(R"(,"s":")")) {
    return scan.text_like(head.symbol_size, symbol) && scan.literal(R"(,"a":)") && scan.number(id);
  }
  return scan.literal(R"(,"a":)") && scan.number(id) && scan.literal(R"(,"s":")") &&
         scan.text_like(head.symbol_size, symbol);
}

bool read_agg_trade(FastScan& scan, const Head& head, WireTick& last) {
  std::uint64_t id = 0;
  WallTime event_time;
  const bool read = scan.literal(R"(aggTrade","E":)") && scan.millis(event_time) &&
                    read_trade_names(scan, head, last.symbol, id) && scan.literal(R"(,"p":")") &&
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

/// The type of an event that no channel of ours sends. The general parser ignores it too, or finds
/// fault with what follows.
bool names_foreign_event(FastScan& scan) {
  constexpr std::array<std::string_view, 5> ours{"bookTicker", "aggTrade", "markPriceUpdate",
                                                 "avgPrice", "serverShutdown"};
  std::string_view type;
  return scan.text(type) && !type.empty() && std::ranges::find(ours, type) == ours.end() &&
         scan.literal(",");
}

/// What stands in `data`; its first quote has been read.
bool read_data(FastScan& scan, const Market& market, const Head& head,
               std::vector<WireTick>& ticks) {
  if (scan.literal(R"(u":)")) {  // only Spot's book says neither what it is nor when it was
    return has(market, Event::book_ticker) && head.stream.ends_with("@bookTicker") &&
           read_book(scan, head, ticks.emplace_back());
  }
  if (!scan.literal(R"(e":")")) return false;
  switch (scan.peek()) {
    case 'b':
      return has(market, Event::book_ticker) && read_stamped_book(scan, head, ticks.emplace_back());
    case 'a':
      return has(market, Event::agg_trade) && read_agg_trade(scan, head, ticks.emplace_back());
    case 'm':
      for (int i = 0; i < 2; ++i) ticks.emplace_back();
      return has(market, Event::mark_price) && read_mark_price(scan, head, ticks[0], ticks[1]);
    default:
      return false;
  }
}

}  // namespace

std::optional<MessageType> decode_fast(const Market& market, std::string_view padded,
                                       Decoded& out) {
  FastScan scan(padded);
  Head head;
  if (!read_head(scan, head) || !scan.literal(R"(,"data":{")")) return std::nullopt;
  FastScan data = scan;
  if (read_data(data, market, head, out.ticks) && data.literal("}}") && data.at_end()) {
    return MessageType::data;
  }
  out.ticks.clear();
  const bool foreign = scan.literal(R"(e":")") && names_foreign_event(scan);
  if (foreign && padded.ends_with("}}")) return MessageType::ignored;
  return std::nullopt;
}

}  // namespace feedwatch::venues::binance
