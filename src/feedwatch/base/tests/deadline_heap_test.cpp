#include "feedwatch/base/deadline_heap.hpp"

#include <gtest/gtest.h>

#include <map>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

MonoTime at(std::int64_t ns) {
  return mono_from_ns(ns);
}

TEST(DeadlineHeap, EmptyIsNever) {
  const DeadlineHeap heap;
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.next(), never_mono);
}

TEST(DeadlineHeap, EqualDeadlinesComeInAscendingNumber) {
  DeadlineHeap heap;
  for (const std::uint32_t number : {7U, 2U, 9U, 0U}) heap.set(number, at(5));
  std::vector<std::uint32_t> order;
  while (!heap.empty()) {
    order.push_back(heap.top().number);
    heap.erase(heap.top().number);
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 2, 7, 9}));
}

TEST(DeadlineHeap, SetNotLaterKeepsTheEarlierOne) {
  DeadlineHeap heap;
  heap.set_not_later(1, at(10));
  heap.set_not_later(1, at(20));
  EXPECT_EQ(heap.next(), at(10));
  heap.set_not_later(1, at(5));
  EXPECT_EQ(heap.next(), at(5));
  heap.set(1, at(20));
  EXPECT_EQ(heap.next(), at(20));
  heap.set(1, never_mono);
  EXPECT_TRUE(heap.empty());
}

TEST(DeadlineHeap, AgreesWithASortedMapOverManyRandomSteps) {
  Random random(7);
  DeadlineHeap heap;
  std::map<std::uint32_t, MonoTime> model;
  for (int step = 0; step < 20'000; ++step) {
    const auto number = static_cast<std::uint32_t>(random.below(40));
    if (random.below(4) == 0) {
      heap.erase(number);
      model.erase(number);
    } else {
      const MonoTime when = at(static_cast<std::int64_t>(random.below(100)));
      heap.set(number, when);
      model[number] = when;
    }
    DeadlineHeap::Entry least{never_mono, 0};
    for (const auto& [n, when] : model) least = std::min(least, DeadlineHeap::Entry{when, n});
    ASSERT_EQ(heap.next(), least.at);
    if (!model.empty()) {
      ASSERT_EQ(heap.top().number, least.number);
    }
  }
}

}  // namespace
}  // namespace feedwatch
