#include "feedwatch/protect/divergence_watch.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

constexpr MonoTime t0{1'000s};
using State = DivergenceWatch::State;

Decimal decimal(std::string_view text) {
  return *Decimal::parse(text);
}

class KindDivergence : public testing::Test {
 protected:
  State at(Duration after, std::string_view last, std::string_view mark = "100") {
    watch.on_prices(decimal(last), decimal(mark), t0 + after);
    return watch.state();
  }
  State refused() {
    watch.on_refused();
    return watch.state();
  }
  DivergenceWatch watch{DivergenceOptions{}};
};

TEST_F(KindDivergence, FoundWhenTheyHaveBeenApartForLongerThanTheTime) {
  EXPECT_EQ(watch.state(), State::unknown);
  EXPECT_EQ(at(0s, "3.31", "1.616"), State::apart);
  EXPECT_EQ(at(3s, "3.31", "1.616"), State::apart) << "equality passes";
  EXPECT_EQ(at(3s + 1ns, "3.31", "1.616"), State::diverged);
  EXPECT_EQ(watch.since(), t0) << "dated with its beginning";
  EXPECT_EQ(watch.percent(), decimal("104.83"));
}

TEST_F(KindDivergence, ExactlyTheLimitIsNone) {
  EXPECT_EQ(at(0s, "101"), State::agreed);
  EXPECT_EQ(at(1s, "99"), State::agreed);
  EXPECT_EQ(at(2s, "98.9999999999"), State::apart) << "below the mark counts alike";
  EXPECT_EQ(at(3s, "101.0000000001"), State::apart);
  EXPECT_EQ(watch.since(), t0 + 2s);
  // A hundredth of the mark, which no binary fraction holds.
  EXPECT_EQ(at(4s, "0.000070700", "0.00007"), State::agreed);
}

TEST_F(KindDivergence, EndsWhenTheyAgreeAndBeginsAnew) {
  at(0s, "102");
  at(4s, "102");
  EXPECT_EQ(at(5s, "100.5"), State::agreed);
  EXPECT_FALSE(watch.since());
  EXPECT_EQ(at(6s, "102"), State::apart);
  EXPECT_EQ(at(9s, "102"), State::apart);
  EXPECT_EQ(at(10s, "102"), State::diverged);
}

TEST_F(KindDivergence, ARefusalIsNoEvidenceEitherWay) {
  at(0s, "102");
  EXPECT_EQ(refused(), State::unknown) << "nobody saw that it lasted";
  EXPECT_EQ(at(10s, "102"), State::apart);
  EXPECT_EQ(at(14s, "102"), State::diverged);
  EXPECT_EQ(refused(), State::diverged) << "nobody saw that it ended";
  EXPECT_EQ(watch.since(), t0 + 10s);
  EXPECT_EQ(at(15s, "100"), State::agreed);
  EXPECT_EQ(refused(), State::unknown);
}

TEST_F(KindDivergence, WhatCannotBeComparedChangesNothing) {
  at(0s, "102");
  at(4s, "102");
  EXPECT_EQ(at(5s, "100", "0"), State::diverged);
  EXPECT_EQ(at(6s, "100", "-1"), State::diverged);
  const std::string huge(36, '9');
  EXPECT_EQ(at(7s, huge, "100"), State::diverged);
}

TEST(KindDivergenceOptions, SayWhatIsWrongWithThem) {
  EXPECT_TRUE(DivergenceOptions{}.problem().empty());
  DivergenceOptions options;
  options.percent = Decimal{0, 0};
  EXPECT_FALSE(options.problem().empty());
  options = {};
  options.longer_than = -1s;
  EXPECT_FALSE(options.problem().empty());
}

}  // namespace
}  // namespace feedwatch
