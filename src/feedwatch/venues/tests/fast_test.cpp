#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/tests/support.hpp"

/// The short way and the general parser are two readers of one language: what the first takes, the
/// second reads the same.
namespace feedwatch::venues {
namespace {

struct Pair {
  std::function<std::optional<MessageType>(std::string_view, Decoded&)> fast;
  std::unique_ptr<Decoder> general;
};
Pair binance(std::string_view name = "binance-usdm") {
  const auto& market = dynamic_cast<const binance::Client&>(*find_venue(name)).traits();
  const auto fast = [&market](std::string_view text, Decoded& out) {
    return binance::decode_fast(market, text, out.ticks);
  };
  return {fast, binance::make_general_decoder(market)};
}
Pair bybit(std::string_view name = "bybit-linear") {
  const auto& category = dynamic_cast<const bybit::Client&>(*find_venue(name)).traits();
  const auto fast = [&category](std::string_view text, Decoded& out) {
    return bybit::decode_fast(category, text, out.ticks) ? std::optional(MessageType::data)
                                                         : std::nullopt;
  };
  return {fast, bybit::make_general_decoder(category)};
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
  const auto known = pair.fast(owned.frame().payload, fast);
  EXPECT_TRUE(known == MessageType::data || fast.ticks.empty());
  if (!known) return false;
  Decoded general;
  const auto type = pair.general->decode(owned.frame(), general);
  if (known == MessageType::ignored) {
    EXPECT_TRUE(!type || *type == MessageType::ignored);
    return true;
  }
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
const std::vector<std::string> spot_texts{
    R"({"stream":"sxpbtc@bookTicker","data":{"u":679669400,"s":"SXPBTC",)"
    R"("b":"0.00007479","B":"6.00000000","a":"0.00007488","A":"3.00000000"}})",
    R"({"stream":"onttry@aggTrade","data":{"e":"aggTrade","E":1618677393278,"s":"ONTTRY","a":8612,)"
    R"("p":"18.99","q":"1.06","f":9334,"l":9334,"T":1618677393275,"m":true,"M":true}})",
};
const std::vector<std::string> coinm_texts{
    R"({"stream":"btcusd_perp@bookTicker","data":{"e":"bookTicker","u":7,"s":"BTCUSD_PERP",)"
    R"("ps":"BTCUSD","b":"28147.6","B":"8","a":"28147.7","A":"4","T":1626992757352,"E":1626992757354}})",
    R"({"stream":"btcusd_perp@aggTrade","data":{"e":"aggTrade","E":1626992747395,"a":16599297,)"
    R"("s":"BTCUSD_PERP","p":"1.01000","q":"5","f":23961327,"l":23961327,"T":1626992747239,"m":false}})",
};
/// Of channels that are none of ours.
const std::vector<std::string> foreign_texts{
    R"({"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1672515782136,"s":"BTCUSDT",)"
    R"("p":"-0.0015","c":"0.0025","L":18150,"n":18151}})",
    R"({"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1672515782136,"s":"BTCUSDT",)"
    R"("k":{"t":1672515780000,"i":"1m","o":"0.0010","x":false}}})",
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
  pair = binance("binance-spot");
  for (const std::string& text : spot_texts) EXPECT_TRUE(taken(pair, text)) << text;
  pair = binance("binance-coinm");
  for (const std::string& text : coinm_texts) EXPECT_TRUE(taken(pair, text)) << text;
  pair = bybit();
  for (const std::string& text : bybit_texts) EXPECT_TRUE(taken(pair, text)) << text;
}

TEST(FastDecode, WhatNobodyWantsIsNotReadToItsEnd) {
  Pair pair = binance();
  const auto judged = [&](std::string_view text) {
    const test::OwnedFrame owned(text);
    Decoded out;
    return pair.fast(owned.frame().payload, out);
  };
  for (const std::string& text : foreign_texts) EXPECT_EQ(judged(text), MessageType::ignored);
  EXPECT_EQ(judged(R"({"stream":"x@ticker","data":{"e":"24hrTicker","E":nonsense}})"),
            MessageType::ignored);
  EXPECT_EQ(judged(R"({"stream":"x@ticker","data":{"e":"24hrTicker","E":1})"), std::nullopt);
  EXPECT_EQ(judged(R"({"stream":"x@ticker","data":{"e":"24hrTicker"}})"), std::nullopt);
  for (const char* ours : {"bookTicker", "aggTrade", "markPriceUpdate", "avgPrice",
                           "serverShutdown", "", "bookTic\\u006ber"}) {
    EXPECT_EQ(judged(R"({"stream":"x","data":{"e":")" + std::string(ours) + R"(","E":1}})"),
              std::nullopt)
        << ours;
  }
}

TEST(FastDecode, WhatAMarketDoesNotHaveIsLeftToTheGeneralParser) {
  Pair pair = binance("binance-spot");
  EXPECT_FALSE(taken(pair, binance_texts[3])) << "no mark price on Spot";
  pair = bybit("bybit-spot");
  EXPECT_FALSE(taken(pair, bybit_texts[0])) << "no deltas on Spot";
}

TEST(FastDecode, WhatTheVenueSideWritesIsTaken) {
  const auto writes = [](const char* venue, Pair pair) {
    const VenueSide& side = *find_venue_side(venue);
    MarketState state{.symbol = "BTCUSDT", .seq = 7};
    state.last = state.bid = state.ask = state.mark = state.index = test::decimal("28145.10");
    state.now = state.traded = wall_from_ms(1'700'000'000'123);
    state.snapshot = false;
    for (std::uint8_t channel = 0; channel < side.sheet().channels.size(); ++channel) {
      if (side.sheet().channels[channel].kinds.empty()) continue;
      EXPECT_TRUE(taken(pair, side.encode_data(channel, state))) << venue << " " << int{channel};
    }
  };
  writes("binance-usdm", binance());
  writes("binance-coinm", binance("binance-coinm"));
  writes("binance-spot", binance("binance-spot"));
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

/// Where a field ends is guessed by the one before: no two of them may be misread together.
TEST(FastDecode, NeighboursOfAnyLengthAreReadAlike) {
  const std::string digits = "9876543210";
  std::vector<std::string> prices;
  for (std::size_t whole = 0; whole <= 9; ++whole) {
    prices.push_back(digits.substr(0, whole));
    for (std::size_t scale = 0; scale <= 9; ++scale) {
      prices.push_back(prices.back().substr(0, whole) + "." + digits.substr(0, scale));
    }
  }
  Pair pair = binance();
  std::size_t accepted = 0;
  for (const std::string& bid : prices) {
    for (const std::string& ask : prices) {
      const std::string text = R"({"stream":"x@bookTicker","data":{"e":"bookTicker","u":7,"s":"X",)"
                               R"("b":")" +
                               bid + R"(","B":"1","a":")" + ask +
                               R"(","A":"4","T":1626992757352,"E":1626992757354}})";
      accepted += taken(pair, text) ? 1U : 0U;
    }
  }
  EXPECT_EQ(accepted, 72U * 72U) << "one to eight digits, and none to eight behind a point";
  const std::string numbers = "1234567890123456789";
  for (std::size_t id = 1; id <= 18; ++id) {
    for (std::size_t time = 1; time <= 18; ++time) {
      const std::string text = R"({"stream":"x@aggTrade","data":{"e":"aggTrade","E":)" +
                               numbers.substr(0, time) + R"(,"a":)" + numbers.substr(0, id) +
                               R"(,"s":"X","p":"1","q":"1","f":)" + numbers.substr(0, time) +
                               R"(,"l":)" + numbers.substr(0, id) + R"(,"T":1,"m":true}})";
      EXPECT_EQ(taken(pair, text), id <= 16 && time <= 13) << text;
    }
  }
  for (std::size_t name = 0; name <= 20; ++name) {
    for (std::size_t symbol = 0; symbol <= 20; ++symbol) {
      const std::string text = R"({"stream":")" + numbers.substr(0, name) +
                               R"(@markPrice@1s","data":{"e":"markPriceUpdate","E":1,"s":")" +
                               numbers.substr(0, symbol) +
                               R"(","p":"1.5","P":"","i":"1.55","r":"","T":0}})";
      EXPECT_EQ(taken(pair, text), symbol > 0) << text;
    }
  }
}

