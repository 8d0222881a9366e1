#include "feedwatch/base/time_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

constexpr std::int64_t noon_ns = 1'795'348'522'000'000'000;  // 2026-11-22T11:55:22Z

std::int64_t ns(std::string_view text) {
  const auto parsed = parse_time(text);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
  return parsed ? to_ns(*parsed) : -1;
}

std::string why_not(std::string_view text) {
  const auto parsed = parse_time(text);
  EXPECT_FALSE(parsed.has_value()) << text;
  return parsed.has_value() ? "" : parsed.error().why;
}

TEST(TimeText, FractionHasThreeSixOrNineDigits) {
  EXPECT_EQ(format_time(wall_from_ns(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(wall_from_ns(noon_ns)), "2026-11-22T11:55:22.000Z");
  EXPECT_EQ(format_time(wall_from_ns(noon_ns + 120'000'000)), "2026-11-22T11:55:22.120Z");
  EXPECT_EQ(format_time(wall_from_ns(noon_ns + 120'456'000)), "2026-11-22T11:55:22.120456Z");
  EXPECT_EQ(format_time(wall_from_ns(noon_ns + 1)), "2026-11-22T11:55:22.000000001Z");
}

TEST(TimeText, WorksBeforeTheEpochAndAtBothEndsOfTheRange) {
  EXPECT_EQ(format_time(wall_from_ns(-1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(WallTime::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_time(WallTime::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(ns("1677-09-21T00:12:43.145224192Z"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(ns("2262-04-11T23:47:16.854775807Z"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(why_not("1677-09-21T00:12:43.145224191Z"), "outside the years 1677 to 2262");
  EXPECT_EQ(why_not("2262-04-11T23:47:16.854775808Z"), "outside the years 1677 to 2262");
  EXPECT_EQ(why_not("9999-12-31T23:59:59Z"), "outside the years 1677 to 2262");
  EXPECT_EQ(why_not("0000-01-01T00:00:00Z"), "outside the years 1677 to 2262");
}

TEST(TimeText, ReadsWhatRfc3339Allows) {
  EXPECT_EQ(ns("2026-11-22T11:55:22Z"), noon_ns);
  EXPECT_EQ(ns("2026-11-22t11:55:22z"), noon_ns);
  EXPECT_EQ(ns("2026-11-22 11:55:22Z"), noon_ns);
  EXPECT_EQ(ns("2026-11-22T11:55:22.5Z"), noon_ns + 500'000'000);
  EXPECT_EQ(ns("2026-11-22T11:55:22.1234567891Z"), noon_ns + 123'456'789);
  EXPECT_EQ(ns("2026-11-22T14:55:22+03:00"), noon_ns);
  EXPECT_EQ(ns("2026-11-22T06:25:22-05:30"), noon_ns);
  EXPECT_EQ(ns("2026-11-23T00:00:00+12:04"), noon_ns + 38'000'000'000);
}

TEST(TimeText, LeapDaysAndLeapSeconds) {
  EXPECT_EQ(ns("2024-02-29T00:00:00Z"), 1'709'164'800'000'000'000);
  EXPECT_EQ(ns("2016-12-31T23:59:60Z"), ns("2017-01-01T00:00:00Z"));
  EXPECT_EQ(why_not("2023-02-29T00:00:00Z"), "no such date or time of day");
}

TEST(TimeText, SaysWhatIsWrong) {
  for (const char* text :
       {"", "now", "2026-11-22", "2026-11-22T11:55Z", "26-11-22T11:55:22Z", "2026-1-22T11:55:22Z",
        "2026-11-22T11:55:22.Z", "1795348522", "2026-11-22_11:55:22Z", "+2026-11-22T11:55:22Z"}) {
    EXPECT_EQ(why_not(text), "not a date and time") << text;
  }
  for (const char* text : {"2026-11-22T11:55:22", "2026-11-22T11:55:22Z ", "2026-11-22T11:55:22ZZ",
                           "2026-11-22T11:55:22+3", "2026-11-22T11:55:22+0300"}) {
    EXPECT_EQ(why_not(text), "no time zone, or text after it") << text;
  }
  for (const char* text :
       {"2026-13-22T11:55:22Z", "2026-00-22T11:55:22Z", "2026-11-31T11:55:22Z",
        "2026-11-00T11:55:22Z", "2026-11-22T24:00:00Z", "2026-11-22T11:60:22Z",
        "2026-11-22T11:55:61Z", "2026-11-22T11:55:22+24:00", "2026-11-22T11:55:22+00:60"}) {
    EXPECT_EQ(why_not(text), "no such date or time of day") << text;
  }
}

TEST(TimeText, WhatIsWrittenReadsBack) {
  Random random{5};
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.next());
    const std::string text = format_time(wall_from_ns(value));
    EXPECT_EQ(ns(text), value) << text;
  }
}

}  // namespace
}  // namespace feedwatch
