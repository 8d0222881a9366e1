// Decisions on their way to one receiver.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "feedwatch/engine/tests/outbox_world.hpp"

namespace feedwatch::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Status = SinkResult::Status;
using World = OutboxWorld;

TEST(DecisionOutbox, sends_at_once_and_of_a_position_one_after_the_other) {
  World world;
  world.step();
  world.decide("a");
  world.decide("a");
  world.decide("b");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "b/1"));
  world.accept("a/1");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/2"));
  world.accept("a/2");
  world.accept("b/1");
  EXPECT_EQ(world.box->health().pending, 0U);
  EXPECT_EQ(world.box->counters().delivered, 3U);
  EXPECT_TRUE(world.box->idle(world.now));
}

TEST(DecisionOutbox, what_fails_is_tried_again_ever_more_rarely_and_holds_up_no_other_position) {
  World world;
  world.decide("a");
  world.fail("a/1");
  world.decide("a");
  world.decide("b");
  world.accept("b/1");
  std::vector<Duration> waits;
  MonoTime last = world.now;
  world.taken_sent();
  for (int i = 0; i < 12; ++i) {
    while (world.flying.empty()) world.run_until(world.box->next_deadline());
    waits.push_back(world.now - last);
    last = world.now;
    world.fail("a/1");
  }
  EXPECT_LE(waits.front(), 1s);
  EXPECT_GE(waits.back(), 5s);
  EXPECT_LE(waits.back(), 10s);
  EXPECT_THAT(world.taken_sent(), Not(Contains("a/2")));
  world.run_until(world.now + 30s);
  world.accept("a/1");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "a/2"));
  EXPECT_EQ(world.box->counters().retries, 13U);
  EXPECT_TRUE(world.box->health().settled);
}

TEST(DecisionOutbox, a_wait_the_receiver_asks_for_is_kept_but_not_for_ever) {
  World world;
  world.decide("a");
  world.answer("a/1", {Status::retry, "HTTP 503", 20s});
  world.taken_sent();
  world.run_until(begin + 19s);
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  world.run_until(begin + 20s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
  world.answer("a/1", {Status::retry, "HTTP 503", 3600s});
  world.run_until(begin + 80s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
}

TEST(DecisionOutbox, a_receiver_that_takes_nothing_is_left_alone_as_a_whole) {
  World world;
  world.decide("a");
  world.decide("b");
  world.answer("a/1", {Status::gone, "HTTP 429", 10s});
  world.answer("b/1", {Status::gone, "HTTP 429", 10s});
  world.taken_sent();
  world.decide("c");
  world.run_until(begin + 9s);
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  world.run_until(begin + 10s);
  EXPECT_THAT(world.taken_sent(), UnorderedElementsAre("a/1", "b/1", "c/1"));
}

TEST(DecisionOutbox, what_is_refused_for_good_is_counted_and_the_next_one_goes) {
  World world;
  world.decide("a");
  world.decide("a");
  world.answer("a/1", {Status::failed, "HTTP 422", {}});
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "a/2"));
  EXPECT_EQ(world.box->counters().refused, 1U);
  EXPECT_EQ(world.box->health().refused, "a/1: HTTP 422");
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/2"));
}

TEST(DecisionOutbox, late_and_second_answers_are_nothing) {
  World world;
  world.decide("a");
  world.decide("a");
  const std::uint64_t first = world.flying.at("a/1");
  world.run_until(begin + 32s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "a/1"));
  world.box->on_result(first, {Status::delivered, "", {}}, world.now);
  world.step();
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  const std::uint64_t second = world.flying.at("a/1");
  world.accept("a/1");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/2"));
  world.box->on_result(second, {Status::delivered, "", {}}, world.now);
  world.step();
  EXPECT_THAT(world.on_their_way(), ElementsAre("a/2"));
}

TEST(DecisionOutbox, after_a_restart_everything_not_acknowledged_is_sent_again_and_nothing_else) {
  World world;
  world.decide("a");
  world.decide("a");
  world.decide("b");
  world.decide("c");
  world.accept("b/1");
  world.run_until(begin + 2s);
  world.taken_sent();
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), UnorderedElementsAre("a/1", "c/1"));
  world.accept_all();
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/2"));
  world.accept_all();
  world.restart();
  world.step();
  world.run_until(world.now + 5s);
  EXPECT_THAT(world.taken_sent(), IsEmpty());
}

