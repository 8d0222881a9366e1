#include "feedwatch/protect/protection.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr MonoTime t0{1'000s};
constexpr WallTime opened = wall_from_ms(1'700'000'000'000);
constexpr ProtectionStream mark{0};
constexpr ProtectionStream last{1};

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}

Position position(const char* id, Side side = Side::buy) {
  Position out;
  out.id = id;
  out.venue = "alpha";
  out.symbol = "BTC/USDT";
  out.side = side;
  out.entry_price = decimal("100");
  out.quantity = decimal("1");
  out.opened_at = opened;
  return out;
}

class ProtectionTest : public testing::Test {
 protected:
  static PositionKey key(const char* id) { return {"alpha", "BTC/USDT", id}; }
  static ProtectionRules trailing() { return {.trailing = TrailingRule{mark, {}}, .aged = {}}; }
  static ProtectionRules both() {
    return {.trailing = TrailingRule{mark, {}}, .aged = AgedRule{last, {}}};
  }
  static Words words(const Protection::Decisions& decisions) {
    Words out;
    for (const ProtectionDecision& each : decisions) {
      if (type_text(each) == "price_check") continue;
      out.push_back(fmt::format("{} {} {}", each.key.id, each.number, type_text(each)));
    }
    return out;
  }
  Words findings() {
    Words out;
    for (const ProtectionFinding& each : protection.take_findings()) {
      out.push_back(fmt::format("{} {} {}", each.key.id, to_text(each.type),
                                each.present ? "begins" : "ends"));
    }
    return out;
  }
  static AcceptedPrices window(const char* low, const char* high, const char* newest) {
    return {.window = {decimal(low), decimal(high), decimal(newest)},
            .ages = {.receive = 20ms, .event = 30ms}};
  }
  Words price(ProtectionStream stream, const char* text, MonoTime now) {
    return words(protection.on_prices(stream, window(text, text, text), now));
  }
  void add(const Position& made, const ProtectionRules& rules, MonoTime now = t0,
           const ProtectionMemory& memory = {}) {
    const auto added = protection.add(made, rules, memory, now);
    ASSERT_TRUE(added) << added.error().text();
  }
  std::string refusal(const Position& made, const ProtectionRules& rules) {
    const auto added = protection.add(made, rules, {}, t0);
    return added ? "added" : added.error().text();
  }

  Protection protection{WallAnchor{opened, t0}};
};

TEST_F(ProtectionTest, ADecisionSaysOnWhatItWasMade) {
  add(position("a/1"), trailing());
  const auto decided = protection.on_prices(mark, window("101", "102", "101.9"), t0 + 1s);
  ASSERT_EQ(decided.size(), 1U);
  const ProtectionDecision& activated = decided[0];
  EXPECT_EQ(activated.key, key("a/1"));
  EXPECT_EQ(activated.idempotency_key(), "alpha/BTC%2FUSDT/a%2F1/1700000000000000000/1");
  EXPECT_EQ(std::get<TrailingDecision>(activated.what).stop, decimal("101.49"));
  EXPECT_EQ(activated.price, decimal("101.9"));
  EXPECT_EQ(activated.ages, (PriceAges{20ms, 30ms}));
  EXPECT_EQ(activated.source, PriceSource::live);
  EXPECT_THAT(activated.reason, HasSubstr("peak 102, stop 101.49"));

  const auto late = protection.on_time(t0 + 11s);
  EXPECT_THAT(words(late), ElementsAre("a/1 2 rolled_back", "a/1 3 activated"));
  EXPECT_EQ(late[1].ages, (PriceAges{10s + 20ms, 10s + 30ms})) << "as old as it is by now";
}

TEST_F(ProtectionTest, OnlyTheProposalUnderWayIsConfirmed) {
  add(position("a"), trailing());
  price(mark, "102", t0);
  EXPECT_THAT(words(protection.reject(key("a"), 1, t0)),
              ElementsAre("a 2 rolled_back", "a 3 activated"));
  EXPECT_THAT(words(protection.confirm(key("a"), 1, t0)), IsEmpty());
  EXPECT_FALSE(protection.memory(key("a"))->trailing->confirmed_stop);
  EXPECT_THAT(words(protection.confirm(key("a"), 3, t0)), IsEmpty());
  EXPECT_EQ(protection.memory(key("a"))->trailing->confirmed_stop, decimal("101.49"));
  EXPECT_THAT(words(protection.confirm(key("b"), 1, t0)), IsEmpty());
}

TEST_F(ProtectionTest, BothSidesOfOneStream) {
  add(position("long"), trailing());
  add(position("short", Side::sell), trailing());
  EXPECT_THAT(price(mark, "102", t0), ElementsAre("long 1 activated"));
  EXPECT_THAT(price(mark, "98", t0 + 1s), ElementsAre("long 2 triggered", "short 1 activated"));
  EXPECT_THAT(price(mark, "99", t0 + 2s), ElementsAre("short 2 triggered"));
  EXPECT_THAT(price(mark, "50", t0 + 3s), IsEmpty());
}

