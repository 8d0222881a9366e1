#include "feedwatch/engine/position_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonoTime t0{1'000s};
const WallTime utc = wall_from_ns(1'764'230'400'000'000'000);
const Decimal price = *Decimal::parse("102");

std::vector<std::string_view> words(const PositionRules::Decisions& decisions) {
  std::vector<std::string_view> out;
  for (const ProtectionDecision& decision : decisions) out.push_back(type_text(decision));
  return out;
}

const PositionKey p1{"v", "S", "p1"};

Position position() {
  return {.id = "p1",
          .venue = "v",
          .symbol = "S",
          .side = Side::buy,
          .entry_price = *Decimal::parse("100"),
          .quantity = *Decimal::parse("1"),
          .opened_at = utc};
}

/// Rules with one position whose stop has been proposed at t0.
class PositionRulesTest : public testing::Test {
 protected:
  PositionRulesTest()
      : rules(trailing(), {utc, t0},
              [this](const PositionRules::Symbol&, MonoTime) { return accepted; }) {
    EXPECT_TRUE(rules.put(position(), utc, t0));
    EXPECT_THAT(words(see(5s, t0)), ElementsAre("activated"));
  }
  static RuleOptions trailing() {
    RuleOptions options;
    options.trailing.emplace();
    return options;
  }
  /// A price that may be acted on for `max_age`.
  PositionRules::Decisions see(Duration max_age, MonoTime now) {
    TappedPrices prices;
    prices.sold = prices.bought = {price, price, price};
    GuardedPrice newest;
    newest.price.prices.price = price;
    return rules.on_prices({"v", "S"}, prices, newest, false, max_age, now);
  }
  bool accepted = true;  ///< by the guard
  PositionRules rules;
};

/// Nobody confirms, and no price comes: a timer takes the proposal back, and by a price that has
/// grown too old since it makes no other.
TEST_F(PositionRulesTest, a_timer_does_not_decide_by_a_price_that_has_grown_old) {
  EXPECT_THAT(words(rules.on_time(t0 + 10s)), ElementsAre("rolled_back"));
  EXPECT_THAT(words(see(5s, t0 + 11s)), ElementsAre("activated"));
}

/// The host slept: what a timer would have done while the price was good is done late, and by then
/// the price is refused.
TEST_F(PositionRulesTest, a_late_timer_does_not_decide_by_a_price_that_was_good_when_it_was_due) {
  see(60s, t0 + 1s);
  EXPECT_THAT(words(rules.answer(p1, 77, true, t0 + 100s)), ElementsAre("rolled_back"));
}

/// The connection has just broken, and nobody has told so yet.
TEST_F(PositionRulesTest, a_timer_asks_the_guard_before_it_decides) {
  see(60s, t0 + 1s);
  accepted = false;
  EXPECT_THAT(words(rules.on_time(t0 + 10s)), ElementsAre("rolled_back"));
}

/// It broke between the guard's word on the price that came and what was due by then.
TEST_F(PositionRulesTest, a_price_that_is_refused_meanwhile_decides_nothing) {
  see(60s, t0 + 1s);
  accepted = false;
  EXPECT_THAT(words(see(60s, t0 + 10s)), IsEmpty());
  EXPECT_THAT(words(rules.on_time(t0 + 10s)), ElementsAre("rolled_back"));
  accepted = true;
  EXPECT_THAT(words(see(60s, t0 + 10s)), ElementsAre("activated")) << "it is back at once";
}

TEST_F(PositionRulesTest, an_answer_leads_to_nothing_by_a_price_that_is_refused) {
  see(60s, t0 + 1s);
  accepted = false;
  EXPECT_THAT(words(rules.answer(p1, 1, false, t0 + 2s)), ElementsAre("rolled_back"));
  accepted = true;
  EXPECT_THAT(words(see(60s, t0 + 3s)), ElementsAre("activated"));
}

/// Nobody followed it meanwhile: the first price would hit it.
TEST(PositionRules, a_stop_whose_numbers_were_taken_back_begins_anew) {
  PositionRules rules({}, {utc, t0});
  RuleOverrides own;
  own.trailing.emplace();
  const auto see = [&](const char* text, MonoTime now) {
    const Decimal seen = *Decimal::parse(text);
    TappedPrices prices;
    prices.sold = prices.bought = {seen, seen, seen};
    GuardedPrice newest;
    newest.price.prices.price = seen;
    return words(rules.on_prices({"v", "S"}, prices, newest, false, 5s, now));
  };
  ASSERT_TRUE(rules.put(position(), utc, t0, own));
  EXPECT_THAT(see("102", t0), ElementsAre("activated"));
  ASSERT_TRUE(rules.put(position(), utc, t0 + 1s));
  EXPECT_THAT(see("95", t0 + 2s), ElementsAre());
  ASSERT_TRUE(rules.put(position(), utc, t0 + 3s, own));
  EXPECT_THAT(see("95", t0 + 4s), ElementsAre());
}

TEST_F(PositionRulesTest, nor_when_another_position_comes_first) {
  see(60s, t0 + 1s);
  Position other = position();
  other.id = "p2";
  ASSERT_TRUE(rules.put(other, utc, t0 + 100s));
  EXPECT_LE(rules.next_deadline(), t0 + 100s);
  EXPECT_THAT(words(rules.on_time(t0 + 100s)), ElementsAre("rolled_back"));
}

}  // namespace
}  // namespace feedwatch::engine
