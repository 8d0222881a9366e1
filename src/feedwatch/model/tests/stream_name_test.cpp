#include "feedwatch/model/stream_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace feedwatch {
namespace {

static_assert(std::is_trivially_copyable_v<StreamName>);

TEST(StreamName, SaysWhatItsKeySays) {
  for (const Kind kind : all_kinds) {
    for (const char* symbol : {"BTCUSDT", "XBT/USD", "/", "last/last", "币安人生USDT"}) {
      const StreamKey key{"kraken", symbol, kind};
      const std::string text = key.text();
      const StreamName name(text);
      EXPECT_EQ(name.venue(), "kraken");
      EXPECT_EQ(name.symbol(), symbol);
      EXPECT_EQ(name.kind(), kind);
      EXPECT_EQ(name.text(), text);
      EXPECT_EQ(name.text().data(), text.data()) << "the text of somebody else";
      EXPECT_EQ(name, key);
      EXPECT_EQ(name.key(), key);
    }
  }
}

TEST(StreamName, DiffersWhereKeysDo) {
  const StreamName name("v/BTCUSDT/mark");
  EXPECT_EQ(name, StreamName("v/BTCUSDT/mark"));
  EXPECT_NE(name, StreamName("v/BTCUSDT/last"));
  EXPECT_NE(name, (StreamKey{"v", "BTCUSDT", Kind::last}));
  EXPECT_NE(name, (StreamKey{"v", "btcusdt", Kind::mark}));
  EXPECT_NE(name, (StreamKey{"w", "BTCUSDT", Kind::mark}));
}

TEST(StreamName, OfWhatIsNoKeyHasNoParts) {
  for (const char* text : {"", "v", "v/BTCUSDT"}) {
    EXPECT_TRUE(StreamName(text).venue().empty()) << text;
    EXPECT_TRUE(StreamName(text).symbol().empty()) << text;
  }
}

TEST(StreamName, ServesWhoeverTakesAKey) {
  const auto takes_key = [](const StreamKey& key) { return key.text(); };
  EXPECT_EQ(takes_key(StreamName("v/BTCUSDT/mark")), "v/BTCUSDT/mark");
}

}  // namespace
}  // namespace feedwatch