TEST_F(ProtectionTest, ExtremesAcrossAGapOrOverRestDoNotCount) {
  add(position("a"), trailing());
  AcceptedPrices gap = window("90", "110", "101");
  gap.continuous = false;
  EXPECT_THAT(words(protection.on_prices(mark, gap, t0)), IsEmpty());
  AcceptedPrices bridged = window("90", "110", "101");
  bridged.source = PriceSource::bridge;
  EXPECT_THAT(words(protection.on_prices(mark, bridged, t0)), IsEmpty());
  EXPECT_EQ(protection.memory(key("a"))->trailing->peak, decimal("101"));
}

TEST_F(ProtectionTest, PricesThatContradictThemselvesAreDropped) {
  add(position("short", Side::sell), trailing());
  EXPECT_THAT(price(mark, "0", t0), IsEmpty()) << "not an activation of SHORT";
  EXPECT_THAT(words(protection.on_prices(mark, window("98", "97", "97"), t0)), IsEmpty());
  EXPECT_THAT(words(protection.on_prices(mark, window("96", "97", "98"), t0)), IsEmpty());
  EXPECT_EQ(protection.dropped_windows(), 3U);
  EXPECT_EQ(protection.memory(key("short"))->trailing->state, TrailingState::inactive);
}

TEST_F(ProtectionTest, RefusalsNeverDecide) {
  add(position("a"), trailing());
  price(mark, "102", t0);
  EXPECT_THAT(words(protection.on_refused(mark, t0 + 5s)), IsEmpty());
  EXPECT_THAT(words(protection.on_time(t0 + 10s)), ElementsAre("a 2 rolled_back"))
      << "nothing is proposed on a price that is refused";
  EXPECT_THAT(words(protection.on_time(t0 + 4min)), IsEmpty());
  EXPECT_THAT(price(mark, "102", t0 + 4min), ElementsAre("a 3 activated"));
}

TEST_F(ProtectionTest, AgedWaitsForAnActiveStopUntilItsPricesAreRefusedForTooLong) {
  add(position("a"), both());
  const MonoTime aged = t0 + 4h;
  EXPECT_THAT(words(protection.on_time(aged)), ElementsAre("a 1 phase_change"));
  EXPECT_THAT(price(mark, "102", aged), ElementsAre("a 2 activated"));
  protection.confirm(key("a"), 2, aged);
  EXPECT_THAT(price(last, "101", aged + 1s), IsEmpty()) << "the target is 100.2";
  protection.on_refused(mark, aged + 10s);
  protection.on_refused(mark, aged + 20s);
  EXPECT_THAT(price(last, "101", aged + 10s + 5min - 1ns), IsEmpty());
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(words(protection.on_time(aged + 10s + 5min)), IsEmpty());
  EXPECT_THAT(findings(), ElementsAre("a unmanaged begins"));
  EXPECT_THAT(price(last, "101", aged + 6min), ElementsAre("a 4 target_reached"))
      << "the aged rule waits no longer";
  EXPECT_THAT(price(mark, "101.9", aged + 7min), IsEmpty());
  EXPECT_THAT(findings(), ElementsAre("a unmanaged ends"));
  EXPECT_THAT(price(last, "100", aged + 8min), IsEmpty());
  EXPECT_THAT(price(last, "101", aged + 9min), IsEmpty());
}

TEST_F(ProtectionTest, ChecksAreATimersWork) {
  add(position("a"), both());
  std::uint64_t checks = 0;
  for (MonoTime now = t0 + 4h; now < t0 + 4h + 5min; now += 1s) {
    for (const ProtectionDecision& each :
         protection.on_prices(last, window("99", "99", "99"), now)) {
      if (type_text(each) == "price_check") ++checks;
    }
  }
  EXPECT_EQ(checks, 5U);
  EXPECT_LT(protection.touched(), 12U);
}

TEST_F(ProtectionTest, MemoryThatContradictsItselfQuarantinesItsRuleAlone) {
  ProtectionMemory memory;
  memory.trailing = TrailingMemory{};
  memory.trailing->state = TrailingState::active;  // without a stop
  memory.trailing->peak = decimal("100");
  memory.last_number = 7;
  add(position("a"), both(), t0, memory);
  add(position("b"), both());
  EXPECT_THAT(findings(), ElementsAre("a quarantined begins"));
  EXPECT_THAT(price(mark, "102", t0), ElementsAre("b 1 activated"));
  protection.confirm(key("b"), 1, t0);
  EXPECT_THAT(price(last, "100.2", t0 + 4h),
              ElementsAre("a 8 phase_change", "b 2 phase_change", "a 10 target_reached"));
  EXPECT_EQ(protection.memory(key("a"))->trailing, memory.trailing) << "kept as it was";
}

