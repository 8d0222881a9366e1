#include "feedwatch/alert/memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/lifecycle.hpp"
#include "feedwatch/alert/tests/samples.hpp"

// What a run leaves to the next one beside the rows of its alerts.

namespace feedwatch::alert {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Type = Change::Type;

std::vector<Remembered> two() {
  return {{Remembered::Type::pending, "line_down{venue=\"a\nb\"}", anchor.wall - 5s},
          {Remembered::Type::ending, "x", anchor.wall - 7s}};
}

TEST(Memory, is_read_back_whatever_the_identity) {
  EXPECT_EQ(decode_memory(encode_memory(two(), anchor.wall), anchor.wall + 1s), two());
  EXPECT_THAT(decode_memory(encode_memory({}, anchor.wall), anchor.wall), IsEmpty());
}

TEST(Memory, damaged_foreign_or_old_is_none) {
  const std::string bytes = encode_memory(two(), anchor.wall);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_LE(decode_memory(bytes.substr(0, length), anchor.wall).size(), 1U) << length;
  }
  EXPECT_THAT(decode_memory("alerts 2 " + bytes.substr(9), anchor.wall), IsEmpty());
  EXPECT_THAT(decode_memory(bytes + "z", anchor.wall), IsEmpty());
  EXPECT_THAT(decode_memory("alerts 1 0\np 1 99999999999 x\n", wall_from_ns(1)), IsEmpty());
  EXPECT_THAT(decode_memory(bytes, anchor.wall + 1h + 1ns), IsEmpty());
}

TEST(Memory, nothing_in_it_is_of_the_future) {
  const auto early = decode_memory(encode_memory(two(), anchor.wall), anchor.wall - 6s);
  ASSERT_THAT(early, SizeIs(2));
  EXPECT_EQ(early[0].since, anchor.wall - 6s);
}

class Restarted : public testing::Test {
 protected:
  Restarted() { finding.hold = 10s; }

  /// The same alerts in a lifecycle that begins at `now`.
  void restart(MonoTime now) {
    const auto memory = lifecycle.memory();
    const auto open = lifecycle.open();
    lifecycle = Lifecycle({60s, 4h, anchor});
    for (const Alert& alert : open) lifecycle.restore(alert, now);
    lifecycle.remember(memory, now);
  }
  void raise(MonoTime since, MonoTime now) {
    finding.since = since;
    lifecycle.raise(finding, now, changes);
  }
  std::vector<Type> take() {
    std::vector<Type> types;
    for (const Change& change : std::exchange(changes, {})) types.push_back(change.type);
    return types;
  }

  Lifecycle lifecycle{{60s, 4h, anchor}};
  Finding finding = found("line_down", {{"venue", "v"}}, t0);
  std::vector<Change> changes;
};

TEST_F(Restarted, a_condition_that_still_holds_has_held_since_it_began) {
  raise(t0, t0);
  restart(t0 + 5s);
  raise(t0 + 5s, t0 + 5s);
  restart(t0 + 6s);
  raise(t0 + 6s, t0 + 6s);
  take();
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 10s);
  lifecycle.on_time(t0 + 10s, changes);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].alert.started, t0);
}

TEST_F(Restarted, remembers_what_nobody_has_judged_yet_through_a_second_restart) {
  raise(t0, t0);
  restart(t0 + 1s);
  restart(t0 + 2s);
  raise(t0 + 2s, t0 + 2s);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 10s);
}

// The memory is written a moment after the rows; a kill may come between them.
TEST_F(Restarted, a_beginning_that_has_become_an_alert_is_not_one_of_the_next) {
  raise(t0, t0);
  const auto stale = lifecycle.memory();
  raise(t0, t0 + 10s);
  const auto open = lifecycle.open();
  ASSERT_THAT(open, SizeIs(1));
  lifecycle = Lifecycle({60s, 4h, anchor});
  lifecycle.restore(open.front(), t0 + 11s);
  lifecycle.remember(stale, t0 + 11s);
  lifecycle.retire(finding.identity, t0 + 12s, changes);
  take();
  raise(t0 + 20s, t0 + 20s);
  EXPECT_EQ(take(), std::vector{Type::pending});
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 30s);
}

TEST(Memory, knows_nothing_of_what_a_resolved_alert_covers) {
  const std::vector<Remembered> memory = two();
  const std::string& identity = memory.front().identity;
  const WallTime since = memory.front().since;
  EXPECT_EQ(without_resolved(memory, {{identity, since - 1ns}}), memory);
  EXPECT_THAT(without_resolved(memory, {{identity, since}}), testing::ElementsAre(memory[1]));
  EXPECT_THAT(without_resolved(memory, {{identity, since}, {identity, since - 1h}}),
              testing::ElementsAre(memory[1]));
}

TEST_F(Restarted, connections_get_a_moment_before_it_fires) {
  raise(t0, t0);
  restart(t0 + 9s);
  raise(t0 + 9s, t0 + 9s);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 12s);
  restart(t0 + 5min);
  take();
  raise(t0 + 5min, t0 + 5min);
  EXPECT_EQ(take(), std::vector{Type::pending}) << "the line may be up in a second";
}

TEST_F(Restarted, pending_that_ended_meanwhile_leaves_no_trace) {
  raise(t0, t0);
  restart(t0 + 5s);
  lifecycle.clear(finding.identity, t0 + 6s, Evidence::seen);
  raise(t0 + 7s, t0 + 7s);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 17s);
}

TEST_F(Restarted, long_after_the_start_a_beginning_is_one) {
  raise(t0, t0);
  restart(t0 + 5s);
  raise(t0 + 10min, t0 + 10min);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 10min + 10s);
}

TEST_F(Restarted, what_was_about_to_resolve_does_on_its_old_date_once_seen_to_be_over) {
  raise(t0, t0 + 10s);
  lifecycle.clear(finding.identity, t0 + 20s, Evidence::seen);
  restart(t0 + 30s);
  take();
  lifecycle.on_time(t0 + 100s, changes);
  EXPECT_THAT(changes, IsEmpty()) << "nobody has looked yet";
  lifecycle.clear(finding.identity, t0 + 100s, Evidence::none);
  lifecycle.on_time(t0 + 100s, changes);
  EXPECT_THAT(changes, IsEmpty());
  lifecycle.clear(finding.identity, t0 + 100s, Evidence::seen);
  lifecycle.on_time(t0 + 101s, changes);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].alert.resolved, t0 + 80s);
}

TEST_F(Restarted, what_was_about_to_resolve_and_is_true_goes_on) {
  raise(t0, t0 + 10s);
  lifecycle.clear(finding.identity, t0 + 20s, Evidence::seen);
  restart(t0 + 30s);
  take();
  raise(t0 + 31s, t0 + 31s);
  lifecycle.on_time(t0 + 200s, changes);
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(Restarted, repeats_stay_on_their_grid) {
  raise(t0, t0 + 10s);
  take();
  restart(t0 + 5h);
  EXPECT_EQ(lifecycle.next_deadline(), t0 + 10s + 8h);
}

}  // namespace
}  // namespace feedwatch::alert
