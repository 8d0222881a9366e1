#include "feedwatch/muting/maintenance.hpp"

#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/muting/muting.hpp"

namespace feedwatch::muting {
namespace {

WallTime at(const char* text) {
  return *parse_time(text);
}

TEST(Maintenance, one_window_holds_its_first_moment_and_not_its_last) {
  Maintenance once;
  once.once = {at("2026-12-01T02:00:00Z"), at("2026-12-01T04:00:00Z")};
  EXPECT_FALSE(once.open_at(once.once->start - 1ns));
  EXPECT_TRUE(once.open_at(once.once->start));
  EXPECT_TRUE(once.open_at(once.once->end - 1ns));
  EXPECT_FALSE(once.open_at(once.once->end));
  EXPECT_EQ(once.next_change(at("2026-12-01T00:00:00Z")), once.once->start);
  EXPECT_EQ(once.next_change(once.once->start), once.once->end);
  EXPECT_EQ(once.next_change(once.once->end), WallTime::max());
}

TEST(Maintenance, every_day_across_midnight) {
  Maintenance daily;
  daily.schedule = {.at = 23h + 30min, .length = 1h};
  EXPECT_TRUE(daily.open_at(at("2026-11-27T23:30:00Z")));
  EXPECT_TRUE(daily.open_at(at("2026-11-28T00:29:59Z")));
  EXPECT_FALSE(daily.open_at(at("2026-11-28T00:30:00Z")));
  EXPECT_EQ(daily.next_change(at("2026-11-28T00:10:00Z")), at("2026-11-28T00:30:00Z"));
  EXPECT_EQ(daily.next_change(at("2026-11-28T00:30:00Z")), at("2026-11-28T23:30:00Z"));
}

TEST(Maintenance, chosen_days_of_the_week_in_utc) {
  Maintenance weekly;
  weekly.schedule = {.days = 1U << 4U | 1U << 6U, .at = 8h, .length = 26h};  // Friday and Sunday
  EXPECT_TRUE(weekly.open_at(at("2026-11-27T08:00:00Z")));                   // a Friday
  EXPECT_TRUE(weekly.open_at(at("2026-11-28T09:59:59Z")));
  EXPECT_FALSE(weekly.open_at(at("2026-11-28T10:00:00Z")));
  EXPECT_TRUE(weekly.open_at(at("2026-11-29T08:00:00Z")));
  EXPECT_FALSE(weekly.open_at(at("2026-12-01T08:00:00Z")));
  EXPECT_EQ(weekly.next_change(at("2026-11-30T10:00:00Z")), at("2026-12-04T08:00:00Z"));
  EXPECT_TRUE(weekly.open_at(at("1969-12-26T08:00:00Z"))) << "before the epoch too";
}

TEST(Maintenance, a_week_without_an_end) {
  Maintenance always;
  always.schedule = {.days = 1, .at = 12h, .length = 24h * 7};
  EXPECT_TRUE(always.open_at(at("2026-11-30T11:59:59Z")));
  EXPECT_TRUE(always.open_at(at("2026-11-30T12:00:00Z")));
}

TEST(Muting, names_what_mutes) {
  Maintenance window;
  window.name = "move";
  window.matchers = *parse_matchers(R"(venue="v")");
  window.once = {at("2026-12-01T02:00:00Z"), at("2026-12-01T04:00:00Z")};
  Muting muting({window});
  EXPECT_FALSE(muting.by({{"venue", "v"}}, at("2026-12-01T01:00:00Z")).any());
  EXPECT_EQ(muting.by({{"venue", "v"}}, window.once->start).maintenances,
            std::vector<std::string>{"move"});
  EXPECT_FALSE(muting.by({{"venue", "w"}}, window.once->start).any());
  EXPECT_EQ(muting.next_change(at("2026-12-01T01:00:00Z")), window.once->start);
}

}  // namespace
}  // namespace feedwatch::muting
