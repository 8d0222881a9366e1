#include "feedwatch/protect/aged.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}

class Aged : public testing::Test {
 protected:
  std::string target(Side side, Duration age) const {
    Position position;
    position.side = side;
    position.entry_price = decimal("100");
    const auto found = aged_target(position, age, options);
    if (!found) return std::string(to_text(found.error()));
    return *found ? rescale(**found, 4, Rounding::half_even)->to_string() : "none";
  }
  std::string phase(Duration age) const { return std::string(to_text(aged_phase(age, options))); }

  AgedOptions options;
};

// The worked examples of docs/reference/protection.md: entry 100, the defaults.
TEST_F(Aged, WorkedExamples) {
  EXPECT_EQ(target(Side::buy, 3h), "none");
  EXPECT_EQ(target(Side::buy, 5h), "100.2000") << "breakeven: both commissions of 0.1 %";
  EXPECT_EQ(target(Side::sell, 5h), "99.8000");
  EXPECT_EQ(target(Side::buy, 13h), "99.0000") << "two hours past grace, half a percent each";
  EXPECT_EQ(target(Side::sell, 13h), "101.0000");
  EXPECT_EQ(target(Side::buy, 13h + 30min), "98.7500") << "a function of now, not of whole hours";
  EXPECT_EQ(target(Side::sell, 13h + 30min), "101.2500");
  EXPECT_EQ(target(Side::buy, 31h), "90.0000") << "the most that is given up";
  EXPECT_EQ(target(Side::sell, 31h), "110.0000");
  EXPECT_EQ(target(Side::buy, 31h + 1ns), "none") << "the next price that is accepted";
  EXPECT_EQ(target(Side::sell, 31h + 1ns), "none");
}

TEST_F(Aged, PhasesHoldToTheirLastNanosecond) {
  EXPECT_EQ(phase(3h), "young");
  EXPECT_EQ(phase(3h + 1ns), "grace");
  EXPECT_EQ(phase(11h), "grace");
  EXPECT_EQ(phase(11h + 1ns), "progressive");
  EXPECT_EQ(phase(31h), "progressive");
  EXPECT_EQ(phase(31h + 1ns), "emergency");
  EXPECT_EQ(phase(-1h), "young") << "opened in the future, by a clock that was set";
  std::vector<Duration> changes;
  for (auto next = next_phase_at(0ns, options); next; next = next_phase_at(*next, options)) {
    changes.push_back(*next);
  }
  EXPECT_EQ(changes, (std::vector<Duration>{3h + 1ns, 11h + 1ns, 31h + 1ns}));
}

TEST_F(Aged, TheMostGivenUpIsBounded) {
  options.loss_step_percent = decimal("5");
  EXPECT_EQ(target(Side::buy, 12h), "95.0000");
  EXPECT_EQ(target(Side::buy, 13h), "90.0000");
  EXPECT_EQ(target(Side::buy, 20h), "90.0000");
}

TEST_F(Aged, ReachedIsAtTheTarget) {
  EXPECT_TRUE(has_reached(Side::buy, decimal("100.20"), decimal("100.2")));
  EXPECT_FALSE(has_reached(Side::buy, decimal("100.19"), decimal("100.2")));
  EXPECT_TRUE(has_reached(Side::sell, decimal("99.8"), decimal("99.80")));
  EXPECT_FALSE(has_reached(Side::sell, decimal("99.81"), decimal("99.8")));
}

TEST_F(Aged, OptionsThatMakeNoSenseAreNamed) {
  EXPECT_EQ(options.problem(), "");
  options.max_loss_percent = decimal("100");
  EXPECT_EQ(options.problem(), "max_loss_percent must be 0 or more, and below 100");
  options = {};
  options.grace = -1ns;
  EXPECT_EQ(options.problem(), "times must not be negative");
  options = {};
  options.commission_percent = decimal("50");
  EXPECT_EQ(options.problem(), "commission_percent must be 0 or more, and below 50");
  options = {};
  options.loss_step_percent = decimal("-0.1");
  EXPECT_EQ(options.problem(), "loss_step_percent must not be negative");
}

}  // namespace
}  // namespace feedwatch
