#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/registry.hpp"

namespace feedwatch::health {
namespace {

using testing::HasSubstr;
constexpr Duration ns{1};

Status judged(Verdict verdict) {
  expire(verdict);
  return verdict.status;
}

ExchangeEvidence good(std::string venue = "v") {
  return {.venue = std::move(venue), .last_good = 1s, .error = {}};
}

TEST(ExchangeCheck, unknown_before_the_first_answer) {
  EXPECT_EQ(judged(check_exchange({{.venue = "v", .error = {}}})), Status::unknown);
  EXPECT_EQ(judged(check_exchange({good(), {.venue = "w", .error = {}}})), Status::unknown);
  EXPECT_EQ(judged(check_exchange({good()})), Status::healthy);
}

TEST(ExchangeCheck, no_good_answer_for_twenty_minutes_is_no_evidence) {
  ExchangeEvidence old = good();
  old.last_good = 20min;
  EXPECT_EQ(judged(check_exchange({good("a"), old})), Status::healthy);
  old.last_good = 20min + ns;
  EXPECT_EQ(judged(check_exchange({good("a"), old})), Status::unknown);
  EXPECT_EQ(judged(check_exchange({old, good("a")})), Status::unknown);
  old.last_good = -2s;
  EXPECT_EQ(judged(check_exchange({old, good("a")})), Status::unknown) << "it lies";
}

TEST(ExchangeCheck, failures_bans_and_clocks_degrade_and_all_venues_together_are_unhealthy) {
  ExchangeEvidence bad = good("w");
  bad.failures = 2;
  EXPECT_EQ(judged(check_exchange({bad})), Status::healthy);
  bad.failures = 3;
  bad.error = "HTTP 502";
  EXPECT_EQ(judged(check_exchange({good(), bad})), Status::degraded);
  EXPECT_EQ(judged(check_exchange({bad})), Status::unhealthy);
  EXPECT_EQ(check_exchange({bad}).message, "w: 3 requests in a row failed (HTTP 502)");

  ExchangeEvidence banned = good("b");
  banned.banned_for = 90s;
  EXPECT_EQ(judged(check_exchange({good(), banned})), Status::degraded);
  EXPECT_EQ(check_exchange({banned}).message, "b told us to stay away for 90s");

  ExchangeEvidence skewed = good("s");
  skewed.skew = -5s;
  EXPECT_EQ(judged(check_exchange({good(), skewed})), Status::healthy);
  skewed.skew = -5s - ns;
  EXPECT_EQ(judged(check_exchange({good(), skewed})), Status::degraded);
  EXPECT_EQ(check_exchange({skewed}).message, "the clock of s is -5.0s from ours");
}

TEST(PulseCheck, is_degraded_past_its_time_and_unknown_before_the_first) {
  PulseEvidence pulse{.name = "signals", .age = {}, .every = 300s, .grace = 60s};
  EXPECT_EQ(check_pulses({pulse}).status, Status::unknown);
  pulse.age = 360s;
  EXPECT_EQ(check_pulses({pulse}).status, Status::healthy);
  pulse.age = 360s + ns;
  EXPECT_EQ(check_pulses({pulse}).status, Status::degraded);
  EXPECT_EQ(check_pulses({pulse}).message,
            "nothing of signals for 360s (expected every 300s, grace 60s)");
  pulse.age = 1s;
  pulse.failed = true;
  EXPECT_EQ(check_pulses({pulse}).status, Status::degraded);
  EXPECT_THAT(*check_pulses({pulse}).message, HasSubstr("says that it failed"));
}

}  // namespace
}  // namespace feedwatch::health
