#include "feedwatch/alert/lifecycle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using Type = Change::Type;
constexpr Duration ns{1};

class LifecycleTest : public testing::Test {
 protected:
  std::vector<Change> raise(const Finding& finding, MonoTime now) {
    std::vector<Change> out;
    lifecycle.raise(finding, now, out);
    return out;
  }
  std::vector<Change> on_time(MonoTime now) {
    std::vector<Change> out;
    lifecycle.on_time(now, out);
    return out;
  }

  Lifecycle lifecycle{{60s, 4h, anchor}};
  Finding stale = found("price_staleness", stream_labels("BTC"), t0);
};

TEST_F(LifecycleTest, fires_at_once_without_hold_dated_with_the_condition) {
  const auto changes = raise(stale, t0 + 7s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::fired);
  EXPECT_EQ(changes[0].alert.started, t0);
  EXPECT_EQ(changes[0].alert.opened, t0 + 7s);
  EXPECT_EQ(changes[0].alert.state, State::firing);
  EXPECT_TRUE(raise(stale, t0 + 8s).empty()) << "one open alert per identity";
}

TEST_F(LifecycleTest, hold_ends_at_the_exact_nanosecond) {
  stale.hold = 10s;
  EXPECT_EQ(raise(stale, t0).at(0).type, Type::pending);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 10s);
  EXPECT_TRUE(on_time(t0 + 10s - ns).empty());
  const auto changes = on_time(t0 + 10s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::fired);
  EXPECT_EQ(changes[0].alert.started, t0);
}

TEST_F(LifecycleTest, late_timer_dates_the_firing_with_its_deadline) {
  stale.hold = 10s;
  raise(stale, t0);
  const auto changes = on_time(t0 + 25s);
  EXPECT_EQ(changes.at(0).at, t0 + 10s);
}

TEST_F(LifecycleTest, hold_counts_from_the_condition_not_from_when_it_was_heard_of) {
  stale.hold = 10s;
  EXPECT_EQ(raise(stale, t0 + 10s).at(0).type, Type::fired);
}

TEST_F(LifecycleTest, pending_that_clears_leaves_no_trace) {
  stale.hold = 10s;
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 9s, Evidence::seen);
  EXPECT_EQ(lifecycle.find(stale.identity), nullptr);
  EXPECT_TRUE(on_time(t0 + 1h).empty());
  EXPECT_EQ(lifecycle.next_deadline(), never_mono);
}

TEST_F(LifecycleTest, condition_longer_than_its_hold_is_told_though_nobody_looked_in_between) {
  stale.hold = 10s;
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 10s, Evidence::seen);
  const auto changes = on_time(t0 + 12s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::fired);
  EXPECT_EQ(changes[0].at, t0 + 10s);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 70s);
  EXPECT_EQ(on_time(t0 + 70s).at(0).type, Type::resolved);
}

TEST_F(LifecycleTest, two_such_conditions_nobody_looked_at_are_two_alerts) {
  stale.hold = 10s;
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 11s, Evidence::seen);
  stale.since = t0 + 71s;
  const auto changes = raise(stale, t0 + 90s);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].type, Type::fired);
  EXPECT_EQ(changes[1].type, Type::resolved);
  EXPECT_EQ(changes[2].type, Type::fired);
  EXPECT_NE(changes[0].alert.id, changes[2].alert.id);
}

TEST_F(LifecycleTest, resolves_after_keep_firing_exactly) {
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 5s, Evidence::seen);
  EXPECT_FALSE(lifecycle.is_active(stale.identity));
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 65s);
  EXPECT_TRUE(on_time(t0 + 65s - ns).empty());
  const auto changes = on_time(t0 + 65s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::resolved);
  EXPECT_EQ(changes[0].alert.resolved, t0 + 65s);
  EXPECT_EQ(lifecycle.find(stale.identity), nullptr);
}

TEST_F(LifecycleTest, return_within_keep_firing_is_the_same_alert) {
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 5s, Evidence::seen);
  stale.since = t0 + 64s;
  EXPECT_TRUE(raise(stale, t0 + 64s).empty());
  EXPECT_TRUE(on_time(t0 + 65s).empty());
  lifecycle.clear(stale.identity, t0 + 70s, Evidence::seen);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 130s) << "the wait starts anew";
}

TEST_F(LifecycleTest, repeated_clear_does_not_extend_the_wait) {
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 5s, Evidence::seen);
  lifecycle.clear(stale.identity, t0 + 40s, Evidence::seen);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 65s);
}

TEST_F(LifecycleTest, return_after_an_unnoticed_end_is_another_alert) {
  const auto first = raise(stale, t0).at(0).alert.id;
  lifecycle.clear(stale.identity, t0 + 5s, Evidence::seen);
  stale.since = t0 + 200s;
  const auto changes = raise(stale, t0 + 201s);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].type, Type::resolved);
  EXPECT_EQ(changes[0].at, t0 + 65s);
  EXPECT_EQ(changes[1].type, Type::fired);
  EXPECT_NE(changes[1].alert.id, first);
}

