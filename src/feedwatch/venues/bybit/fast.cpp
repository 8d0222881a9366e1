// Deltas of tickers and the best level of the book, in the spelling the venue uses. All others, and
// these in another spelling, are decode.cpp's.
#include <array>
#include <span>
#include <utility>

#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/fast_scan.hpp"

namespace feedwatch::venues::bybit {

namespace {

using wire::FastScan;

/// The order of a delta's ticks.
constexpr std::array kinds{Kind::last, Kind::mark, Kind::index};

/// A price of a delta; false when it was said before.
[[gnu::always_inline]] inline bool read_price(FastScan& scan, WireTick& tick) {
  if (std::exchange(tick.fields.price, true)) return false;
  return scan.price(tick.prices.price, tick.price_text);
}

/// One member of `data`, behind its first quote. All of them are strings.
[[gnu::always_inline]] inline bool read_member(FastScan& scan, std::span<WireTick> ticks) {
  if (scan.literal(R"(lastPrice":")")) return read_price(scan, ticks[0]);
  if (scan.literal(R"(markPrice":")")) return read_price(scan, ticks[1]);
  if (scan.literal(R"(indexPrice":")")) return read_price(scan, ticks[2]);
  if (scan.literal(R"(symbol")")) return false;  // said before
  // Those that come most, so that the end of a key need not be looked for.
  if (scan.literal(R"(bid1Price":")") || scan.literal(R"(ask1Price":")")) {
    return scan.text_like_price();
  }
  if (scan.literal(R"(bid1Size":")") || scan.literal(R"(ask1Size":")")) return scan.text();
  return scan.text() && scan.literal(R"(:")") && scan.text();
}

bool read_delta(FastScan& scan, std::vector<WireTick>& all) {
  for (std::size_t i = 0; i < kinds.size(); ++i) all.emplace_back();
  const std::span<WireTick> ticks = std::span(all).last(kinds.size());
  std::string_view topic, symbol;
  if (!scan.text(topic) || !scan.literal(R"(,"type":"delta","data":{"symbol":")") ||
      !scan.text_like(std::ssize(topic), symbol) || symbol.empty()) {
    return false;
  }
  while (scan.literal(R"(,")")) {
    if (!read_member(scan, ticks)) return false;
  }
  std::uint64_t cross_seq = 0;
  WallTime time;
  if (!scan.literal(R"(},"cs":)") || !scan.number(cross_seq) || !scan.literal(R"(,"ts":)") ||
      !scan.millis(time)) {
    return false;
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    ticks[i].symbol = symbol;
    ticks[i].kind = kinds[i];
    ticks[i].seq = cross_seq;
    ticks[i].ts_event = time;
  }
  return true;
}

bool read_book(FastScan& scan, WireTick& quote) {
  std::uint64_t update_id = 0;
  WallTime time;
  std::string_view topic;
  const bool read =
      scan.text(topic) && scan.literal(R"(,"ts":)") && scan.millis(time) &&
      scan.literal(R"(,"type":"snapshot","data":{"s":")") &&
      scan.text_like(std::ssize(topic), quote.symbol) && scan.literal(R"(,"b":[[")") &&
      scan.price(quote.prices.price, quote.price_text) && scan.literal(R"(,")") && scan.text() &&
      scan.literal(R"(]],"a":[[")") && scan.price(quote.prices.ask, quote.ask_text) &&
      scan.literal(R"(,")") && scan.text() && scan.literal(R"(]],"u":)") &&
      scan.number(update_id) && scan.literal(R"(,"seq":)") && scan.number() &&
      scan.literal(R"(},"cts":)") && scan.any_millis();
  quote.kind = Kind::quote;
  quote.fields = {.price = true, .ask = true};
  quote.seq = update_id;
  quote.ts_event = time;
  quote.restart = update_id == 1;
  return read && !quote.symbol.empty();
}

/// Appends nothing when it is false.
[[gnu::always_inline]] inline bool read(const Category& category, std::string_view padded,
                                        std::vector<WireTick>& ticks) {
  const std::size_t before = ticks.size();
  FastScan scan(padded);
  bool read = false;
  if (scan.literal(R"({"topic":"tickers.)")) {
    read = category.sheet.channels[tickers].absent_is_unchanged && read_delta(scan, ticks);
  } else if (scan.literal(R"({"topic":"orderbook.1.)")) {
    read = read_book(scan, ticks.emplace_back());
  }
  if (read && scan.literal("}") && scan.at_end()) return true;
  ticks.resize(before);
  return false;
}

}  // namespace

bool decode_fast(const Category& category, std::string_view padded, std::vector<WireTick>& ticks) {
  return read(category, padded, ticks);
}

std::size_t decode_ticks(const Category& category, std::span<const Frame> frames,
                         std::vector<WireTick>& ticks) {
  std::size_t taken = 0;
  for (const Frame& frame : frames) {
    if (frame.type != FrameType::text || !read(category, frame.payload, ticks)) break;
    ++taken;
  }
  return taken;
}

}  // namespace feedwatch::venues::bybit
