#include "feedwatch/protect/schedule.hpp"

#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch {
namespace {

struct Case {
  std::vector<std::string> entries;
  std::string at, next;
};
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.entries.front() << " after " << each.at;
}

class ScheduleNext : public testing::TestWithParam<Case> {};

TEST_P(ScheduleNext, is_the_first_moment_after) {
  const auto schedule = Schedule::parse(GetParam().entries);
  ASSERT_TRUE(schedule) << schedule.error().text();
  const auto next = schedule->next_after(*parse_time(GetParam().at));
  ASSERT_TRUE(next);
  EXPECT_EQ(format_time(*next), GetParam().next);
}

const Case cases[] = {
    {{"06:05"}, "2026-11-27T06:04:59.9Z", "2026-11-27T06:05:00.000Z"},
    {{"06:05"}, "2026-11-27T06:05:00Z", "2026-11-28T06:05:00.000Z"},
    {{"06:05:30", "18:00"}, "2026-11-27T06:05:30Z", "2026-11-27T18:00:00.000Z"},
    {{"23:59"}, "2026-12-31T23:59:00Z", "2027-01-01T23:59:00.000Z"},
    {{"5,20,35,50 * * * *"}, "2026-11-27T10:20:00Z", "2026-11-27T10:35:00.000Z"},
    {{"*/15 * * * *"}, "2026-11-27T23:46:00Z", "2026-11-28T00:00:00.000Z"},
    {{"10/20 * * * *"}, "2026-11-27T10:31:00Z", "2026-11-27T10:50:00.000Z"},
    {{"0 8-10 * * 1-5"}, "2026-11-27T10:00:00Z", "2026-11-30T08:00:00.000Z"},  // Friday
    {{"0 0 * * 7"}, "2026-11-27T10:00:00Z", "2026-11-29T00:00:00.000Z"},
    {{"0 0 29 2 *"}, "2026-11-27T10:00:00Z", "2028-02-29T00:00:00.000Z"},
    // Day of month or day of week: either does.
    {{"0 0 1 * 0"}, "2026-11-27T10:00:00Z", "2026-11-29T00:00:00.000Z"},
    {{"0 0 1 * 0"}, "2026-11-29T10:00:00Z", "2026-12-01T00:00:00.000Z"},
};
INSTANTIATE_TEST_SUITE_P(All, ScheduleNext, testing::ValuesIn(cases));

TEST(Schedule, what_is_no_schedule_is_refused_with_its_text) {
  for (const char* text :
       {"24:00", "06:60", "06", "6:5:61", "a:b", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
        "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "1-2-3 * * * *", "0 0 30 2 *", "",
        "- * * * *", "-1 * * * *"}) {
    const std::vector<std::string> entries{text};
    const auto schedule = Schedule::parse(entries);
    ASSERT_FALSE(schedule) << text;
    EXPECT_NE(schedule.error().text().find(text), std::string::npos) << text;
  }
  EXPECT_FALSE(Schedule::parse({}));
}

}  // namespace
}  // namespace feedwatch
