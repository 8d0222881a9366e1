#include "feedwatch/guard/guard.hpp"

#include <gtest/gtest.h>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class GuardTest : public World {
 protected:
  std::uint64_t count(std::string_view consumer, std::string_view verdict,
                      std::string_view reason) const {
    for (const Decisions::Row& row : decisions.rows()) {
      if (row.consumer == consumer && row.verdict == verdict && row.reason == reason) {
        return row.count;
      }
    }
    return 0;
  }
  Decisions decisions;
};

TEST_F(GuardTest, CountsEveryDecisionByConsumerVerdictAndReason) {
  const StreamId s = add("v/BTC/mark");
  Guard guard(monitor, decisions, "api");
  Guard other(monitor, decisions, "stops");
  EXPECT_FALSE(guard.price(s, {.max_age = 1h}, now).has_value());
  send(s, 100);
  EXPECT_TRUE(guard.price(s, {.max_age = 5s}, now).has_value());
  EXPECT_FALSE(other.price(s, {.max_age = 5s}, now + 6s).has_value());
  EXPECT_FALSE(guard.price(StreamKey{"v", "none", Kind::last}, {.max_age = 1h}, now).has_value());
  EXPECT_EQ(count("api", "refused", "unknown"), 1U);
  EXPECT_EQ(count("api", "accepted", "ok"), 1U);
  EXPECT_EQ(count("api", "refused", "unconfigured"), 1U);
  EXPECT_EQ(count("stops", "refused", "too_old"), 1U);
  EXPECT_EQ(decisions.rows().size(), 4U);
}

TEST_F(GuardTest, ADegradedPriceIsNotedOncePerEpisode) {
  const StreamId s = add("v/BTC/mark");
  const StreamId t = add("v/ETH/mark");
  send(s, 100);
  send(t, 100);
  Guard guard(monitor, decisions, "api");
  const ReadOptions options{.max_age = 1h};
  EXPECT_FALSE(guard.price(s, options, now)->first_degraded);
  EXPECT_TRUE(guard.price(s, options, now + 181s)->first_degraded);
  EXPECT_FALSE(guard.price(s, options, now + 182s)->first_degraded);
  EXPECT_TRUE(guard.price(t, options, now + 182s)->first_degraded);
  wait(200s);
  send(s, 101);
  EXPECT_FALSE(guard.price(s, options, now)->first_degraded);
  EXPECT_TRUE(guard.price(s, options, now + 181s)->first_degraded);
  EXPECT_EQ(count("api", "degraded", "degraded"), 4U);
}

TEST_F(GuardTest, AnEpisodeNobodyAskedAboutInBetweenIsANewOne) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  Guard guard(monitor, decisions, "api");
  const ReadOptions options{.max_age = 1h};
  run(180s);
  EXPECT_TRUE(guard.price(s, options, now + ns)->first_degraded) << "before its timer ran";
  run(1s);
  EXPECT_FALSE(guard.price(s, options, now)->first_degraded) << "the timer is no new episode";
  send(s, 101);
  run(181s);
  EXPECT_TRUE(guard.price(s, options, now)->first_degraded);
  EXPECT_FALSE(guard.price(s, options, now)->first_degraded);
}

TEST(Decisions, TheSameNameIsOneConsumerAndTheLastOnesShareOne) {
  Decisions decisions;
  EXPECT_EQ(decisions.consumer("a"), decisions.consumer("a"));
  for (std::size_t i = 0; i < 2 * Decisions::max_consumers; ++i) {
    decisions.count_price(decisions.consumer("c" + std::to_string(i)), Level::healthy);
  }
  const auto rows = decisions.rows();
  EXPECT_EQ(rows.back().consumer, "other");
  EXPECT_EQ(rows.back().count, Decisions::max_consumers + 1);
}

}  // namespace
}  // namespace feedwatch
