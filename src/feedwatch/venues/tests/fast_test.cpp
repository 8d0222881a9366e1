#include <gtest/gtest.h>

#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/tests/support.hpp"

/// The short way and the general parser are two readers of one language: what the first takes, the
/// second reads the same.
namespace feedwatch::venues {
namespace {

struct Pair {
  bool (*fast)(std::string_view, Decoded&);
  std::unique_ptr<Decoder> general;
};
Pair binance() {
  return {binance_usdm::decode_fast, binance_usdm::make_general_decoder()};
}
Pair bybit() {
  return {bybit_linear::decode_fast, bybit_linear::make_general_decoder()};
}

void expect_same(const WireTick& a, const WireTick& b) {
  EXPECT_EQ(a.symbol, b.symbol);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.fields, b.fields);
  EXPECT_TRUE(!a.fields.price || identical(a.prices.price, b.prices.price));
  EXPECT_TRUE(!a.fields.ask || identical(a.prices.ask, b.prices.ask));
  EXPECT_EQ(a.price_text, b.price_text);
  EXPECT_EQ(a.ask_text, b.ask_text);
  EXPECT_EQ(a.ts_event, b.ts_event);
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.snapshot, b.snapshot);
  EXPECT_EQ(a.restart, b.restart);
}

/// Whether the short way took the text; fails where the general parser disagrees.
bool taken(Pair& pair, std::string_view text) {
  SCOPED_TRACE(std::string(text));
  const test::OwnedFrame owned(text);
  Decoded fast;
  if (!pair.fast(owned.frame().payload, fast)) {
    EXPECT_TRUE(fast.ticks.empty());
    return false;
  }
  Decoded general;
  const auto type = pair.general->decode(owned.frame(), general);
  EXPECT_TRUE(type && *type == MessageType::data);
  EXPECT_EQ(fast.ticks.size(), general.ticks.size());
  if (fast.ticks.size() != general.ticks.size()) return true;
  for (std::size_t i = 0; i < fast.ticks.size(); ++i) expect_same(fast.ticks[i], general.ticks[i]);
  return true;
}

const std::vector<std::string> binance_texts{
    R"({"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":600859984343,"s":"BTCUSDT",)"
    R"("b":"28147.60","B":"8.000","a":"28147.70","A":"4","T":1626992757352,"E":1626992757354}})",
    R"({"stream":"x@bookTicker","data":{"e":"bookTicker","u":0,"s":"X",)"
    R"("b":"0.00000001","B":"","a":"99999999.99999999","A":"4","T":0,"E":1}})",
    R"({"stream":"","data":{"e":"bookTicker","u":1234567890123456,"s":"1000SHIBUSDT_241227",)"
    R"("b":"0","B":"8","a":"12345678","A":"4","T":1,"E":9000000000000}})",
    R"({"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1680652701000,)"
    R"("s":"BTCUSDT","p":"28147.27373413","P":"28142.15563565","i":"28159.75642857",)"
    R"("r":"0.00002754","T":1680652800000}})",
};
const std::vector<std::string> bybit_texts{
    R"({"topic":"tickers.SOLUSDT","type":"delta","data":{"symbol":"SOLUSDT","indexPrice":"77.341"},)"
    R"("cs":272903625919,"ts":1786310819679})",
    R"({"topic":"tickers.SOLUSDT","type":"delta","data":{"symbol":"SOLUSDT","tickDirection":"PlusTick",)"
    R"("lastPrice":"77.35","markPrice":"77.34","openInterest":"","bid1Price":"77.3"},"cs":1,"ts":1})",
    R"({"topic":"tickers.S","type":"delta","data":{"symbol":"SOLUSDT"},"cs":0,"ts":1786310819679})",
    R"({"topic":"orderbook.1.KCSUSDT","ts":1749833488160,"type":"snapshot","data":{"s":"KCSUSDT",)"
    R"("b":[["11.248","1"]],"a":[["11.256","1"]],"u":462756,"seq":105958381058},"cts":1749833488154})",
    R"({"topic":"orderbook.1.KCSUSDT","ts":1749833488160,"type":"snapshot","data":{"s":"KCSUSDT",)"
    R"("b":[["11.248","1"]],"a":[["11.256","1"]],"u":1,"seq":1},"cts":1749833488154})",
};

TEST(FastDecode, UsualSpellingsAreTaken) {
  Pair pair = binance();
  for (const std::string& text : binance_texts) EXPECT_TRUE(taken(pair, text)) << text;
  pair = bybit();
  for (const std::string& text : bybit_texts) EXPECT_TRUE(taken(pair, text)) << text;
}

