#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::bench::ingest {

/// Messages as venues send them, key by key and in their length.
enum class Shape : std::uint8_t {
  book_ticker,   ///< Binance USD-M bookTicker in its stream envelope
  mark_price,    ///< Binance USD-M markPrice@1s: mark and index
  agg_trade,     ///< Binance USD-M aggTrade
  ticker_24h,    ///< Binance USD-M 24hrTicker: no channel of the product's, ignored by its head
  bybit_ticker,  ///< Bybit linear tickers, a delta with last price and best offers
  bybit_book,    ///< Bybit linear orderbook.1
};

struct ShapeFacts {
  std::string_view name;
  std::string_view venue;
  std::string_view kind;  ///< what the client subscribes: "SYMBOL/<kind>"
  std::size_t prices;     ///< that a message brings of what is subscribed
};
const ShapeFacts& facts(Shape shape);
std::optional<Shape> shape_named(std::string_view name);

constexpr std::size_t symbol_count = 150;
/// "S000USDT" to "S000LONGERUSDT": as long as they are at the venues, all lengths in turn.
std::string symbol(std::size_t place);
/// The streams a client subscribes for a shape, "S000USDT/quote".
std::vector<std::string> streams(Shape shape);

/// Pre-encoded frames of one shape: symbols in random order, prices different each time, and prices
/// and sizes of many lengths, which is what a scan cannot know beforehand. renew() makes them new
/// messages in place: later ids, later times.
class FrameBlock {
 public:
  struct Options {
    Shape shape = Shape::book_ticker;
    bool raw = false;       ///< Binance without its stream envelope
    bool snapshot = false;  ///< Bybit: the full state that comes first
    bool stamped = false;   ///< room for a send stamp in the bid: bookTicker only
    std::size_t frames = 20'000;
    std::size_t symbols = symbol_count;
  };
  explicit FrameBlock(const Options& options);

  void renew(WallTime now);
  std::string_view bytes() const { return bytes_; }
  std::size_t count() const { return frames_.size(); }
  std::string_view frame(std::size_t i) const;
  std::size_t place(std::size_t i) const;  ///< of its symbol
  /// The same with nanoseconds of a second as the bid's fraction.
  std::string_view stamped(std::size_t i, std::int64_t nanoseconds);

 private:
  struct Place {
    std::size_t begin, end;       ///< of the frame
    std::size_t id, time, stamp;  ///< where their digits begin
  };
  void add(const std::string& message);
  void put(std::size_t at, std::uint64_t value, std::size_t digits);

  Options options_;
  std::string bytes_;
  std::vector<Place> frames_;
  std::uint64_t next_id_;
};

}  // namespace feedwatch::bench::ingest
