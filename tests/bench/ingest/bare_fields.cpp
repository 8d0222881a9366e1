#include "tests/bench/ingest/bare_fields.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace feedwatch::bench::ingest {
namespace {

using simdjson::ondemand::object;

Decimal decimal(std::string_view text) {
  const auto value = Decimal::parse(text);
  if (!value) throw std::runtime_error("not a price");
  return *value;
}

BareFields book_ticker(object data) {
  BareFields fields;
  fields.id = data.find_field("u").get_uint64();
  fields.symbol = data.find_field("s").get_string();
  fields.price = decimal(data.find_field("b").get_string());
  fields.second = decimal(data.find_field("a").get_string());
  fields.time = data.find_field("E").get_uint64();
  fields.has_second = true;
  return fields;
}

BareFields mark_price(object data) {
  BareFields fields;
  fields.time = data.find_field("E").get_uint64();
  fields.symbol = data.find_field("s").get_string();
  fields.price = decimal(data.find_field("p").get_string());
  fields.second = decimal(data.find_field("i").get_string());
  fields.has_second = true;
  return fields;
}

BareFields agg_trade(object data) {
  BareFields fields;
  fields.time = data.find_field("E").get_uint64();
  fields.id = data.find_field("a").get_uint64();
  fields.symbol = data.find_field("s").get_string();
  fields.price = decimal(data.find_field("p").get_string());
  return fields;
}

BareFields ticker_24h(object data) {
  BareFields fields;
  fields.time = data.find_field("E").get_uint64();
  fields.symbol = data.find_field("s").get_string();
  fields.price = decimal(data.find_field("c").get_string());
  fields.id = data.find_field("L").get_uint64();
  return fields;
}

BareFields bybit_ticker(object message) {
  BareFields fields;
  object data = message.find_field("data").get_object();
  fields.symbol = data.find_field("symbol").get_string();
  fields.price = decimal(data.find_field("lastPrice").get_string());
  fields.id = message.find_field("cs").get_uint64();
  fields.time = message.find_field("ts").get_uint64();
  return fields;
}

std::string_view first_price(object data, std::string_view key) {
  return data.find_field(key).get_array().at(0).get_array().at(0).get_string();
}

BareFields bybit_book(object message) {
  BareFields fields;
  fields.time = message.find_field("ts").get_uint64();
  object data = message.find_field("data").get_object();
  fields.symbol = data.find_field("s").get_string();
  fields.price = decimal(first_price(data, "b"));
  fields.second = decimal(first_price(data, "a"));
  fields.id = data.find_field("u").get_uint64();
  fields.has_second = true;
  return fields;
}

/// Goes through a text whose shape is known. Reads up to 16 bytes beyond the end.
class Scan {
 public:
  explicit Scan(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  template <std::size_t N>
  void skip(const char (&literal)[N]) {
    if (std::memcmp(at_, literal, N - 1) != 0) throw std::runtime_error("another shape");
    at_ += N - 1;
  }
  std::string_view to_quote() {
    const char* begin = at_;
    while (at_ < end_ && *at_ != '"') ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  void over(char c) {
    while (at_ < end_ && *at_ != c) ++at_;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (; *at_ >= '0' && *at_ <= '9'; ++at_)
      value = value * 10 + static_cast<unsigned>(*at_ - '0');
    return value;
  }
  Decimal price() {
    const std::uint64_t whole = number();
    if (*at_ != '.') return Decimal{static_cast<std::int64_t>(whole), 0};
    std::uint64_t value = whole;
    const char* begin = ++at_;
    for (; *at_ >= '0' && *at_ <= '9'; ++at_)
      value = value * 10 + static_cast<unsigned>(*at_ - '0');
    return Decimal{static_cast<Decimal::Mantissa>(value), static_cast<int>(at_ - begin)};
  }

 private:
  const char* at_;
  const char* end_;
};

BareFields scan_book_ticker(Scan scan) {
  BareFields fields;
  scan.skip(R"({"stream":")");
  scan.to_quote();
  scan.skip(R"(","data":{"e":"bookTicker","u":)");
  fields.id = scan.number();
  scan.skip(R"(,"s":")");
  fields.symbol = scan.to_quote();
  scan.skip(R"(","b":")");
  fields.price = scan.price();
  scan.skip(R"(","B":")");
  scan.to_quote();
  scan.skip(R"(","a":")");
  fields.second = scan.price();
  scan.skip(R"(","A":")");
  scan.to_quote();
  scan.skip(R"(","T":)");
  scan.number();
  scan.skip(R"(,"E":)");
  fields.time = scan.number();
  scan.skip("}}");
  fields.has_second = true;
  return fields;
}

BareFields scan_mark_price(Scan scan) {
  BareFields fields;
  scan.skip(R"({"stream":")");
  scan.to_quote();
  scan.skip(R"(","data":{"e":"markPriceUpdate","E":)");
  fields.time = scan.number();
  scan.skip(R"(,"s":")");
  fields.symbol = scan.to_quote();
  scan.skip(R"(","p":")");
  fields.price = scan.price();
  scan.skip(R"(","P":")");
  scan.to_quote();
  scan.skip(R"(","i":")");
  fields.second = scan.price();
  fields.has_second = true;
  return fields;
}

BareFields scan_agg_trade(Scan scan) {
  BareFields fields;
  scan.skip(R"({"stream":")");
  scan.to_quote();
  scan.skip(R"(","data":{"e":"aggTrade","E":)");
  fields.time = scan.number();
  scan.skip(R"(,"a":)");
  fields.id = scan.number();
  scan.skip(R"(,"s":")");
  fields.symbol = scan.to_quote();
  scan.skip(R"(","p":")");
  fields.price = scan.price();
  return fields;
}

BareFields scan_ticker_24h(Scan scan) {
  BareFields fields;
  scan.skip(R"({"stream":")");
  scan.to_quote();
  scan.skip(R"(","data":{"e":"24hrTicker","E":)");
  fields.time = scan.number();
  scan.skip(R"(,"s":")");
  fields.symbol = scan.to_quote();
  for (int i = 0; i < 3; ++i) {  // p, P, w
    scan.over(',');
    scan.over(':');
  }
  scan.over(',');
  scan.skip(R"(,"c":")");
  fields.price = scan.price();
  for (int i = 0; i < 10; ++i) {  // Q, o, h, l, v, q, O, C, F, L
    scan.over(',');
    scan.over(':');
  }
  scan.skip(":");
  fields.id = scan.number();
  return fields;
}

BareFields scan_bybit_ticker(Scan scan) {
  BareFields fields;
  scan.skip(R"({"topic":"tickers.)");
  scan.to_quote();
  scan.skip(R"(","type":"delta","data":{"symbol":")");
  fields.symbol = scan.to_quote();
  scan.skip(R"(","lastPrice":")");
  fields.price = scan.price();
  scan.over('}');
  scan.skip(R"(},"cs":)");
  fields.id = scan.number();
  scan.skip(R"(,"ts":)");
  fields.time = scan.number();
  return fields;
}

BareFields scan_bybit_book(Scan scan) {
  BareFields fields;
  scan.skip(R"({"topic":"orderbook.1.)");
  scan.to_quote();
  scan.skip(R"(","ts":)");
  fields.time = scan.number();
  scan.skip(R"(,"type":"snapshot","data":{"s":")");
  fields.symbol = scan.to_quote();
  scan.skip(R"(","b":[[")");
  fields.price = scan.price();
  scan.skip(R"(",")");
  scan.to_quote();
  scan.skip(R"("]],"a":[[")");
  fields.second = scan.price();
  scan.skip(R"(",")");
  scan.to_quote();
  scan.skip(R"("]],"u":)");
  fields.id = scan.number();
  fields.has_second = true;
  return fields;
}

}  // namespace

BareFields fields_by_simdjson(simdjson::ondemand::parser& parser, std::string_view text,
                              Shape shape) {
  const simdjson::padded_string_view padded(text.data(), text.size(),
                                            text.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document = parser.iterate(padded);
  object root = document.get_object();
  switch (shape) {
    case Shape::book_ticker:
      return book_ticker(root.find_field("data").get_object());
    case Shape::mark_price:
      return mark_price(root.find_field("data").get_object());
    case Shape::agg_trade:
      return agg_trade(root.find_field("data").get_object());
    case Shape::ticker_24h:
      return ticker_24h(root.find_field("data").get_object());
    case Shape::bybit_ticker:
      return bybit_ticker(root);
    case Shape::bybit_book:
      return bybit_book(root);
  }
  std::abort();
}

BareFields fields_by_hand(std::string_view text, Shape shape) {
  switch (shape) {
    case Shape::book_ticker:
      return scan_book_ticker(Scan{text});
    case Shape::mark_price:
      return scan_mark_price(Scan{text});
    case Shape::agg_trade:
      return scan_agg_trade(Scan{text});
    case Shape::ticker_24h:
      return scan_ticker_24h(Scan{text});
    case Shape::bybit_ticker:
      return scan_bybit_ticker(Scan{text});
    case Shape::bybit_book:
      return scan_bybit_book(Scan{text});
  }
  std::abort();
}

}  // namespace feedwatch::bench::ingest
