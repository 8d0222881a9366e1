#include "feedwatch/guard/thread_stripe.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace feedwatch {
namespace {

/// What `threads` threads that live at the same time are given.
std::vector<std::size_t> stripes_of(std::size_t threads) {
  std::vector<std::size_t> stripes(threads);
  std::latch all(static_cast<std::ptrdiff_t>(threads));
  std::vector<std::jthread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      stripes[i] = thread_stripe();
      all.arrive_and_wait();
    });
  }
  running.clear();
  return stripes;
}

TEST(ThreadStripe, NoTwoLivingThreadsHaveTheSame) {
  const auto stripes = stripes_of(8);
  EXPECT_EQ(std::set(stripes.begin(), stripes.end()).size(), 8U);
  for (const std::size_t stripe : stripes) EXPECT_LT(stripe, own_stripes);
}

TEST(ThreadStripe, ThoseForWhomThereIsNoneShareOne) {
  const auto stripes = stripes_of(own_stripes + 8);
  std::multiset<std::size_t> given(stripes.begin(), stripes.end());
  EXPECT_GE(given.count(shared_stripe), 8U);  // more where another test's thread lives
  given.erase(shared_stripe);
  EXPECT_EQ(std::set(given.begin(), given.end()).size(), given.size());
}

TEST(ThreadStripe, AThreadKeepsItsOwn) {
  std::jthread([] {
    const std::size_t stripe = thread_stripe();
    EXPECT_LT(stripe, own_stripes);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(thread_stripe(), stripe);
  });
}

TEST(ThreadStripe, OneThatEndsGivesItsOwnBack) {
  for (int i = 0; i < 100; ++i) {
    for (const std::size_t stripe : stripes_of(4)) EXPECT_LT(stripe, own_stripes);
  }
}

TEST(ThreadStripe, WhoSharedTakesTheFirstThatIsGivenBack) {
  std::latch taken(static_cast<std::ptrdiff_t>(own_stripes));
  std::latch shared(1);
  std::vector<std::jthread> running;
  for (std::size_t i = 0; i < own_stripes; ++i) {
    running.emplace_back([&] {
      thread_stripe();
      taken.count_down();
      shared.wait();
    });
  }
  taken.wait();
  std::jthread([&] {
    EXPECT_EQ(thread_stripe(), shared_stripe);
    shared.count_down();
    running.clear();
    EXPECT_LT(thread_stripe(), own_stripes);
  });
}

/// Asks when its thread's own destructors run, before or after the one that gives back.
struct AsksAtTheEnd {
  ~AsksAtTheEnd() { stripe = thread_stripe(); }
  std::size_t& stripe;
};

TEST(ThreadStripe, AThreadThatEndsTakesNoneAnew) {
  std::size_t at_the_end = 0;
  for (std::size_t i = 0; i < 2 * own_stripes; ++i) {
    std::jthread([&] {
      thread_local const AsksAtTheEnd asks{at_the_end};  // made first, so that it goes last
      thread_stripe();
    });
    EXPECT_EQ(at_the_end, shared_stripe);
  }
  for (const std::size_t stripe : stripes_of(4)) EXPECT_LT(stripe, own_stripes);
}

}  // namespace
}  // namespace feedwatch
