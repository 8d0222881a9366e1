#include "feedwatch/model/stream_key.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch {
namespace {

StreamKey key(std::string_view text) {
  const auto parsed = StreamKey::parse(text);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
  return parsed.value_or(StreamKey{});
}

std::string why_not(std::string_view text) {
  const auto parsed = StreamKey::parse(text);
  EXPECT_FALSE(parsed.has_value()) << text;
  return parsed.has_value() ? "" : parsed.error().why;
}

TEST(StreamKey, TextForm) {
  EXPECT_EQ((StreamKey{"binance-usdm", "BTCUSDT", Kind::mark}.text()), "binance-usdm/BTCUSDT/mark");
  EXPECT_EQ(key("binance-usdm/BTCUSDT/mark"), (StreamKey{"binance-usdm", "BTCUSDT", Kind::mark}));
}

TEST(StreamKey, SymbolIsAllBetweenFirstAndLastSlash) {
  EXPECT_EQ(key("kraken/XBT/USD/quote"), (StreamKey{"kraken", "XBT/USD", Kind::quote}));
  EXPECT_EQ(key("kraken///last"), (StreamKey{"kraken", "/", Kind::last}));
  EXPECT_EQ(key("kraken/last/last/index"), (StreamKey{"kraken", "last/last", Kind::index}));
  EXPECT_EQ(key("v/币安人生USDT/last").symbol, "币安人生USDT");
  EXPECT_EQ(key("v/a b*\\/last").symbol, "a b*\\");
}

TEST(StreamKey, CaseIsTheVenuesOwn) {
  EXPECT_NE(key("v/btcusdt/last"), key("v/BTCUSDT/last"));
  EXPECT_EQ(why_not("v/BTCUSDT/Mark"), "kind \"Mark\" is not one of last, quote, mark, index");
}

TEST(StreamKey, ErrorsNameWhatIsMissing) {
  for (const char* text : {"", "v", "v/BTCUSDT", "/", "/mark"}) {
    EXPECT_EQ(why_not(text), "it needs a venue, a symbol and a kind between slashes") << text;
  }
  EXPECT_EQ(why_not("/BTCUSDT/mark"), "the venue is missing");
  EXPECT_EQ(why_not("v//mark"), "the symbol is missing");
  EXPECT_EQ(why_not("v/BTCUSDT/"), "kind \"\" is not one of last, quote, mark, index");
  EXPECT_EQ(why_not("v/BTC\xFF/mark"), "it is not UTF-8");
  EXPECT_EQ(StreamKey::parse("v\n").error().text(),
            "stream \"v\\n\": it needs a venue, a symbol and a kind between slashes (write "
            "venue/symbol/kind, as in binance-usdm/BTCUSDT/mark)");
}

TEST(StreamKey, EveryKindReadsBack) {
  for (const Kind kind : all_kinds) {
    const StreamKey original{"v", "S", kind};
    EXPECT_EQ(key(original.text()), original);
  }
}

TEST(StreamKey, HashTellsPartsApart) {
  const std::hash<StreamKey> hash;
  EXPECT_EQ(hash(key("a/b/last")), hash(key("a/b/last")));
  EXPECT_NE(hash(key("a/b/last")), hash(key("b/a/last")));
  EXPECT_NE(hash(key("a/b/last")), hash(key("a/b/mark")));
}

TEST(StreamKey, NaughtySymbolsReadBackAndMatchOnlyThemselves) {
  const auto path = testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  const auto strings = nlohmann::json::parse(testing::read_file(path));
  ASSERT_GT(strings.size(), 400U);
  for (const auto& entry : strings) {
    const auto symbol = entry.get<std::string>();
    if (symbol.empty()) continue;
    const StreamKey original{"v", symbol, Kind::quote};
    EXPECT_EQ(key(original.text()), original);
    EXPECT_TRUE(glob_match("v/*/quote", original.text()));
  }
}

}  // namespace
}  // namespace feedwatch
