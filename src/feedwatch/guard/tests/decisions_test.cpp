#include "feedwatch/guard/decisions.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace feedwatch {
namespace {

using Sums = std::map<std::string, std::uint64_t>;

Sums sums_of(const Decisions& decisions) {
  Sums sums;
  for (const Decisions::Row& row : decisions.rows()) {
    sums[row.consumer + " " + std::string(row.verdict) + " " + std::string(row.reason)] = row.count;
  }
  return sums;
}

void count_some(Decisions::Consumer& consumer, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    consumer.count_price(PriceSource::live, Level::healthy);
    if (i % 2 == 0) consumer.count_price(PriceSource::bridge, Level::degraded);
    if (i % 4 == 0) consumer.count_refusal(RefusalCode::stale);
  }
}

TEST(Decisions, TheSameNameIsOneConsumerAndTheLastOnesShareOne) {
  Decisions decisions;
  EXPECT_EQ(&decisions.consumer("a"), &decisions.consumer("a"));
  for (std::size_t i = 0; i < 2 * Decisions::max_consumers; ++i) {
    decisions.consumer("c" + std::to_string(i)).count_price(PriceSource::live, Level::healthy);
  }
  const auto rows = decisions.rows();
  EXPECT_EQ(rows.back().consumer, "other");
  EXPECT_EQ(rows.back().count, Decisions::max_consumers + 1);
}

TEST(Decisions, MoreThreadsThanStripesLoseNothing) {
  constexpr std::size_t threads = 2 * own_stripes;
  constexpr std::size_t times = 4'000;
  Decisions decisions;
  Decisions::Consumer& consumer = decisions.consumer("stops");
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < threads; ++i) {
      running.emplace_back([&] { count_some(consumer, times); });
    }
  }
  EXPECT_EQ(sums_of(decisions), (Sums{{"stops accepted ok", threads * times},
                                      {"stops degraded bridge", threads * times / 2},
                                      {"stops refused stale", threads * times / 4}}));
}

TEST(Decisions, ThreadsThatComeAndGoLoseNothing) {
  constexpr std::size_t lines = 8;
  constexpr std::size_t lives = 100;
  constexpr std::size_t times = 40;
  Decisions decisions;
  Decisions::Consumer& consumer = decisions.consumer("stops");
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < lines; ++i) {
      running.emplace_back([&] {
        for (std::size_t life = 0; life < lives; ++life) {
          std::jthread([&] { count_some(consumer, times); });
        }
      });
    }
  }
  EXPECT_EQ(sums_of(decisions)["stops accepted ok"], lines * lives * times);
}

TEST(Decisions, WhoReadsMeanwhileSeesNoCountGoBack) {
  Decisions decisions;
  Decisions::Consumer& consumer = decisions.consumer("stops");
  std::vector<std::jthread> running;
  for (std::size_t i = 0; i < own_stripes + 4; ++i) {
    running.emplace_back([&] { count_some(consumer, 2'000); });
  }
  std::uint64_t last = 0;
  for (int look = 0; look < 200; ++look) {
    const std::uint64_t now = sums_of(decisions)["stops accepted ok"];
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Decisions, OneThreadsCountsOfTwoConsumersAreApart) {
  Decisions decisions;
  decisions.consumer("a").count_price(PriceSource::sibling, Level::healthy);
  decisions.consumer("b").count_refusal(RefusalCode::too_old);
  EXPECT_EQ(sums_of(decisions), (Sums{{"a accepted sibling", 1}, {"b refused too_old", 1}}));
}

}  // namespace
}  // namespace feedwatch
