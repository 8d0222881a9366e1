/// What positions leave behind when they are closed: nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/base/tests/count_allocations.hpp"
#include "feedwatch/engine/position_rules.hpp"

namespace feedwatch::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr MonoTime t0{1'000s};
const WallTime utc = wall_from_ns(1'764'230'400'000'000'000);
constexpr int many = 10'000;

/// Both rules, which go by two streams of each symbol.
class PositionRulesMemory : public ::testing::Test {
 protected:
  static RuleOptions both() {
    RuleOptions options;
    options.trailing.emplace();
    options.aged.emplace();
    return options;
  }
  static Position position(int symbol) {
    return {.id = "p1",
            .venue = "v",
            .symbol = fmt::format("S{}", symbol),
            .side = symbol % 2 == 0 ? Side::buy : Side::sell,
            .entry_price = Decimal{100, 0},
            .quantity = Decimal{1, 0},
            .opened_at = utc};
  }
  void open(int symbol) { ASSERT_TRUE(rules.put(position(symbol), utc, now)); }
  void close(int symbol) { rules.close(key_of(position(symbol))); }
  std::vector<std::string> see(int symbol, std::int64_t price) {
    now += 1ms;
    const Decimal seen{price, 0};
    TappedPrices prices;
    prices.sold = prices.bought = {seen, seen, seen};
    GuardedPrice newest;
    newest.price.prices.price = seen;
    std::vector<std::string> told;
    for (const auto& each :
         rules.on_prices({"v", fmt::format("S{}", symbol)}, prices, newest, false, 1h, now)) {
      told.push_back(each.key.symbol + " " + std::string(type_text(each)));
    }
    return told;
  }
  /// The control reads what has changed.
  void turn() {
    (void)rules.take_findings();
    (void)rules.changed_rows(2 * many, now);
  }
  /// As many as `many` symbols at once, closed in another order than they came in.
  void come_and_go() {
    for (int i = 0; i < many; ++i) open(i);
    for (int i = 0; i < many; ++i) see(i, 101);
    turn();
    for (int i = 0; i < many; ++i) close(i * 7'919 % many);
    turn();
  }

  /// Blocks of memory; none where the sanitizer counts.
  static std::int64_t more_than(std::int64_t before) { return testing::held.load() - before; }
  static constexpr std::int64_t few = 10;  ///< a list that is empty may keep its own

  MonoTime now = t0;
  PositionRules rules{both(), {utc, t0}};
};

TEST_F(PositionRulesMemory, ten_thousand_symbols_that_come_and_go_leave_nothing) {
  open(0);
  see(0, 101);
  close(0);
  turn();
  const std::int64_t before = testing::held.load();
  for (int round = 0; round < 2; ++round) {
    come_and_go();
    EXPECT_EQ(rules.streams(), 0U);
    EXPECT_EQ(rules.next_deadline(), never_mono);
    EXPECT_LE(more_than(before), few);
  }
  for (int i = 0; i < many; ++i) {
    open(i);
    see(i, 101);
    EXPECT_LE(rules.streams(), 2U);
    close(i);
  }
  turn();
  EXPECT_LE(more_than(before), few);
}

TEST_F(PositionRulesMemory, whoever_gets_the_place_of_another_goes_by_his_own_prices) {
  for (int i = 0; i < 3; ++i) open(i);
  see(0, 101);
  close(0);
  EXPECT_THAT(see(0, 200), IsEmpty());
  open(4);
  EXPECT_THAT(see(0, 200), IsEmpty());
  EXPECT_THAT(see(4, 102), ElementsAre("S4 activated"));
  close(1);
  EXPECT_THAT(see(2, 102), ElementsAre("S2 activated"));
  EXPECT_EQ(rules.streams(), 6U) << "two of each up to the last";
  close(2);
  EXPECT_EQ(rules.streams(), 2U);
  EXPECT_THAT(see(4, 101), ElementsAre("S4 triggered"));
}

/// What changes keeps its stream: an accepted price still holds, and is not told twice.
TEST_F(PositionRulesMemory, a_change_of_rules_keeps_the_stream_it_goes_by) {
  open(0);
  see(0, 101);
  RuleOverrides wider;
  wider.trailing = *trailing_override("callback_percent=2");
  ASSERT_TRUE(rules.put(position(0), utc, now, wider));
  EXPECT_EQ(rules.streams(), 2U);
  EXPECT_THAT(see(0, 102), ElementsAre("S0 activated"));
  RuleOverrides none;
  none.trailing = *trailing_override("off");
  none.aged = *aged_override("off");
  ASSERT_TRUE(rules.put(position(0), utc, now, none));
  EXPECT_EQ(rules.streams(), 0U);
}

}  // namespace
}  // namespace feedwatch::engine
