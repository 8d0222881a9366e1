#include "feedwatch/protect/holdings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PositionLease lease(const std::string& id, const char* quantity, const std::string& strategy) {
  PositionLease made;
  made.position = {.id = id,
                   .venue = "v",
                   .symbol = "S",
                   .side = Side::buy,
                   .entry_price = Decimal{10, 0},
                   .quantity = *Decimal::parse(quantity),
                   .opened_at = {}};
  made.terms.strategy = strategy;
  return made;
}

std::vector<std::string> ids(const Holdings& holdings, std::string_view strategy,
                             std::size_t limit = 10) {
  std::vector<std::string> found;
  for (const PositionKey& key : holdings.largest(strategy, limit)) found.push_back(key.id);
  return found;
}

TEST(Holdings, AreListedByFallingExposure) {
  Holdings holdings;
  holdings.put(lease("small", "0.5", "trend"));
  holdings.put(lease("b", "2", "trend"));
  holdings.put(lease("a", "2.0", "trend"));
  holdings.put(lease("other", "100", "grid"));
  holdings.put(lease("nobodys", "100", ""));
  EXPECT_EQ(holdings.count("trend"), 3U);
  EXPECT_THAT(ids(holdings, "trend"), ElementsAre("a", "b", "small"));
  EXPECT_THAT(ids(holdings, "trend", 2), ElementsAre("a", "b"));
  EXPECT_EQ(holdings.count(""), 0U);
  EXPECT_EQ(holdings.count("nothing"), 0U);
}

TEST(Holdings, FollowWhatChangesAndEnds) {
  Holdings holdings;
  holdings.put(lease("a", "1", "trend"));
  holdings.put(lease("b", "2", "trend"));
  holdings.put(lease("a", "3", "trend"));
  EXPECT_THAT(ids(holdings, "trend"), ElementsAre("a", "b"));
  holdings.put(lease("b", "2", "grid"));
  EXPECT_THAT(ids(holdings, "trend"), ElementsAre("a"));
  EXPECT_THAT(ids(holdings, "grid"), ElementsAre("b"));
  holdings.put(lease("b", "2", ""));
  EXPECT_THAT(ids(holdings, "grid"), IsEmpty());
  holdings.close({"v", "S", "a"});
  holdings.close({"v", "S", "a"});
  EXPECT_EQ(holdings.count("trend"), 0U);
}

TEST(Holdings, WhatIsTooLargeToMultiplyIsThereAllTheSame) {
  Holdings holdings;
  PositionLease huge = lease("huge", "1", "trend");
  huge.position.entry_price = huge.position.quantity = *Decimal::parse(std::string(36, '9'));
  holdings.put(huge);
  EXPECT_EQ(holdings.count("trend"), 1U);
  holdings.close({"v", "S", "huge"});
  EXPECT_EQ(holdings.count("trend"), 0U);
}

}  // namespace
}  // namespace feedwatch