TEST(DecisionOutbox, what_is_new_waits_behind_what_was_written_before_the_restart) {
  World world;
  world.decide("a");
  world.run_until(begin + 2s);
  world.restart();
  world.unreadable = true;
  world.taken_sent();
  world.decide("a");
  world.run_until(world.now + 2s);
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  world.unreadable = false;
  world.run_until(world.now + 2s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
  world.accept("a/1");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/2"));
}

TEST(DecisionOutbox, a_store_that_cannot_be_read_at_the_start_is_waited_for_ten_seconds) {
  World world;
  world.decide("a");
  world.run_until(begin + 2s);
  world.restart();
  world.unreadable = true;
  const MonoTime started = world.now;
  world.taken_sent();
  world.decide("b");
  world.run_until(started + 9s);
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  world.run_until(started + 10s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("b/1"));
  world.accept("b/1");
  world.unreadable = false;
  world.run_until(started + 20s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
  world.accept("a/1");
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), IsEmpty()) << "what left before its place was known counts";
}

/// Nothing more is read until it has left, and it would wait for all to be read.
TEST(DecisionOutbox, what_gets_its_place_at_the_start_leaves_before_all_is_read) {
  World world({.page = 1, .known = 1});
  world.unreadable = true;
  world.decide("a");
  EXPECT_THAT(world.taken_sent(), IsEmpty());
  world.unreadable = false;
  world.run_until(begin + 3s);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
}

TEST(DecisionOutbox, while_the_database_is_away_what_is_made_leaves_all_the_same) {
  World world;
  world.decide("a");
  world.accept("a/1");
  world.run_until(begin + 2s);
  world.database_down = true;
  world.decide("a");
  world.decide("a");
  world.accept("a/2");
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "a/2", "a/3"));
  world.run_until(begin + 60s);
  world.database_is_back();
  world.run_until(begin + 65s);
  world.accept_all();
  world.taken_sent();
  world.run_until(begin + 70s);
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), IsEmpty());
}

TEST(DecisionOutbox, a_new_receiver_is_told_of_the_last_minute_and_of_nothing_older) {
  World world;
  world.write("old");
  world.now += 10min;
  world.write("young");
  world.now += 30s;
  world.mark.reset();
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), ElementsAre("young/1"));
  world.accept("young/1");
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), IsEmpty());
}

TEST(DecisionOutbox, a_first_run_that_read_nothing_is_remembered_as_such) {
  World world;
  world.unreadable = true;
  world.decide("a");
  world.now += 1h;
  world.restart();
  world.unreadable = false;
  world.step();
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
}

TEST(DecisionOutbox, what_decided_tells_after_it_was_read_is_the_same_decision) {
  World world;
  world.step();
  world.decide("b");
  const PositionDecisionRow made = world.write("a");
  world.run_until(begin + 2s);  // b has no place yet: that is read, and a with it
  world.accept("a/1");
  world.box->decided(made, world.now);
  world.step();
  world.accept("b/1");
  EXPECT_EQ(world.box->health().pending, 0U);
  EXPECT_EQ(world.box->counters().delivered, 2U);
}

TEST(DecisionOutbox, memory_is_bounded_and_what_had_no_room_is_read_in_order) {
  World world({.in_flight = 4, .page = 7, .rows = 12, .rows_of_position = 5, .known = 1'000});
  for (int i = 0; i < 60; ++i) {
    for (const char* position : {"a", "b", "c", "d", "e", "f"}) world.decide(position);
  }
  EXPECT_EQ(world.most_flying, 4U);
  std::map<std::string, std::int64_t> last;
  for (int i = 0; i < 10'000 && world.box->health().pending > 0; ++i) {
    world.accept_all();
    world.run_until(world.now + 1s);
  }
  for (const std::string& id : world.taken_sent()) {
    const auto number = std::stoll(id.substr(2));
    EXPECT_EQ(number, last[id.substr(0, 1)] + 1) << id;
    last[id.substr(0, 1)] = number;
  }
  EXPECT_THAT(last, SizeIs(6));
  for (const auto& [position, number] : last) EXPECT_EQ(number, 60) << position;
}

TEST(DecisionOutbox, a_position_that_fails_for_ever_keeps_its_places_and_nothing_of_the_others) {
  World world({.page = 20, .rows = 30, .rows_of_position = 5});
  world.decide("stuck");
  world.fail("stuck/1");
  for (int i = 0; i < 300; ++i) {
    world.decide("stuck");
    world.decide("good");
    if (world.flying.contains("stuck/1")) world.fail("stuck/1");
    world.accept_all();
    world.now += 100ms;
    world.step();
  }
  for (int i = 0; i < 20; ++i) {
    world.run_until(world.now + 1s);
    if (world.flying.contains("stuck/1")) world.fail("stuck/1");
    world.accept_all();
  }
  EXPECT_THAT(world.sent, Contains("good/300"));
  EXPECT_THAT(world.sent, Not(Contains("stuck/2")));
  world.taken_sent();
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), ElementsAre("stuck/1")) << "good ones are not sent again";
  for (int i = 0; i < 400; ++i) {
    world.accept_all();
    world.run_until(world.now + 1s);
  }
  EXPECT_EQ(world.box->counters().delivered, 301U);
  EXPECT_EQ(world.taken_sent().back(), "stuck/301");
}