TEST(FastDecode, WhatTheVenueSideWritesIsTaken) {
  const auto writes = [](const char* venue, Pair pair) {
    const VenueSide& side = *find_venue_side(venue);
    MarketState state{.symbol = "BTCUSDT", .seq = 7};
    state.last = state.bid = state.ask = state.mark = state.index = test::decimal("28145.10");
    state.now = state.traded = wall_from_ms(1'700'000'000'123);
    state.snapshot = false;
    for (std::uint8_t channel = 0; channel < side.sheet().channels.size(); ++channel) {
      EXPECT_TRUE(taken(pair, side.encode_data(channel, state))) << venue << " " << int{channel};
    }
  };
  writes("binance-usdm", binance());
  writes("bybit-linear", bybit());
}

TEST(FastDecode, OtherSpellingsAreLeftToTheGeneralParser) {
  Pair pair = binance();
  const std::string& book = binance_texts[0];
  const auto with = [](std::string text, std::string_view what, std::string_view other) {
    return text.replace(text.find(what), what.size(), other);
  };
  for (const char* price :
       {"028147.60", "-1.5", "1e5", "1.", ".5", "", "123456789.0", "1.123456789", "NaN"}) {
    EXPECT_FALSE(taken(pair, with(book, "28147.60", price))) << price;
  }
  for (const char* number : {"01", "-1", "1.0", "12345678901234567", "\"1\"", "", "null"}) {
    EXPECT_FALSE(taken(pair, with(book, "600859984343", number))) << number;
  }
  for (const char* symbol : {"", "BTC\\u0055", "БТК", "BTC\nUSDT"}) {
    EXPECT_FALSE(taken(pair, with(book, "\"BTCUSDT\"", "\"" + std::string(symbol) + "\"")))
        << symbol;
  }
  EXPECT_FALSE(taken(pair, with(book, "1626992757354", "0")));
  EXPECT_FALSE(taken(pair, with(book, "1626992757354", "9000000000001")));
  EXPECT_FALSE(taken(pair, book + " "));
  EXPECT_FALSE(taken(pair, with(book, "}}", "},\"data\":{}}")));
  pair = bybit();
  EXPECT_FALSE(taken(pair, with(bybit_texts[1], "bid1Price", "lastPrice"))) << "said twice";
  EXPECT_FALSE(taken(pair, with(bybit_texts[1], "bid1Price", "symbol"))) << "said twice";
  EXPECT_FALSE(taken(pair, with(bybit_texts[1], "delta", "snapshot")));
  EXPECT_FALSE(taken(pair, with(bybit_texts[0], "77.341", "")));
}

/// Every text cut at every length, and every byte of it replaced by each of those that matter.
TEST(FastDecode, NoMutationTellsTheTwoApart) {
  const std::string_view bytes("\"\\,:{}[]. 0123456789eE+-aAbmsuTx\0\t\x7f\x80\xc3\xff", 40);
  const auto mutate = [&](Pair pair, const std::vector<std::string>& texts) {
    std::size_t accepted = 0;
    for (const std::string& text : texts) {
      for (std::size_t i = 0; i < text.size(); ++i) {
        accepted += taken(pair, text.substr(0, i)) ? 1U : 0U;
        accepted += taken(pair, text.substr(0, i) + text.substr(i + 1)) ? 1U : 0U;
        for (const char byte : bytes) {
          std::string other = text;
          other[i] = byte;
          accepted += taken(pair, other) ? 1U : 0U;
          other.insert(i, 1, text[i]);
          accepted += taken(pair, other) ? 1U : 0U;
        }
      }
    }
    return accepted;
  };
  EXPECT_GT(mutate(binance(), binance_texts), 1'000U);
  EXPECT_GT(mutate(bybit(), bybit_texts), 1'000U);
}

/// Pieces of several messages put together anyhow.
TEST(FastDecode, NoMixtureTellsTheTwoApart) {
  Random random(7);
  const auto mix = [&](Pair pair, const std::vector<std::string>& texts) {
    for (int i = 0; i < 20'000; ++i) {
      const std::string& a = texts[random.below(texts.size())];
      const std::string& b = texts[random.below(texts.size())];
      const std::size_t at = random.below(a.size());
      const std::size_t from = random.below(b.size());
      taken(pair, a.substr(0, at) + b.substr(from));
    }
  };
  mix(binance(), binance_texts);
  mix(bybit(), bybit_texts);
}

}  // namespace
}  // namespace feedwatch::venues