TEST_F(ProtectionTest, ARestartLosesNoPeakAndNoNumber) {
  add(position("a"), trailing());
  price(mark, "102", t0);
  protection.confirm(key("a"), 1, t0);
  (void)protection.take_changed();
  EXPECT_THAT(price(mark, "102.5", t0 + 1s), IsEmpty());
  EXPECT_THAT(protection.take_changed(), ElementsAre(key("a"))) << "its peak";
  EXPECT_THAT(protection.take_changed(), IsEmpty());
  const ProtectionMemory kept = *protection.memory(key("a"));
  EXPECT_EQ(kept.trailing->peak, decimal("102.5"));

  EXPECT_TRUE(protection.remove(key("a")));
  EXPECT_FALSE(protection.remove(key("a")));
  EXPECT_THAT(price(mark, "90", t0 + 2s), IsEmpty());
  add(position("a"), trailing(), t0 + 1h, kept);
  EXPECT_THAT(words(protection.on_time(t0 + 2h)), IsEmpty()) << "no price yet";
  EXPECT_THAT(price(mark, "101.9", t0 + 2h), ElementsAre("a 2 triggered"));
}

TEST_F(ProtectionTest, WhatCannotBeComputedIsAFinding) {
  Position huge = position("a");
  huge.entry_price = decimal("2650000000000000000000000000000000000");
  add(huge, trailing());
  EXPECT_THAT(price(mark, "2655000000000000000000000000000000000", t0), IsEmpty());
  EXPECT_THAT(findings(), ElementsAre("a uncomputable begins"));
}

TEST_F(ProtectionTest, WhatCannotBeAddedIsNamed) {
  EXPECT_EQ(refusal(position("a"), trailing()), "added");
  EXPECT_THAT(refusal(position("a"), trailing()), HasSubstr("alpha/BTC/USDT/a: is there already"));
  Position wrong = position("b");
  wrong.entry_price = decimal("0");
  EXPECT_THAT(refusal(wrong, trailing()), HasSubstr("entry_price must be above 0"));
  ProtectionRules rules = both();
  rules.trailing->options.callback_percent = decimal("0");
  EXPECT_THAT(refusal(position("b"), rules), HasSubstr("trailing: callback_percent"));
  rules = both();
  rules.aged->options.max_loss_percent = decimal("100");
  EXPECT_THAT(refusal(position("b"), rules), HasSubstr("aged: max_loss_percent"));
  rules = both();
  rules.aged->stream = ProtectionStream{4'000'000'000U};
  EXPECT_THAT(refusal(position("b"), rules), HasSubstr("too large a number"));
  EXPECT_EQ(protection.size(), 1U);
}

TEST_F(ProtectionTest, TheCapacityIsABound) {
  Protection two(WallAnchor{opened, t0}, {.capacity = 2});
  EXPECT_TRUE(two.add(position("a"), trailing(), {}, t0));
  EXPECT_TRUE(two.add(position("b"), trailing(), {}, t0));
  EXPECT_FALSE(two.add(position("c"), trailing(), {}, t0));
  EXPECT_TRUE(two.remove(key("a")));
  EXPECT_TRUE(two.add(position("c"), trailing(), {}, t0));
}

TEST_F(ProtectionTest, AStreamThatIsForgottenLeavesNothingToWhoeverHasItsNumberNext) {
  EXPECT_FALSE(protection.is_used(mark));
  protection.forget(mark);
  add(position("a"), both());
  add(position("b"), both());
  price(mark, "102", t0);
  protection.on_refused(last, t0);
  EXPECT_TRUE(protection.is_used(mark));
  protection.remove(key("a"));
  EXPECT_TRUE(protection.is_used(last)) << "by the other one";
  protection.remove(key("b"));
  EXPECT_FALSE(protection.is_used(mark));
  EXPECT_FALSE(protection.is_used(last));
  EXPECT_EQ(protection.streams(), 2U);
  protection.forget(mark);
  EXPECT_EQ(protection.streams(), 2U);
  protection.forget(last);
  EXPECT_EQ(protection.streams(), 0U);
  EXPECT_EQ(protection.next_deadline(), never_mono) << "of its refusal";
  EXPECT_THAT(protection.take_changed(), IsEmpty());
  EXPECT_THAT(price(mark, "102", t0 + 1s), IsEmpty());
  EXPECT_EQ(protection.streams(), 0U);
  add(position("c"), both(), t0 + 2s);
  EXPECT_THAT(words(protection.on_time(t0 + 2s + 5min)), IsEmpty()) << "no price yet";
  EXPECT_THAT(price(mark, "101.6", t0 + 6min), ElementsAre("c 1 activated"));
}

TEST_F(ProtectionTest, OnlyThoseThatMayBeTouchedAreToldAWindow) {
  for (int i = 0; i < 1000; ++i) {
    Position made = position(fmt::format("p{}", i).c_str());
    made.entry_price = Decimal{100 + i, 0};
    add(made, trailing());
  }
  price(mark, "99", t0);
  const std::uint64_t before = protection.touched();
  price(mark, "101.5", t0);
  EXPECT_EQ(protection.touched() - before, 1U) << "the one from 100";
}

}  // namespace
}  // namespace feedwatch
