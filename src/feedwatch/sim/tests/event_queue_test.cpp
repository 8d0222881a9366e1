#include "feedwatch/sim/event_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace feedwatch::sim {
namespace {

MonoTime at(int seconds) {
  return MonoTime{std::chrono::seconds{seconds}};
}

TEST(EventQueue, OrdersByTimeThenTurnThenInsertion) {
  EventQueue queue;
  std::string order;
  queue.add(at(2), Turn::world, [&] { order += 'e'; });
  queue.add(at(1), Turn::look, [&] { order += 'd'; });
  queue.add(at(1), Turn::host, [&] { order += 'b'; });
  queue.add(at(1), Turn::host, [&] { order += 'c'; });
  queue.add(at(1), Turn::world, [&] { order += 'a'; });
  while (queue.next() != never_mono) queue.pop().task();
  EXPECT_EQ(order, "abcde");
}

TEST(EventQueue, IsEmptyAtFirst) {
  EventQueue queue;
  EXPECT_EQ(queue.next(), never_mono);
  EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace feedwatch::sim
