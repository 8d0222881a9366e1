#include "feedwatch/feed/budget.hpp"

#include <gtest/gtest.h>

#include <array>

#include "feedwatch/feed/backoff.hpp"

namespace feedwatch::feed {
namespace {

constexpr MonoTime t0{1000s};

TEST(Budget, takes_a_fifth_of_what_the_venue_publishes_and_at_least_one) {
  EXPECT_EQ(Budget::share_of({.count = 300, .window = 5min}).count(), 60U);
  EXPECT_EQ(Budget::share_of({.count = 3, .window = 1s}).count(), 1U);
  EXPECT_TRUE(Budget::share_of({}).unlimited());
}

TEST(Budget, refuses_the_next_until_the_oldest_has_left_the_window) {
  Budget budget(2, 10s);
  EXPECT_TRUE(budget.try_spend(t0));
  EXPECT_TRUE(budget.try_spend(t0 + 1s));
  EXPECT_FALSE(budget.try_spend(t0 + 10s - 1ns));
  EXPECT_EQ(budget.next_allowed(t0 + 2s), t0 + 10s);
  EXPECT_TRUE(budget.try_spend(t0 + 10s));
  EXPECT_FALSE(budget.try_spend(t0 + 10s));
  EXPECT_EQ(budget.used(t0 + 10s), 2U);
}

TEST(Budget, never_exceeds_its_count_in_any_window) {
  Budget budget(7, 10s);
  Random random(3);
  std::vector<MonoTime> spent;
  MonoTime now = t0;
  for (int i = 0; i < 20'000; ++i) {
    now += random.between(1ms, 900ms);
    if (!budget.try_spend(now)) continue;
    spent.push_back(now);
    if (spent.size() > 7) {
      EXPECT_GE(spent.back() - spent[spent.size() - 8], 10s);
    }
  }
  EXPECT_GT(spent.size(), 5'000U);
}

TEST(Budget, gives_back_what_the_venue_never_saw) {
  Budget budget(1, 10s);
  EXPECT_TRUE(budget.try_spend(t0));
  budget.refund();
  EXPECT_TRUE(budget.try_spend(t0 + 1s));
}

TEST(Budget, remembers_an_earlier_run_as_elapsed_time) {
  Budget budget(3, 10s);
  budget.restore(std::array<Duration, 4>{1s, 9s, 10s, 25s}, t0);
  EXPECT_EQ(budget.used(t0), 2U);
  EXPECT_TRUE(budget.try_spend(t0));
  EXPECT_FALSE(budget.try_spend(t0));
  EXPECT_EQ(budget.next_allowed(t0), t0 + 1s);
}

TEST(Budget, counts_as_spent_when_the_record_is_lost) {
  Budget budget(2, 10s);
  budget.restore_spent(t0);
  EXPECT_FALSE(budget.try_spend(t0 + 10s - 1ns));
  EXPECT_TRUE(budget.try_spend(t0 + 10s));
}

TEST(Backoff, doubles_to_its_ceiling_with_full_jitter_and_never_gives_up) {
  Random random(1);
  Backoff backoff(500ms, 60s);
  Duration ceiling = 500ms;
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = backoff.next(random);
    EXPECT_GT(delay, Duration::zero());
    EXPECT_LE(delay, ceiling);
    ceiling = std::min<Duration>(ceiling * 2, 60s);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(random), 500ms);
}

TEST(Backoff, spreads_over_the_whole_range) {
  Random random(2);
  int low = 0;
  for (int i = 0; i < 1000; ++i) {
    Backoff backoff(10s, 60s);
    low += backoff.next(random) < 5s ? 1 : 0;
  }
  EXPECT_NEAR(low, 500, 60);
}

TEST(Budget, what_is_owed_at_once_delays_what_comes_after_it) {
  Budget budget(2, 1s);
  EXPECT_TRUE(budget.try_spend(t0));
  budget.charge(t0);
  budget.charge(t0 + 100ms);
  EXPECT_FALSE(budget.try_spend(t0 + 1s - 1ns));
  EXPECT_TRUE(budget.try_spend(t0 + 1s));
  EXPECT_FALSE(budget.try_spend(t0 + 1s));
}

TEST(Budget, events_that_happen_together_need_room_for_all) {
  Budget budget(5, 10s);
  EXPECT_TRUE(budget.try_spend(t0, 3));
  EXPECT_TRUE(budget.try_spend(t0 + 1s));
  EXPECT_FALSE(budget.try_spend(t0 + 2s, 3));
  EXPECT_EQ(budget.next_allowed(t0 + 2s, 3), t0 + 10s);
  EXPECT_EQ(budget.next_allowed(t0 + 2s, 1), t0 + 2s);
  EXPECT_TRUE(budget.try_spend(t0 + 10s, 3));
  EXPECT_EQ(budget.next_allowed(t0 + 12s, 9), t0 + 20s) << "more than there are: all of them";
  EXPECT_EQ(budget.time_for(20), Duration{40s});
  EXPECT_EQ(Budget{}.time_for(20), Duration{});
}

}  // namespace
}  // namespace feedwatch::feed
