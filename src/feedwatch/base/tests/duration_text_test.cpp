#include "feedwatch/base/duration_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

Duration duration(std::string_view text) {
  const auto parsed = parse_duration(text);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
  return parsed.value_or(Duration{-1});
}

std::string why_not(std::string_view text) {
  const auto parsed = parse_duration(text);
  EXPECT_FALSE(parsed.has_value()) << text << " was read as " << parsed->count() << " ns";
  return parsed.has_value() ? "" : parsed.error().why;
}

TEST(DurationText, ReadsEveryUnit) {
  EXPECT_EQ(duration("5ns"), 5ns);
  EXPECT_EQ(duration("10us"), 10us);
  EXPECT_EQ(duration("750ms"), 750ms);
  EXPECT_EQ(duration("3s"), 3s);
  EXPECT_EQ(duration("5m"), 5min);
  EXPECT_EQ(duration("24h"), 24h);
  EXPECT_EQ(duration("2d"), 48h);
}

TEST(DurationText, ReadsSumsFractionsAndZero) {
  EXPECT_EQ(duration("1h30m"), 90min);
  EXPECT_EQ(duration("1m1s1ms"), 61'001ms);
  EXPECT_EQ(duration("0.5s"), 500ms);
  EXPECT_EQ(duration("1.5h"), 90min);
  EXPECT_EQ(duration("1.000000001s"), 1'000'000'001ns);
  EXPECT_EQ(duration("0.50000000000000000000s"), 500ms);
  EXPECT_EQ(duration("0s"), 0ns);
}

TEST(DurationText, SaysWhatIsWrong) {
  EXPECT_EQ(why_not(""), "nothing given");
  EXPECT_EQ(why_not("5"), "a number without a unit");
  EXPECT_EQ(why_not("5sec"), "unknown unit \"sec\"");
  EXPECT_EQ(why_not("5S"), "unknown unit \"S\"");
  EXPECT_EQ(why_not("5 s"), "unknown unit \" s\"");
  EXPECT_EQ(why_not("5s "), "unknown unit \"s \"");
  EXPECT_EQ(why_not("-5s"), "expected a number at \"-5s\"");
  EXPECT_EQ(why_not("+5s"), "expected a number at \"+5s\"");
  EXPECT_EQ(why_not(".5s"), "expected a number at \".5s\"");
  EXPECT_EQ(why_not("5.s"), "expected a number at \"s\"");
  EXPECT_EQ(why_not("s"), "expected a number at \"s\"");
  EXPECT_EQ(why_not("30m1h"), "units go from large to small, each once");
  EXPECT_EQ(why_not("1s1s"), "units go from large to small, each once");
  EXPECT_EQ(why_not("0.5ns"), "finer than 1ns");
  EXPECT_EQ(why_not("1.05ns"), "finer than 1ns");
  EXPECT_EQ(why_not("0.00000000001s"), "finer than 1ns");
  EXPECT_EQ(why_not("1.0000000001s"), "finer than 1ns");
}

TEST(DurationText, RefusesExactlyFromTheFirstNanosecondThatDoesNotFit) {
  EXPECT_EQ(duration("9223372036854775807ns"), Duration::max());
  EXPECT_EQ(duration("9223372036s854775807ns"), Duration::max());
  for (const char* text : {"9223372036854775808ns", "9223372036s854775808ns", "106752d",
                           "99999999999999999999999s", "9223372036.854775808s"}) {
    EXPECT_EQ(why_not(text), "longer than 292 years");
  }
}

TEST(DurationText, ErrorNamesTheTextAndTheValidUnits) {
  EXPECT_EQ(parse_duration("5parsec").error().text(),
            "duration \"5parsec\": unknown unit \"parsec\" (use ns, us, ms, s, m, h or d, as in "
            "750ms or 1h30m)");
}

TEST(DurationText, WritesTheShortestReadableText) {
  const std::vector<std::pair<Duration, std::string>> expected{{0ns, "0s"},
                                                               {1ns, "1ns"},
                                                               {999ns, "999ns"},
                                                               {1us, "1us"},
                                                               {1500ns, "1.5us"},
                                                               {750ms, "750ms"},
                                                               {999'999us, "999.999ms"},
                                                               {1s, "1s"},
                                                               {1500ms, "1.5s"},
                                                               {180s, "3m"},
                                                               {150s, "2m30s"},
                                                               {61'500ms, "1m1.5s"},
                                                               {1h, "1h"},
                                                               {90min, "1h30m"},
                                                               {24h, "24h"},
                                                               {3601s, "1h1s"},
                                                               {-1500ms, "-1.5s"},
                                                               {1'000'000'001ns, "1.000000001s"}};
  for (const auto& [value, text] : expected) EXPECT_EQ(format_duration(value), text);
  EXPECT_EQ(format_duration(Duration::min()), "-2562047h47m16.854775808s");
}

TEST(DurationText, WhatIsWrittenReadsBack) {
  Random random{4};
  for (int i = 0; i < 20'000; ++i) {
    const Duration value{static_cast<std::int64_t>(random.next() >> (1U + random.below(63)))};
    EXPECT_EQ(duration(format_duration(value)), value);
  }
  EXPECT_EQ(duration(format_duration(Duration::max())), Duration::max());
}

}  // namespace
}  // namespace feedwatch