TEST(DecisionOutbox, what_the_store_keeps_no_more_when_its_turn_comes_is_counted) {
  World world({.rows_of_position = 2});
  for (int i = 0; i < 5; ++i) world.decide("a");
  world.run_until(begin + 3s);
  world.written.erase(world.written.begin(), world.written.begin() + 4);
  for (int i = 0; i < 5; ++i) {
    world.accept_all();
    world.run_until(world.now + 2s);
  }
  EXPECT_EQ(world.box->counters().lost, 2U);
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1", "a/2", "a/5"));
  EXPECT_EQ(world.box->health().pending, 0U);
}

TEST(DecisionOutbox, the_position_that_waits_longest_is_named_whatever_becomes_of_the_others) {
  World world;
  world.step();
  for (const char* position : {"c", "a", "b", "a"}) {
    world.decide(position);
    world.run_until(world.now + 1s);
  }
  const auto oldest = [&] {
    const auto health = world.box->health();
    return std::pair{health.position, health.oldest ? *health.oldest - begin : Duration{-1}};
  };
  EXPECT_EQ(oldest(), (std::pair<std::string, Duration>("v/S/c", 0s)));
  world.accept("c/1");
  EXPECT_EQ(oldest(), (std::pair<std::string, Duration>("v/S/a", 1s)));
  world.fail("a/1");
  EXPECT_EQ(world.box->health().failures, 1U);
  world.run_until(world.now + 1s);
  world.accept("a/1");
  EXPECT_EQ(oldest(), (std::pair<std::string, Duration>("v/S/b", 2s)));
  EXPECT_EQ(world.box->health().failures, 0U);
  world.accept("b/1");
  EXPECT_EQ(oldest(), (std::pair<std::string, Duration>("v/S/a", 3s)));
  world.accept("a/2");
  EXPECT_EQ(world.box->health().oldest, std::nullopt);
  EXPECT_EQ(world.box->health().positions, 0U);
}

TEST(DecisionOutbox, positions_beyond_the_bound_are_left_to_be_read_and_none_overtakes_itself) {
  World world({.in_flight = 2, .page = 3, .known = 4});
  world.step();
  world.unreadable = true;
  for (int round = 0; round < 3; ++round) {
    for (int i = 10; i < 30; ++i) world.decide(fmt::format("p{}", i));
    EXPECT_EQ(world.box->health().positions, 4U);
  }
  world.unreadable = false;
  std::size_t most = 0;
  for (int i = 0; i < 200; ++i) {
    world.accept_all();
    world.run_until(world.now + 1s);
    most = std::max(most, world.box->health().positions);
    if (i == 3) {
      for (int j = 10; j < 30; ++j) world.decide(fmt::format("p{}", j));
    }
  }
  EXPECT_LE(most, 10U) << "as many again, and a page";
  std::map<std::string, std::int64_t> last;
  for (const std::string& id : world.taken_sent()) {
    EXPECT_EQ(std::stoll(id.substr(4)), ++last[id.substr(0, 3)]) << id;
  }
  EXPECT_THAT(last, SizeIs(20));
  for (const auto& [position, number] : last) EXPECT_EQ(number, 4) << position;
  EXPECT_EQ(world.box->counters().delivered, 80U);
  EXPECT_EQ(world.box->health().pending, 0U);
}

TEST(DecisionOutbox, an_answer_of_the_store_that_never_comes_is_asked_for_again) {
  World world;
  world.restart();
  ASSERT_TRUE(world.box->reading(world.now));
  EXPECT_FALSE(world.box->reading(world.now + 14s));
  EXPECT_TRUE(world.box->reading(world.now + 15s));
}

TEST(DecisionOutbox, a_mark_that_cannot_be_read_delivers_all_that_is_kept) {
  World world;
  world.decide("a");
  world.accept("a/1");
  world.run_until(begin + 2s);
  world.taken_sent();
  world.mark = "garbage";
  world.restart();
  world.step();
  EXPECT_THAT(world.taken_sent(), ElementsAre("a/1"));
}

}  // namespace
}  // namespace feedwatch::engine
