#include "feedwatch/feed/ladder.hpp"

#include <gtest/gtest.h>

namespace feedwatch::feed {
namespace {

constexpr MonoTime t0{1000s};
constexpr ConnId line{1};

TEST(Ladder, resubscribes_first_and_replaces_the_line_when_that_failed) {
  Ladder ladder(3s);
  ladder.on_suspect(t0);
  EXPECT_EQ(ladder.due_step(t0, {.line_wide = false}),
            std::nullopt);  // those that fall silent together first meet
  EXPECT_EQ(ladder.next_deadline(), t0 + 200ms);
  EXPECT_EQ(ladder.due_step(t0 + 200ms, {.line_wide = false}), RepairStep::resubscribe);
  ladder.begin(1, RepairStep::resubscribe, line, "l", t0 + 200ms);
  EXPECT_FALSE(ladder.overdue(t0 + 3200ms - 1ns));
  EXPECT_TRUE(ladder.overdue(t0 + 3200ms));
  const RepairStatus failed = ladder.on_failure(t0 + 3200ms, "silent");
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(ladder.due_step(t0 + 3200ms, {.line_wide = false}), RepairStep::replace_line);
}

TEST(Ladder, goes_straight_to_the_line_when_the_line_is_the_patient) {
  Ladder ladder;
  ladder.on_suspect(t0);
  EXPECT_EQ(ladder.due_step(t0 + 1s, {.line_wide = true}), RepairStep::replace_line);
}

TEST(Ladder, tries_another_line_before_a_new_one_and_another_address_after_it) {
  const Ladder::Choice all{.other_line = true, .other_endpoint = true};
  Ladder ladder(3s, {.max_repairs = 10});
  ladder.on_suspect(t0);
  MonoTime now = t0 + 1s;
  for (const RepairStep expected :
       {RepairStep::resubscribe, RepairStep::other_line, RepairStep::replace_line,
        RepairStep::other_endpoint, RepairStep::other_endpoint}) {
    const auto step = ladder.due_step(now, all);
    ASSERT_EQ(step, expected);
    ladder.begin(1, *step, line, "l", now);
    ladder.on_failure(now + 1s, "silent");
    now += 20s;
  }
}

TEST(Ladder, what_there_is_none_of_is_left_out) {
  Ladder ladder(3s, {.max_repairs = 10});
  ladder.on_suspect(t0);
  MonoTime now = t0 + 1s;
  for (const RepairStep expected :
       {RepairStep::resubscribe, RepairStep::replace_line, RepairStep::replace_line}) {
    const auto step = ladder.due_step(now, {});
    ASSERT_EQ(step, expected);
    ladder.begin(1, *step, line, "l", now);
    ladder.on_failure(now + 1s, "silent");
    now += 20s;
  }
}

TEST(Ladder, evidence_ends_the_episode_and_a_new_one_starts_at_the_foot) {
  Ladder ladder;
  ladder.on_suspect(t0);
  ladder.begin(1, RepairStep::resubscribe, line, "l", t0);
  const RepairStatus done = ladder.on_success(t0 + 1s);
  EXPECT_TRUE(done.ok);
  EXPECT_EQ(done.ended, t0 + 1s);
  EXPECT_FALSE(ladder.suspect());
  EXPECT_EQ(ladder.next_deadline(), never_mono);
  ladder.on_suspect(t0 + 60s);
  EXPECT_EQ(ladder.due_step(t0 + 61s, {.line_wide = false}), RepairStep::resubscribe);
}

TEST(Ladder, a_cleared_suspicion_before_the_first_step_repairs_nothing) {
  Ladder ladder;
  ladder.on_suspect(t0);
  ladder.on_cleared();
  EXPECT_EQ(ladder.due_step(t0 + 1h, {.line_wide = true}), std::nullopt);
}

TEST(Ladder, three_repairs_in_ten_minutes_and_then_it_says_so_once) {
  Ladder ladder;
  ladder.on_suspect(t0);
  MonoTime now = t0 + 1s;
  for (int i = 0; i < 3; ++i) {
    const auto step = ladder.due_step(now, {.line_wide = false});
    ASSERT_TRUE(step) << i;
    ladder.begin(static_cast<std::uint64_t>(i), *step, line, "l", now);
    now += 15s;
    ladder.on_failure(now, "silent");
    now += 10s;
  }
  EXPECT_FALSE(ladder.take_exhausted_change());
  EXPECT_EQ(ladder.due_step(now, {.line_wide = false}), std::nullopt);
  EXPECT_TRUE(ladder.take_exhausted_change());
  EXPECT_TRUE(ladder.exhausted());
  EXPECT_FALSE(ladder.take_exhausted_change());
  EXPECT_EQ(ladder.due_step(t0 + 1s + 10min - 1ns, {.line_wide = false}), std::nullopt);
  EXPECT_TRUE(
      ladder.due_step(t0 + 1s + 10min, {.line_wide = false}));  // the first has left the window
}

TEST(Ladder, silence_alone_never_takes_an_event_topic_past_resubscribing) {
  Ladder ladder;
  ladder.on_suspect(t0, RepairStep::resubscribe);
  EXPECT_EQ(ladder.due_step(t0 + 1s, {.line_wide = true}), RepairStep::resubscribe);
  ladder.begin(1, RepairStep::resubscribe, line, "l", t0 + 1s);
  ladder.on_failure(t0 + 4s, "quiet");
  EXPECT_EQ(ladder.due_step(t0 + 1h, {.line_wide = true}), std::nullopt);
}

TEST(Ladder, thirty_silent_seconds_of_a_clocked_topic_exhaust_it) {
  Ladder ladder;
  ladder.on_suspect(t0 + 3s);
  ladder.check_silence(t0, t0 + 30s - 1ns);
  EXPECT_FALSE(ladder.exhausted());
  ladder.check_silence(t0, t0 + 30s);
  EXPECT_TRUE(ladder.exhausted());
  ladder.on_cleared();
  EXPECT_FALSE(ladder.exhausted());
}

}  // namespace
}  // namespace feedwatch::feed
