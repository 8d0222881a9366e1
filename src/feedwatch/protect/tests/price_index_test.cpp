#include "feedwatch/protect/price_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}

class TrailingIndexTest : public testing::Test {
 protected:
  void follow(PositionSlot slot, const char* peak, const char* callback) {
    TrailingMarks marks;
    marks.peak = decimal(peak);
    marks.callback = decimal(callback);
    index.insert(slot, marks);
  }
  static GainWindow window(const char* worst, const char* best, const char* last) {
    return {decimal(worst), decimal(best), decimal(last)};
  }
  PositionSlots touched(const GainWindow& prices) const {
    PositionSlots out;
    index.collect(prices, out);
    return out;
  }
  PositionSlots moved(const GainWindow& prices) {
    PositionSlots out;
    index.advance(prices, out);
    return out;
  }

  TrailingIndex index{Side::buy};
};

TEST_F(TrailingIndexTest, TheNearestStopOfAGroupComesFirst) {
  follow(1, "100", "1");
  follow(2, "100", "0.5");
  follow(3, "100", "2");
  EXPECT_EQ(index.bounds().worst, decimal("99.5"));
  EXPECT_THAT(touched(window("99.6", "100", "99.6")), IsEmpty());
  EXPECT_THAT(touched(window("99.5", "100", "99.6")), ElementsAre(2));
  EXPECT_THAT(touched(window("99", "100", "99.6")), ElementsAre(2, 1));
}

TEST_F(TrailingIndexTest, ANewPeakMergesAllGroupsBelowIt) {
  follow(1, "100", "1");
  follow(2, "101", "1");
  follow(3, "105", "1");
  EXPECT_EQ(index.bounds().best, decimal("100"));
  EXPECT_THAT(moved(window("102", "103", "103")), IsEmpty());
  EXPECT_EQ(index.peak(1), decimal("103"));
  EXPECT_EQ(index.peak(2), decimal("103"));
  EXPECT_EQ(index.peak(3), decimal("105"));
  PositionSlots changed;
  index.take_moved(changed);
  EXPECT_THAT(changed, UnorderedElementsAre(1, 2));
  EXPECT_THAT(touched(window("101.97", "102", "102")), UnorderedElementsAre(1, 2, 3));
  index.erase(3);
  EXPECT_THAT(touched(window("102", "102", "102")), IsEmpty());
}

TEST_F(TrailingIndexTest, TheNewestPriceIsHeldAgainstTheMovedStop) {
  follow(1, "100", "1");
  follow(2, "100", "3");
  EXPECT_THAT(touched(window("101", "103", "101")), IsEmpty());
  EXPECT_THAT(moved(window("101", "103", "101")), ElementsAre(1)) << "101.97";
}

TEST_F(TrailingIndexTest, WhatThePeakDoesNotMoveIsOrderedByItself) {
  TrailingMarks marks;
  marks.peak = decimal("100");
  marks.best = decimal("101.5");
  marks.stop = decimal("99");
  index.insert(1, marks);
  marks.stop.reset();
  marks.best.reset();
  marks.every = true;
  index.insert(2, marks);
  EXPECT_THAT(touched(window("100", "101", "101")), ElementsAre(2));
  EXPECT_THAT(touched(window("100", "101.5", "101")), UnorderedElementsAre(1, 2));
  EXPECT_THAT(touched(window("99", "101", "101")), UnorderedElementsAre(1, 2));
  EXPECT_THAT(moved(window("101", "102", "101")), IsEmpty());
  EXPECT_EQ(index.peak(1), decimal("102"));
  index.erase(1);
  index.erase(2);
  EXPECT_THAT(touched(window("1", "1000", "1")), IsEmpty());
}

TEST(AgedIndexTest, ReachedAndLeft) {
  AgedIndex index;
  const AgedMarks reach{.reach = decimal("100.2")};
  const AgedMarks leave{.leave = decimal("99")};
  index.insert(1, reach);
  index.insert(2, leave);
  PositionSlots out;
  index.collect(decimal("99"), out);
  EXPECT_THAT(out, IsEmpty());
  index.collect(decimal("100.2"), out);
  EXPECT_THAT(out, ElementsAre(1));
  index.erase(1, reach);
  out.clear();
  index.collect(decimal("98.9"), out);
  EXPECT_THAT(out, ElementsAre(2));
}

TEST(GainWindowTest, TheLowOfShortIsItsBest) {
  const GainWindow window =
      as_gain(Side::sell, PriceWindow{decimal("1"), decimal("3"), decimal("2")});
  EXPECT_EQ(window.worst, decimal("-3"));
  EXPECT_EQ(window.best, decimal("-1"));
  EXPECT_EQ(window.last, decimal("-2"));
}

}  // namespace
}  // namespace feedwatch
