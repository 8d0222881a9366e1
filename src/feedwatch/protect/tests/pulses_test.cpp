#include "feedwatch/protect/pulses.hpp"

#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch {
namespace {

constexpr MonoTime start{1'000s};
const WallAnchor anchor{*parse_time("2026-11-27T06:00:00Z"), start};

Pulses every(Duration period, Duration grace = {}) {
  return Pulses({{.name = "trend", .every = period, .grace = grace}}, anchor);
}

PulseState state(const Pulses& pulses, MonoTime now, std::string_view name = "trend") {
  return pulses.view(name, now)->state;
}

TEST(Pulses, ok_until_time_and_grace_are_over_then_degraded_then_silent) {
  Pulses pulses = every(60s, 10s);
  ASSERT_TRUE(pulses.mark("trend", PulseMark::beat, "", start + 5s));
  EXPECT_EQ(state(pulses, start + 75s), PulseState::ok) << "equality passes";
  EXPECT_EQ(state(pulses, start + 75s + 1ns), PulseState::degraded);
  EXPECT_EQ(state(pulses, start + 135s), PulseState::degraded);
  EXPECT_EQ(state(pulses, start + 135s + 1ns), PulseState::silent);
  EXPECT_EQ(pulses.view("trend", start + 200s)->since, start + 75s + 1ns);
  EXPECT_EQ(pulses.view("trend", start + 205s)->silence, 200s);
}

TEST(Pulses, deadlines_are_exact) {
  Pulses pulses = every(60s);
  EXPECT_EQ(pulses.next_deadline(start), start + 60s + 1ns);
  ASSERT_TRUE(pulses.mark("trend", PulseMark::beat, "", start + 30s));
  EXPECT_EQ(pulses.next_deadline(start + 30s), start + 90s + 1ns);
  EXPECT_EQ(pulses.next_deadline(start + 91s), start + 150s + 1ns);
  EXPECT_EQ(pulses.next_deadline(start + 151s), never_mono);
}

TEST(Pulses, never_heard_is_unknown_and_then_due) {
  const Pulses pulses = every(60s);
  EXPECT_EQ(state(pulses, start + 60s), PulseState::unknown);
  EXPECT_EQ(state(pulses, start + 61s), PulseState::degraded);
  EXPECT_FALSE(pulses.view("trend", start + 61s)->silence);
}

TEST(Pulses, schedule_expects_it_at_its_times) {
  const std::vector<std::string> times{"06:05", "06:35"};
  Pulses pulses({{.name = "trend", .schedule = *Schedule::parse(times), .grace = 60s}}, anchor);
  EXPECT_EQ(state(pulses, start + 6min), PulseState::unknown);
  EXPECT_EQ(state(pulses, start + 6min + 1ns), PulseState::degraded);
  ASSERT_TRUE(pulses.mark("trend", PulseMark::beat, "", start + 7min));
  EXPECT_EQ(state(pulses, start + 36min), PulseState::ok);
  EXPECT_EQ(state(pulses, start + 36min + 1ns), PulseState::degraded);
  EXPECT_EQ(pulses.view("trend", start)->expected, "at 06:05, 06:35 UTC and 1m");
}

TEST(Pulses, failure_is_no_beat_and_ends_with_one) {
  Pulses pulses = every(60s);
  ASSERT_TRUE(pulses.mark("trend", PulseMark::beat, "", start));
  ASSERT_TRUE(pulses.mark("trend", PulseMark::failed, "no margin", start + 10s));
  const PulseView failed = *pulses.view("trend", start + 20s);
  EXPECT_EQ(failed.state, PulseState::degraded);
  EXPECT_TRUE(failed.failed);
  EXPECT_EQ(failed.detail, "no margin");
  EXPECT_EQ(failed.since, start + 10s);
  EXPECT_EQ(failed.silence, 20s);
  ASSERT_TRUE(pulses.mark("trend", PulseMark::started, "", start + 30s));
  EXPECT_EQ(state(pulses, start + 30s), PulseState::ok);
}

TEST(Pulses, what_was_due_while_nobody_listened_was_not_missed) {
  Pulses pulses = every(60s);
  pulses.restore({{.name = "trend", .mark = "beat", .at = anchor.wall - 10min, .detail = {}},
                  {.name = "gone", .mark = "beat", .at = anchor.wall, .detail = {}}});
  EXPECT_EQ(state(pulses, start + 60s), PulseState::unknown);
  const PulseView late = *pulses.view("trend", start + 61s);
  EXPECT_EQ(late.state, PulseState::degraded);
  EXPECT_EQ(late.silence, 10min + 61s);
  EXPECT_EQ(late.since, start - 9min + 1ns) << "dated with the truth";
  EXPECT_EQ(pulses.views(start).size(), 1U);
}

TEST(Pulses, restored_in_time_it_goes_on) {
  Pulses pulses = every(60s);
  pulses.restore({{.name = "trend", .mark = "failed", .at = anchor.wall - 10s, .detail = "x"},
                  {.name = "trend", .mark = "beat", .at = anchor.wall - 5s, .detail = {}}});
  EXPECT_EQ(state(pulses, start), PulseState::ok);
  EXPECT_FALSE(pulses.view("trend", start)->failed);
}

TEST(Pulses, mark_from_the_future_is_of_now) {
  Pulses pulses = every(60s);
  pulses.restore({{.name = "trend", .mark = "beat", .at = anchor.wall + 1h, .detail = {}}});
  EXPECT_EQ(pulses.view("trend", start)->silence, 0s);
}

TEST(Pulses, signals_is_there_when_heard_and_due_every_300_s) {
  Pulses pulses({}, anchor);
  EXPECT_TRUE(pulses.views(start).empty());
  EXPECT_FALSE(pulses.mark("other", PulseMark::beat, "", start));
  ASSERT_TRUE(pulses.mark("signals", PulseMark::beat, "", start));
  EXPECT_EQ(state(pulses, start + 300s, "signals"), PulseState::ok);
  EXPECT_EQ(state(pulses, start + 301s, "signals"), PulseState::degraded);
}

TEST(Pulses, rows_say_what_was_heard_and_details_are_bounded) {
  Pulses pulses = every(60s);
  const auto row = pulses.mark("trend", PulseMark::started, std::string(5'000, 'x'), start + 1s);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->mark, "started");
  EXPECT_EQ(row->at, anchor.wall + 1s);
  EXPECT_EQ(row->detail.size(), Pulses::max_detail);
}

}  // namespace
}  // namespace feedwatch
