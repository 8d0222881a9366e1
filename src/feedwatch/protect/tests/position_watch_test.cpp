#include "feedwatch/protect/position_watch.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

constexpr MonoTime t0{1'000s};
using Type = PositionEvent::Type;

class Watch : public testing::Test {
 protected:
  PositionFindings at(MonoTime now) const { return watch.findings(now); }
  PositionWatch watch{t0};
};

TEST_F(Watch, NothingAtAllIsFoundInFiveAndTenSeconds) {
  EXPECT_EQ(at(t0 + 5s - 1ns), PositionFindings{});
  EXPECT_EQ(watch.next_deadline(t0), t0 + 5s);
  EXPECT_EQ(at(t0 + 5s), (PositionFindings{.without_source = true, .never_delivered = true}));
  EXPECT_EQ(watch.next_deadline(t0 + 5s), t0 + 10s);
  EXPECT_EQ(at(t0 + 10s), (PositionFindings{true, true, true}));
  EXPECT_EQ(watch.next_deadline(t0 + 10s), never_mono);
}

TEST_F(Watch, ServedIsWell) {
  watch.set_source(true);
  EXPECT_FALSE(watch.on_accepted(t0 + 1s)) << "no episode was recorded";
  EXPECT_EQ(at(t0 + 1h), PositionFindings{});
  EXPECT_EQ(watch.next_deadline(t0 + 1s), never_mono);
}

TEST_F(Watch, AnEpisodeIsRecordedOnceWithItsStaleness) {
  watch.set_source(true);
  watch.on_accepted(t0);
  const auto began = watch.on_refused(Reason::silent, 6s, t0 + 6s);
  ASSERT_TRUE(began);
  EXPECT_EQ(began->type, Type::refusal_began);
  EXPECT_EQ(began->reason, Reason::silent);
  EXPECT_EQ(began->staleness, 6s);
  EXPECT_FALSE(watch.on_refused(Reason::resubscribing, 7s, t0 + 7s));
  EXPECT_FALSE(at(t0 + 16s - 1ns).unprotected);
  EXPECT_TRUE(at(t0 + 16s).unprotected) << "ten seconds of refusals";
  const auto ended = watch.on_accepted(t0 + 20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->type, Type::refusal_ended);
  EXPECT_EQ(ended->lasted, 14s);
  EXPECT_EQ(at(t0 + 20s), PositionFindings{});
  EXPECT_TRUE(watch.on_refused(Reason::silent, 5s, t0 + 30s)) << "the next episode";
}

TEST_F(Watch, WhatWasNeverReceivedHasNoAge) {
  EXPECT_FALSE(watch.on_refused(Reason::never_received, std::nullopt, t0 + 5s - 1ns))
      << "its first price may still come";
  const auto began = watch.on_refused(Reason::never_received, std::nullopt, t0 + 5s);
  ASSERT_TRUE(began);
  EXPECT_FALSE(began->staleness);
  EXPECT_TRUE(at(t0 + 10s).unprotected) << "counted from when it is known";
  EXPECT_EQ(watch.refused_since(), t0);
}

TEST_F(Watch, ASourceThatGoesIsFound) {
  watch.set_source(true);
  watch.on_accepted(t0);
  watch.set_source(false);
  EXPECT_TRUE(at(t0 + 1min).without_source);
}

}  // namespace
}  // namespace feedwatch
