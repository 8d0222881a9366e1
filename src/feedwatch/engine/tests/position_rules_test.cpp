#include "feedwatch/engine/position_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;

constexpr MonoTime t0{1'000s};
const WallTime utc = wall_from_ns(1'764'230'400'000'000'000);
const Decimal price = *Decimal::parse("102");

std::vector<std::string_view> words(const PositionRules::Decisions& decisions) {
  std::vector<std::string_view> out;
  for (const ProtectionDecision& decision : decisions) out.push_back(type_text(decision));
  return out;
}

/// Nobody confirms, and no price comes: a timer takes the proposal back, and by a price that has
/// grown too old since it makes no other.
TEST(PositionRules, a_timer_does_not_decide_by_a_price_that_has_grown_old) {
  RuleOptions options;
  options.trailing.emplace();
  PositionRules rules(options, {utc, t0});
  ASSERT_TRUE(rules.put({.id = "p1",
                         .venue = "v",
                         .symbol = "S",
                         .side = Side::buy,
                         .entry_price = *Decimal::parse("100"),
                         .quantity = *Decimal::parse("1"),
                         .opened_at = utc},
                        utc, t0));
  TappedPrices prices;
  prices.sold = prices.bought = {price, price, price};
  GuardedPrice newest;
  newest.price.prices.price = price;
  EXPECT_THAT(words(rules.on_prices({"v", "S"}, prices, newest, false, 5s, t0)),
              ElementsAre("activated"));
  EXPECT_THAT(words(rules.on_time(t0 + 10s)), ElementsAre("rolled_back"));
  EXPECT_THAT(words(rules.on_prices({"v", "S"}, prices, newest, false, 5s, t0 + 11s)),
              ElementsAre("activated"));
}

}  // namespace
}  // namespace feedwatch::engine
