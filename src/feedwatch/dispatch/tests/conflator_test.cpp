#include "feedwatch/dispatch/conflator.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

constexpr MonoTime t0 = mono_from_ns(1'000'000'000);

Prices last(std::int64_t price) {
  return {Decimal{price, 0}, Decimal{}};
}

TEST(Conflator, TheFirstPriceGoesAtOnce) {
  Conflator conflator(100ms);
  EXPECT_EQ(conflator.due(), never_mono);
  EXPECT_FALSE(conflator.add(last(1), Kind::last));
  EXPECT_LE(conflator.due(), t0);
}

TEST(Conflator, FurtherOnesWaitForTheWindowsEnd) {
  Conflator conflator(100ms);
  conflator.add(last(1), Kind::last);
  conflator.take(t0);
  EXPECT_FALSE(conflator.pending());
  EXPECT_FALSE(conflator.add(last(2), Kind::last));
  EXPECT_EQ(conflator.due(), t0 + 100ms);
  EXPECT_TRUE(conflator.add(last(3), Kind::last));
  EXPECT_EQ(conflator.due(), t0 + 100ms);
}

TEST(Conflator, TheWindowKeepsTheExtremesSinceTheLastDelivery) {
  Conflator conflator(100ms);
  conflator.add(last(50), Kind::last);
  EXPECT_EQ(conflator.take(t0).count, 1U);
  for (const std::int64_t price : {40, 90, 60}) conflator.add(last(price), Kind::last);
  const Window window = conflator.take(t0 + 100ms);
  EXPECT_EQ(window.low, (Decimal{40, 0}));
  EXPECT_EQ(window.high, (Decimal{90, 0}));
  EXPECT_EQ(window.count, 3U);
}

TEST(Conflator, QuotesKeepTheLowestBidAndTheHighestAsk) {
  Conflator conflator(100ms);
  conflator.add({Decimal{10, 0}, Decimal{12, 0}}, Kind::quote);
  conflator.add({Decimal{9, 0}, Decimal{11, 0}}, Kind::quote);
  const Window window = conflator.take(t0);
  EXPECT_EQ(window.low, (Decimal{9, 0}));
  EXPECT_EQ(window.high, (Decimal{12, 0}));
}

TEST(Conflator, ADroppedPriceLeavesNoTraceInTheWindow) {
  Conflator conflator(100ms);
  conflator.add(last(1), Kind::last);
  conflator.drop();
  conflator.add(last(50), Kind::last);
  const Window window = conflator.take(t0);
  EXPECT_EQ(window.low, (Decimal{50, 0}));
  EXPECT_EQ(window.count, 1U);
}

}  // namespace
}  // namespace feedwatch