TEST_F(LifecycleTest, severity_rises_and_never_falls) {
  raise(stale, t0);
  stale.severity = Severity::critical;
  const auto changes = raise(stale, t0 + 120s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::raised);
  EXPECT_EQ(changes[0].alert.severity, Severity::critical);
  EXPECT_EQ(changes[0].alert.started, t0);
  stale.severity = Severity::warning;
  EXPECT_TRUE(raise(stale, t0 + 130s).empty());
  EXPECT_EQ(lifecycle.find(stale.identity)->severity, Severity::critical);
}

TEST_F(LifecycleTest, repeats_only_after_the_repeat_interval) {
  raise(stale, t0);
  EXPECT_TRUE(on_time(t0 + 4h - ns).empty());
  const auto changes = on_time(t0 + 4h);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::repeated);
  EXPECT_TRUE(on_time(t0 + 4h).empty());
  // A suspended host owes one repeat, not three.
  EXPECT_EQ(on_time(t0 + 17h).size(), 1U);
}

TEST_F(LifecycleTest, is_told_again_once_at_one_moment) {
  raise(stale, t0);
  EXPECT_EQ(on_time(t0 + 4h + 1s).size(), 1U);
  std::vector<Change> out;
  lifecycle.repeat(stale.identity, t0 + 4h + 1s, out);
  EXPECT_TRUE(out.empty()) << "with its group, which another one drew along";
  lifecycle.repeat(stale.identity, t0 + 5h, out);
  EXPECT_EQ(out.size(), 1U);
}

TEST_F(LifecycleTest, repeat_zero_is_never) {
  Lifecycle quiet({60s, 0s, anchor});
  std::vector<Change> out;
  quiet.raise(stale, t0, out);
  out.clear();
  quiet.on_time(t0 + std::chrono::hours{24 * 365}, out);
  EXPECT_TRUE(out.empty());
}

TEST_F(LifecycleTest, durations_without_end_never_come) {
  Lifecycle slow({Duration::max(), Duration::max(), anchor});
  std::vector<Change> out;
  slow.raise(stale, t0, out);
  EXPECT_EQ(slow.next_deadline(), never_mono) << "the repeat";
  slow.clear(stale.identity, t0 + 1s, Evidence::seen);
  EXPECT_EQ(slow.next_deadline(), never_mono) << "the end";
  Finding held = found("line_down", stream_labels("BTC"), t0);
  held.hold = Duration::max();
  slow.raise(held, t0 + 2s, out);
  slow.on_time(t0 + 24h, out);
  EXPECT_EQ(out.back().type, Type::pending);
}

TEST_F(LifecycleTest, a_tiny_repeat_is_skipped_not_walked) {
  Lifecycle busy({60s, ns, anchor});
  std::vector<Change> out;
  busy.raise(stale, t0, out);
  busy.on_time(t0 + 4s, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(busy.next_deadline(), t0 + 4s + ns);
}

TEST_F(LifecycleTest, does_not_repeat_while_it_lingers) {
  raise(stale, t0);
  lifecycle.clear(stale.identity, t0 + 4h - 30s, Evidence::seen);
  EXPECT_TRUE(on_time(t0 + 4h).empty());
}

TEST_F(LifecycleTest, retire_resolves_without_waiting) {
  raise(stale, t0);
  std::vector<Change> out;
  lifecycle.retire(stale.identity, t0 + 3s, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].type, Type::resolved);
  EXPECT_EQ(out[0].alert.resolved, t0 + 3s);
}

class RestoredTest : public LifecycleTest {
 protected:
  RestoredTest() {
    old.id = "old-id";
    old.name = stale.name;
    old.identity = stale.identity;
    old.labels = stale.labels;
    old.started = old.opened = t0 - 1h;
    lifecycle.restore(old, t0);
  }
  Alert old;
};

TEST_F(RestoredTest, never_fires_twice) {
  EXPECT_TRUE(raise(stale, t0 + 1s).empty());
  EXPECT_EQ(lifecycle.find(stale.identity)->id, "old-id");
  EXPECT_EQ(lifecycle.find(stale.identity)->started, t0 - 1h);
}

TEST_F(RestoredTest, needs_evidence_to_end) {
  lifecycle.clear(stale.identity, t0 + 1s, Evidence::none);
  EXPECT_TRUE(on_time(t0 + 2h).empty());
  EXPECT_THAT(lifecycle.unjudged(), testing::ElementsAre(stale.identity));
  lifecycle.clear(stale.identity, t0 + 2h, Evidence::seen);
  EXPECT_EQ(on_time(t0 + 2h + 60s).at(0).type, Type::resolved);
}

TEST_F(RestoredTest, once_judged_it_is_like_any_other) {
  raise(stale, t0 + 1s);
  EXPECT_TRUE(lifecycle.unjudged().empty());
  lifecycle.clear(stale.identity, t0 + 2s, Evidence::none);
  EXPECT_EQ(on_time(t0 + 62s).at(0).alert.id, "old-id");
}

TEST_F(RestoredTest, goes_on_with_the_repeats_of_the_earlier_run) {
  EXPECT_TRUE(on_time(t0 + 3h - ns).empty());
  const auto changes = on_time(t0 + 3h);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].type, Type::repeated);
}

TEST_F(RestoredTest, repeats_already_told_are_not_told_again) {
  Lifecycle later({60s, 4h, anchor});
  old.started = old.opened = t0 - 9h;
  later.restore(old, t0);
  EXPECT_EQ(later.next_deadline(), t0 + 3h);
}

}  // namespace
}  // namespace feedwatch::alert
