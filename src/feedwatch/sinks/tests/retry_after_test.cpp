#include "feedwatch/sinks/retry_after.hpp"

#include <gtest/gtest.h>

namespace feedwatch::sinks {
namespace {

TEST(RetryAfter, SecondsAndDates) {
  const std::string date = "Sun, 22 Nov 2026 10:55:21 GMT";
  EXPECT_EQ(retry_after({{"retry-after", "0"}}), 0s);
  EXPECT_EQ(retry_after({{"retry-after", "3600"}}), 1h);
  EXPECT_EQ(retry_after({{"retry-after", "3601"}}), 1h);
  EXPECT_EQ(retry_after({{"retry-after", "99999999999999999999"}}), 1h);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Sun, 22 Nov 2026 10:57:21 GMT"}}), 2min);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Sun, 22 Nov 2026 10:00:00 GMT"}}), 0s);
  EXPECT_EQ(retry_after({{"date", date}, {"retry-after", "Mon, 23 Nov 2026 10:00:00 GMT"}}), 1h);
  for (const char* bad : {"", "-1", "1.5", "soon", "0x10", "Sun, 22 Nov 2026 10:57:21 UTC",
                          "Sun, 32 Nov 2026 10:57:21 GMT", "Sun, 22 Foo 2026 10:57:21 GMT"}) {
    EXPECT_FALSE(retry_after({{"date", date}, {"retry-after", bad}})) << bad;
  }
  EXPECT_FALSE(retry_after({{"retry-after", "Sun, 22 Nov 2026 10:57:21 GMT"}})) << "no Date";
  EXPECT_FALSE(retry_after({{"date", date}}));
}

}  // namespace
}  // namespace feedwatch::sinks
