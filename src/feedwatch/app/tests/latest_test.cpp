#include "feedwatch/app/latest.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>

#include "feedwatch/base/time.hpp"

namespace feedwatch::app {
namespace {

/// A value that calls somebody whenever it is copied.
struct Copied {
  Copied() = default;
  explicit Copied(int number_in) : number(number_in) {}
  Copied(const Copied& other) : number(other.number), on_copy(other.on_copy) {
    if (on_copy) on_copy();
  }
  Copied(Copied&&) = default;
  Copied& operator=(const Copied&) = delete;
  Copied& operator=(Copied&&) = default;
  ~Copied() = default;

  int number = 0;
  std::function<void()> on_copy;
};

TEST(Latest, TheNewestIsRead) {
  Latest<int> latest;
  EXPECT_EQ(latest.read(), 0);
  latest.show(1);
  latest.show(2);
  EXPECT_EQ(latest.read(), 2);
}

TEST(Latest, WhoShowsDoesNotWaitForWhoReads) {
  Latest<Copied> latest;
  std::future<void> shown;
  bool waited = true;
  Copied first(1);
  first.on_copy = [&] {
    shown = std::async(std::launch::async, [&] { latest.show(Copied(2)); });
    waited = shown.wait_for(10s) != std::future_status::ready;
  };
  latest.show(std::move(first));
  EXPECT_EQ(latest.read().number, 1);
  EXPECT_FALSE(waited);
  latest.show(Copied(3));
  EXPECT_EQ(latest.read().number, 3);
}

}  // namespace
}  // namespace feedwatch::app