/// Every text cut at every length, and every byte of it replaced by each of those that matter.
TEST(FastDecode, NoMutationTellsTheTwoApart) {
  static constexpr char all[] = "\"\\,:{}[]. 0123456789eE+-aAbmsuTx\0\t\x7f\x80\xc3\xff";
  static constexpr std::string_view bytes(all, sizeof all - 1);  // one of them is zero
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
  EXPECT_GT(mutate(binance("binance-spot"), spot_texts), 500U);
  EXPECT_GT(mutate(binance("binance-coinm"), coinm_texts), 500U);
  EXPECT_GT(mutate(binance(), foreign_texts), 1'000U);
  EXPECT_GT(mutate(bybit(), bybit_texts), 1'000U);
}

/// Behind a message stand others, or what is left of earlier ones: a cut one must not go on there.
TEST(FastDecode, WhatStandsBehindTheEndIsNotRead) {
  const auto cut = [](Pair pair, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const std::string buffer = text + std::string(frame_padding, ' ');
      for (std::size_t i = 0; i < text.size(); ++i) {
        Decoded out;
        EXPECT_NE(pair.fast(std::string_view(buffer).substr(0, i), out), MessageType::data) << i;
        EXPECT_TRUE(out.ticks.empty());
      }
    }
  };
  cut(binance(), binance_texts);
  cut(binance("binance-spot"), spot_texts);
  cut(binance("binance-coinm"), coinm_texts);
  cut(binance(), foreign_texts);
  cut(bybit(), bybit_texts);
  Pair pair = binance();
  const std::string type = R"({"stream":"x","data":{"e":"}})";  // it looks as if it ended here
  const std::string buffer = type + R"(","E":1}})" + std::string(frame_padding, ' ');
  Decoded out;
  EXPECT_EQ(pair.fast(std::string_view(buffer).substr(0, type.size()), out), std::nullopt);
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
  std::vector<std::string> all = binance_texts;
  all.insert(all.end(), foreign_texts.begin(), foreign_texts.end());
  mix(binance(), all);
  mix(binance("binance-spot"), spot_texts);
  mix(binance("binance-coinm"), coinm_texts);
  mix(bybit(), bybit_texts);
}

