// The messages that come thousands of times a second, in the spelling the venue uses. All others,
// and these in another spelling, are decode.cpp's.
#include <algorithm>
#include <array>

#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::binance {

namespace {

using wire::FastScan;

// `symbol_size` is that of the symbol as the stream's name has it; 0 = not known.

/// Bid and ask, behind the update id's key.
[[gnu::always_inline]] inline bool read_book(FastScan& scan, std::ptrdiff_t symbol_size,
                                             WireTick& quote) {
  std::uint64_t update_id = 0;
  const bool read =
      scan.number(update_id) && scan.literal(R"(,"s":")") &&
      scan.text_like(symbol_size, quote.symbol) && (!scan.literal(R"(,"ps":")") || scan.text()) &&
      scan.literal(R"(,"b":")") && scan.price(quote.prices.price, quote.price_text) &&
      scan.literal(R"(,"B":")") && scan.text() && scan.literal(R"(,"a":")") &&
      scan.price(quote.prices.ask, quote.ask_text) && scan.literal(R"(,"A":")") && scan.text();
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  return read && !quote.symbol.empty();
}

/// The same of a market that says when it was.
[[gnu::always_inline]] inline bool read_stamped_book(FastScan& scan, std::ptrdiff_t symbol_size,
                                                     WireTick& quote) {
  WallTime event_time;
  const bool read = read_book(scan, symbol_size, quote) && scan.literal(R"(,"T":)") &&
                    scan.any_millis() && scan.literal(R"(,"E":)") && scan.millis(event_time);
  quote.ts_event = event_time;
  return read;
}

/// Behind the key of the event's time, as below.
bool read_mark_price(FastScan& scan, std::ptrdiff_t symbol_size, WireTick& mark, WireTick& index) {
  WallTime event_time;
  const bool read = scan.millis(event_time) && scan.literal(R"(,"s":")") &&
                    scan.text_like(symbol_size, mark.symbol) && scan.literal(R"(,"p":")") &&
                    scan.price(mark.prices.price, mark.price_text) && scan.literal(R"(,"P":")") &&
                    scan.text_like_price() && scan.literal(R"(,"i":")") &&
                    scan.price(index.prices.price, index.price_text) && scan.literal(R"(,"r":")") &&
                    scan.text() && scan.literal(R"(,"T":)") && scan.any_millis();
  mark.kind = Kind::mark;
  index.kind = Kind::index;
  index.symbol = mark.symbol;
  mark.fields = index.fields = {.price = true};
  // Each by itself: one copied from the other would be read while it is still being written.
  mark.ts_event = event_time;
  index.ts_event = event_time;
  return read && !mark.symbol.empty();
}

bool read_flag(FastScan& scan) {
  return scan.literal("true") || scan.literal("false");
}

/// Spot says the symbol before the trade's number, futures after it.
bool read_trade_names(FastScan& scan, std::ptrdiff_t symbol_size, std::string_view& symbol,
                      std::uint64_t& id) {
  if (scan.literal(R"(,"s":")")) {
    return scan.text_like(symbol_size, symbol) && scan.literal(R"(,"a":)") && scan.number(id);
  }
  return scan.literal(R"(,"a":)") && scan.number(id) && scan.literal(R"(,"s":")") &&
         scan.text_like(symbol_size, symbol);
}

bool read_agg_trade(FastScan& scan, std::ptrdiff_t symbol_size, WireTick& last) {
  std::uint64_t id = 0;
  WallTime event_time;
  const bool read =
      scan.millis(event_time) && read_trade_names(scan, symbol_size, last.symbol, id) &&
      scan.literal(R"(,"p":")") && scan.price(last.prices.price, last.price_text) &&
      scan.literal(R"(,"q":")") && scan.text() && scan.literal(R"(,"f":)") && scan.number() &&
      scan.literal(R"(,"l":)") && scan.number() && scan.literal(R"(,"T":)") && scan.any_millis() &&
      scan.literal(R"(,"m":)") && read_flag(scan) && (!scan.literal(R"(,"M":)") || read_flag(scan));
  last.kind = Kind::last;
  last.fields = {.price = true};
  last.seq = id;
  last.ts_event = event_time;
  return read && !last.symbol.empty();
}

/// The type of an event that no channel of ours sends. The general parser ignores it too, or finds
/// fault with what follows.
bool names_foreign_event(FastScan& scan) {
  constexpr std::array<std::string_view, 5> ours{"bookTicker", "aggTrade", "markPriceUpdate",
                                                 "avgPrice", "serverShutdown"};
  std::string_view type;
  return scan.text(type) && !type.empty() && std::ranges::find(ours, type) == ours.end() &&
         scan.literal(",") && scan.is_inside();
}

/// What is read of a message, by what stands before its fields.
enum class Form : std::uint8_t {
  none,
  book,          ///< only Spot's says neither what it is nor when it was
  stamped_book,  ///< all that stands before its fields has been read
  agg_trade,     ///< likewise up to the event's time, as of the next
  mark_price,
};

/// Of a stream that is called as we subscribe it, from its '@' on: its name, its envelope and the
/// type are one comparison.
[[gnu::always_inline]] inline Form usual_form(FastScan& scan) {
  if (!scan.is_inside()) return Form::none;
  switch (scan.peek(1)) {
    case 'a':
      return scan.literal(R"(@aggTrade","data":{"e":"aggTrade","E":)") ? Form::agg_trade
                                                                       : Form::none;
    case 'b':
      if (scan.literal(R"(@bookTicker","data":{"e":"bookTicker","u":)")) return Form::stamped_book;
      return scan.literal(R"(@bookTicker","data":{"u":)") ? Form::book : Form::none;
    case 'm':
      return scan.literal(R"(@markPrice@1s","data":{"e":"markPriceUpdate","E":)") ? Form::mark_price
                                                                                  : Form::none;
    default:
      return Form::none;
  }
}

/// Of `data`, behind its first quote, whatever the stream is called.
Form form_of_data(FastScan& scan, std::string_view stream) {
  if (scan.literal(R"(u":)")) return stream.ends_with("@bookTicker") ? Form::book : Form::none;
  if (scan.literal(R"(e":"bookTicker","u":)")) return Form::stamped_book;
  if (scan.literal(R"(e":"aggTrade","E":)")) return Form::agg_trade;
  return scan.literal(R"(e":"markPriceUpdate","E":)") ? Form::mark_price : Form::none;
}

bool has(const Market& market, Event event) {
  return std::ranges::find(market.events, event) != market.events.end();
}

[[gnu::always_inline]] inline bool read_fields(FastScan& scan, Form form, const Market& market,
                                               std::ptrdiff_t symbol_size,
                                               std::vector<WireTick>& ticks) {
  switch (form) {
    case Form::book:
      return has(market, Event::book_ticker) && read_book(scan, symbol_size, ticks.emplace_back());
    case Form::stamped_book:
      return has(market, Event::book_ticker) &&
             read_stamped_book(scan, symbol_size, ticks.emplace_back());
    case Form::agg_trade:
      return has(market, Event::agg_trade) &&
             read_agg_trade(scan, symbol_size, ticks.emplace_back());
    case Form::mark_price: {
      for (int i = 0; i < 2; ++i) ticks.emplace_back();
      WireTick* const both = &ticks.back() - 1;
      return has(market, Event::mark_price) && read_mark_price(scan, symbol_size, both[0], both[1]);
    }
    case Form::none:
      break;
  }
  return false;
}

/// Appends nothing where it is not `data`.
[[gnu::always_inline]] inline std::optional<MessageType> read(const Market& market,
                                                              std::string_view padded,
                                                              std::vector<WireTick>& ticks) {
  const std::size_t before = ticks.size();
  FastScan scan(padded);
  if (!scan.literal(R"({"stream":")")) return std::nullopt;
  const std::ptrdiff_t symbol_size = scan.up_to('@');
  FastScan data = scan;
  Form form = usual_form(data);
  if (form == Form::none) {
    std::string_view stream;
    if (!scan.text(stream) || !scan.literal(R"(,"data":{")")) return std::nullopt;
    data = scan;
    form = form_of_data(data, stream);
    if (form == Form::none) {
      const bool foreign = scan.literal(R"(e":")") && names_foreign_event(scan);
      return foreign && padded.ends_with("}}") ? std::optional(MessageType::ignored) : std::nullopt;
    }
  }
  if (read_fields(data, form, market, symbol_size, ticks) && data.literal("}}") && data.at_end()) {
    return MessageType::data;
  }
  ticks.resize(before);
  return std::nullopt;
}

}  // namespace

std::optional<MessageType> decode_fast(const Market& market, std::string_view padded,
                                       std::vector<WireTick>& ticks) {
  return read(market, padded, ticks);
}

std::size_t decode_ticks(const Market& market, std::span<const Frame> frames,
                         std::vector<WireTick>& ticks) {
  std::size_t taken = 0;
  for (const Frame& frame : frames) {
    if (frame.type != FrameType::text || !read(market, frame.payload, ticks)) break;
    ++taken;
  }
  return taken;
}

}  // namespace feedwatch::venues::binance
