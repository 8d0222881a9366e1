#include "tests/bench/ingest/shapes.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "feedwatch/base/random.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::bench::ingest {
namespace {

constexpr std::uint64_t first_id = 1'000'000'000'000;
constexpr std::size_t id_digits = 13;
constexpr std::size_t time_digits = 13;
constexpr std::size_t stamp_digits = 9;
constexpr WallTime any_time{std::chrono::seconds{1'700'000'000}};

constexpr std::array<ShapeFacts, 6> all_facts{{
    {"book_ticker", "binance-usdm", "quote", 1},
    {"mark_price", "binance-usdm", "mark", 2},
    {"agg_trade", "binance-usdm", "last", 1},
    {"ticker_24h", "binance-usdm", "quote", 0},
    {"bybit_ticker", "bybit-linear", "last", 1},
    {"bybit_book", "bybit-linear", "quote", 1},
}};

/// Which digits a shape's messages count by, and which say when.
struct Keys {
  std::string_view id, time;
};
Keys keys_of(Shape shape) {
  switch (shape) {
    case Shape::book_ticker:
      return {R"("u":)", R"("E":)"};
    case Shape::mark_price:
      return {{}, R"("E":)"};
    case Shape::agg_trade:
      return {R"("a":)", R"("E":)"};
    case Shape::ticker_24h:
      return {R"("L":)", R"("E":)"};
    case Shape::bybit_ticker:
      return {R"("cs":)", R"("ts":)"};
    case Shape::bybit_book:
      return {R"("u":)", R"("ts":)"};
  }
  std::abort();
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string agg_trade(const std::string& symbol, const Decimal& price) {
  return fmt::format(
      R"({{"stream":"{}@aggTrade","data":{{"e":"aggTrade","E":{},"a":{},"s":"{}","p":"{}","q":"31.250",)"
      R"("f":7042345678,"l":7042345681,"T":1700000000000,"m":true}}}})",
      lower(symbol), first_id, first_id, symbol, price.to_string());
}

std::string ticker_24h(const std::string& symbol, const Decimal& price) {
  return fmt::format(
      R"({{"stream":"{}@ticker","data":{{"e":"24hrTicker","E":{},"s":"{}","p":"-312.40","P":"-1.234",)"
      R"("w":"25123.47","c":"{}","Q":"0.012","o":"25312.50","h":"25600.00","l":"24811.10",)"
      R"("v":"312345.671","q":"7851234567.89","O":1699913580000,"C":1699999980017,)"
      R"("F":4200000001,"L":{},"n":2345678}}}})",
      lower(symbol), first_id, symbol, price.to_string(), first_id);
}

std::string by_venue(const FrameBlock::Options& options, const std::string& symbol,
                     const Decimal& price) {
  const auto* side = venues::find_venue_side(facts(options.shape).venue);
  venues::MarketState state{.symbol = symbol,
                            .last = price,
                            .bid = price,
                            .ask = Decimal{price.mantissa() + 10, price.scale()},
                            .mark = price,
                            .index = price,
                            .seq = first_id,
                            .now = any_time,
                            .traded = any_time};
  state.snapshot = options.snapshot;
  state.mark_changed = state.index_changed = options.snapshot;
  const bool second = options.shape == Shape::book_ticker || options.shape == Shape::bybit_book;
  return side->encode_data(second ? 1 : 0, state);
}

/// From 0.00001234 to 25000.10, by the symbol.
Decimal price_of(std::size_t place, std::size_t i) {
  constexpr std::array<Decimal, 5> base{Decimal{1'234, 8}, Decimal{51'230, 5}, Decimal{12'345, 3},
                                        Decimal{34'567, 2}, Decimal{2'500'000, 2}};
  const Decimal& first = base[place % base.size()];
  return Decimal{first.mantissa() + static_cast<std::int64_t>(i * 7 % 1009), first.scale()};
}

/// Sizes of one to nine characters where the venue's side writes always the same.
std::string with_sizes(std::string text, Random& random) {
  constexpr std::array<std::string_view, 8> sizes{"8",      "31",     "0.002",  "1.250",
                                                  "17.413", "845.10", "120394", "40312.550"};
  constexpr std::string_view written = R"("1.000")";
  for (std::size_t at = 0; (at = text.find(written, at)) != std::string::npos;) {
    const std::string_view size = sizes[random.below(sizes.size())];
    text.replace(at + 1, written.size() - 2, size);
    at += size.size() + 2;
  }
  return text;
}

/// Every symbol once before any comes again, in another order each time.
std::size_t place_of(const FrameBlock::Options& options, std::size_t i) {
  const std::size_t round = i / options.symbols;
  return (i * 61 + round * 37) % options.symbols;
}

std::string message(const FrameBlock::Options& options, std::size_t i, Random& random) {
  const std::size_t place = place_of(options, i);
  const std::string name = symbol(place);
  const Decimal price = options.stamped ? Decimal{10'000'000'000'000, 9} : price_of(place, i);
  if (options.shape == Shape::agg_trade) return agg_trade(name, price);
  if (options.shape == Shape::ticker_24h) return ticker_24h(name, price);
  return with_sizes(by_venue(options, name, price), random);
}

/// What stands in `data` of a combined frame.
std::string without_envelope(const std::string& text) {
  constexpr std::string_view key = R"("data":)";
  const std::size_t at = text.find(key) + key.size();
  return text.substr(at, text.size() - at - 1);
}

std::size_t behind(std::string_view text, std::string_view key) {
  if (key.empty()) return std::string_view::npos;
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) throw std::runtime_error("a shape without its key");
  return at + key.size();
}

}  // namespace

const ShapeFacts& facts(Shape shape) {
  return all_facts[static_cast<std::size_t>(shape)];
}

std::optional<Shape> shape_named(std::string_view name) {
  for (std::size_t i = 0; i < all_facts.size(); ++i) {
    if (all_facts[i].name == name) return static_cast<Shape>(i);
  }
  return std::nullopt;
}

std::string symbol(std::size_t place) {
  constexpr std::array<std::string_view, 6> more{"", "A", "BC", "DEF", "LONG", "LONGER"};
  return fmt::format("S{:03}{}USDT", place, more[place % more.size()]);
}

std::vector<std::string> streams(Shape shape) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < symbol_count; ++i) {
    all.push_back(symbol(i) + "/" + std::string(facts(shape).kind));
    if (shape == Shape::mark_price) all.push_back(symbol(i) + "/index");
  }
  return all;
}

FrameBlock::FrameBlock(const Options& options) : options_(options), next_id_(first_id) {
  Random random(11);
  for (std::size_t i = 0; i < options.frames; ++i) {
    std::string text = message(options, i, random);
    if (options.raw) text = without_envelope(text);
    add(text);
  }
}

void FrameBlock::add(const std::string& text) {
  const Keys keys = keys_of(options_.shape);
  const std::size_t begin = bytes_.size();
  net::append_frame(bytes_, net::WsOpcode::text, text);
  const std::size_t payload = bytes_.size() - text.size();
  const auto place = [&](std::string_view key) {
    const std::size_t at = behind(text, key);
    return at == std::string_view::npos ? 0 : payload + at;
  };
  Place made{.begin = begin,
             .end = bytes_.size(),
             .id = place(keys.id),
             .time = place(keys.time),
             .stamp = 0};
  if (options_.stamped) made.stamp = place(R"("b":"10000.)");
  frames_.push_back(made);
}

void FrameBlock::put(std::size_t at, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0; value /= 10) {
    bytes_[at + i] = static_cast<char>('0' + value % 10);
  }
}

void FrameBlock::renew(WallTime now) {
  const auto millis = static_cast<std::uint64_t>(to_ns(now) / 1'000'000);
  const std::string time = fmt::format("{}", millis);
  for (const Place& frame : frames_) {
    if (frame.id != 0) put(frame.id, next_id_, id_digits);
    ++next_id_;
    bytes_.replace(frame.time, time_digits, time);
  }
}

std::string_view FrameBlock::frame(std::size_t i) const {
  return std::string_view(bytes_).substr(frames_[i].begin, frames_[i].end - frames_[i].begin);
}

std::size_t FrameBlock::place(std::size_t i) const {
  return place_of(options_, i);
}

std::string_view FrameBlock::stamped(std::size_t i, std::int64_t nanoseconds) {
  put(frames_[i].stamp, static_cast<std::uint64_t>(nanoseconds), stamp_digits);
  return frame(i);
}

}  // namespace feedwatch::bench::ingest