/// A read as the shard takes it: many at a time as long as that goes, else one.
void expect_many_as_one(const char* venue, Pair pair, const std::vector<std::string>& texts) {
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<test::OwnedFrame> owned;
    for (std::size_t i = 0; i < 20; ++i) owned.emplace_back(texts[random.below(texts.size())]);
    std::vector<Frame> frames;
    for (const test::OwnedFrame& one : owned) frames.push_back(one.frame());
    frames[random.below(frames.size())].type = FrameType::ping;
    const auto decoder = find_venue(venue)->make_decoder();
    for (std::size_t next = 0; next < frames.size(); ++next) {
      std::vector<WireTick> together(1);  // what is there stays
      const std::size_t taken = decoder->decode_ticks(std::span(frames).subspan(next), together);
      std::size_t seen = 1;
      for (const Frame& frame : std::span(frames).subspan(next, taken)) {
        ASSERT_EQ(frame.type, FrameType::text);
        Decoded alone;
        const auto type = decoder->decode(frame, alone);
        ASSERT_TRUE(type && (*type == MessageType::data || *type == MessageType::ignored));
        ASSERT_TRUE(alone.beats.empty());
        for (const WireTick& tick : alone.ticks) expect_same(together.at(seen++), tick);
      }
      ASSERT_EQ(seen, together.size());
      next += taken;
      if (next == frames.size() || frames[next].type != FrameType::text) continue;
      Decoded unused;
      ASSERT_FALSE(pair.fast(frames[next].payload, unused)) << "it could have been taken too";
    }
  }
}

TEST(FastDecode, ManyAtATimeAreWhatTheyAreOneByOne) {
  std::vector<std::string> texts = binance_texts;
  texts.insert(texts.end(), foreign_texts.begin(), foreign_texts.end());
  texts.insert(texts.end(), coinm_texts.begin(), coinm_texts.end());
  texts.push_back(R"({"result":null,"id":1})");
  texts.push_back(binance_texts[0] + "?");
  expect_many_as_one("binance-usdm", binance(), texts);
  texts = bybit_texts;
  texts.push_back(R"({"success":true,"ret_msg":"","conn_id":"x","op":"subscribe"})");
  texts.push_back(bybit_texts[1] + "?");
  expect_many_as_one("bybit-linear", bybit(), texts);
}

}  // namespace
}  // namespace feedwatch::venues
