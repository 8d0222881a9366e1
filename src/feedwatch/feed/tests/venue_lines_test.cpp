#include <gtest/gtest.h>

#include "feedwatch/feed/tests/small_venue.hpp"

/// Halts, moves and addresses where several lines are concerned: found by review.
namespace feedwatch::feed {
namespace {

using test::Line;
using test::SmallVenue;

/// Two lines that stand, the first with all symbols but the last.
struct TwoLines {
  explicit TwoLines(const std::vector<std::string>& symbols = {"A", "B", "C", "D"},
                    std::size_t per_line = 3)
      : venue(venues::BeatScope::none, per_line) {
    for (const std::string& symbol : symbols) topics.push_back(world.quote(symbol));
    world.feed.start(world.now);
    world.pass(1s, {});
    first = world.port.dials.at(0).conn;
    world.accept(first);
    world.data(first, topics[0]);
    world.pass(2s, {});
    second = world.port.dials.at(1).conn;
    world.accept(second);
  }
  /// Data of these topics each half second, of the last one on the second line.
  void tick(Duration duration, const std::vector<std::size_t>& speaking) {
    for (Duration passed{}; passed < duration; passed += 500ms) {
      world.pass(500ms, {});
      for (const std::size_t i : speaking) {
        world.data(i + 1 == topics.size() ? second : first, topics[i]);
      }
    }
  }
  void suspect(std::size_t i) {
    world.feed.on_suspect(topics[i], world.now - 3s, RepairStep::replace_line, world.now);
  }

  SmallVenue venue;
  Line world{venue};
  std::vector<TopicId> topics;
  ConnId first, second;
};

TEST(VenueLines, a_halt_holds_while_another_line_says_so) {
  TwoLines lines;
  lines.tick(1s, {0, 1, 2, 3});
  for (const ConnId line : {lines.first, lines.second}) {
    lines.world.feed.on_status(line, {.trading = false, .detail = "maintenance"}, lines.world.now);
  }
  lines.world.pass(3s, {});
  for (std::size_t i = 0; i < 3; ++i) lines.suspect(i);
  EXPECT_EQ(lines.world.port.reasons[lines.topics[0]], Reason::venue_halt);
  lines.world.feed.on_closed(lines.second, {.detail = "reset"}, lines.world.now);
  EXPECT_EQ(lines.world.port.reasons[lines.topics[0]], Reason::venue_halt);
  lines.world.pass(400ms, {});
  EXPECT_TRUE(lines.world.port.repairs.empty());
  lines.world.feed.on_closed(lines.first, {.detail = "reset"}, lines.world.now);
  EXPECT_NE(lines.world.port.reasons[lines.topics[0]], Reason::venue_halt) << "nobody says so";
}

TEST(VenueLines, of_two_maintenances_both_must_be_over) {
  TwoLines lines;
  lines.tick(1s, {0, 1, 2, 3});
  const auto say = [&](ConnId line, std::vector<std::string> lasting,
                       std::vector<std::string> over) {
    lines.world.feed.on_status(line,
                               {.trading = lasting.empty(),
                                .detail = "maintenance",
                                .lasting = std::move(lasting),
                                .over = std::move(over)},
                               lines.world.now);
  };
  const auto halted = [&] {
    return lines.world.port.reasons[lines.topics[0]] == Reason::venue_halt;
  };
  say(lines.first, {"a"}, {});
  lines.world.pass(1s, {});
  for (std::size_t i = 0; i < 3; ++i) lines.suspect(i);
  say(lines.first, {"b"}, {});
  say(lines.first, {}, {"a"});
  EXPECT_TRUE(halted()) << "b lasts";
  say(lines.first, {}, {"never heard of"});
  EXPECT_TRUE(halted());
  say(lines.second, {"b"}, {"c"});
  say(lines.second, {}, {"b"});
  EXPECT_FALSE(halted()) << "whoever said so";
  say(lines.first, {"d"}, {});
  EXPECT_TRUE(halted());
  say(lines.second, {}, {});
  EXPECT_FALSE(halted()) << "a word about everything";
}

TEST(VenueLines, a_halt_outlives_a_replacement_that_also_told_it) {
  const SmallVenue venue(venues::BeatScope::none);
  Line world(venue);
  const TopicId a = world.quote("A");
  world.feed.start(world.now);
  world.open();
  for (int i = 0; i < 40; ++i) {
    world.data(world.conn, a);
    world.pass(1s, {});
  }
  world.feed.on_status(world.conn, {.trading = false, .detail = "m"}, world.now);
  world.feed.on_notice(world.conn, world.now);
  const ConnId next = world.port.dials.back().conn;
  ASSERT_NE(next, world.conn);
  world.feed.on_phase(next, DialPhase::open, world.now);
  world.feed.on_status(next, {.trading = false, .detail = "m"}, world.now);
  world.feed.on_closed(next, {.detail = "reset"}, world.now);
  world.feed.on_suspect(a, world.now - 3s, RepairStep::replace_line, world.now);
  EXPECT_EQ(world.port.reasons[a], Reason::venue_halt);
}

TEST(VenueLines, a_topic_served_by_its_own_new_line_is_not_left_on_the_other) {
  TwoLines lines;
  lines.tick(10s, {0, 1, 2, 3});
  lines.suspect(0);
  lines.tick(3500ms, {1, 2, 3});
  ASSERT_EQ(lines.world.port.repairs.back().step, RepairStep::other_line);
  lines.world.feed.on_notice(lines.first, lines.world.now);
  ASSERT_EQ(lines.world.port.dials.size(), 3U);
  const ConnId third = lines.world.port.dials[2].conn;
  lines.world.accept(third);
  for (std::size_t i = 0; i < 3; ++i) lines.world.data(third, lines.topics[i]);
  EXPECT_EQ(lines.world.feed.line_name(lines.topics[0]), "v/r#1");
  EXPECT_NE(lines.world.feed.on_data(third, lines.topics[0], lines.world.now).epoch, 0U);
  EXPECT_EQ(lines.world.port.lines.at("v/r#2").topics, 1U);
}

TEST(VenueLines, a_line_whose_last_topic_moved_away_is_closed_and_dialled_no_more) {
  TwoLines lines({"A", "B", "C"}, 2);  // A B | C
  lines.tick(5s, {0, 1, 2});
  lines.world.feed.remove_topic(lines.topics[1], lines.world.now);
  lines.suspect(0);
  lines.tick(3500ms, {2});
  ASSERT_EQ(lines.world.port.repairs.back().step, RepairStep::other_line);
  lines.world.data(lines.second, lines.topics[0]);
  EXPECT_EQ(lines.world.port.lines.at("v/r#1").topics, 0U);
  EXPECT_TRUE(lines.world.port.was(lines.world.port.closed, lines.first));
  lines.world.feed.on_notice(lines.first, lines.world.now);
  const std::size_t dials = lines.world.port.dials.size();
  for (int i = 0; i < 600; ++i) {
    lines.tick(500ms, {2});
    lines.world.data(lines.second, lines.topics[0]);
  }
  EXPECT_EQ(lines.world.port.dials.size(), dials);
}

TEST(VenueLines, an_address_that_did_not_help_is_not_the_next_one) {
  const SmallVenue venue(venues::BeatScope::none);
  Line world(venue, {"ws://one", "ws://two"});
  std::vector<TopicId> topics;
  for (const std::string symbol : {"A", "B", "C"}) topics.push_back(world.quote(symbol));
  world.feed.start(world.now);
  world.open();
  for (const TopicId topic : topics) world.data(world.conn, topic);
  world.feed.on_suspect(topics[0], world.now - 3s, RepairStep::replace_line, world.now);
  const auto failed_elsewhere = [&] {
    if (world.port.repairs.empty()) return false;
    const RepairStatus& last = world.port.repairs.back();
    return last.step == RepairStep::other_endpoint && last.ended;
  };
  for (int i = 0; i < 200 && !failed_elsewhere(); ++i) {
    world.pass(500ms, {});
    for (const std::size_t k : {1U, 2U}) world.data(world.conn, topics[k]);
  }
  ASSERT_EQ(world.port.dials.back().text, "ws://two");
  const std::size_t before = world.port.dials.size();
  world.feed.on_closed(world.conn, {.detail = "reset"}, world.now);
  world.pass(1500ms, {});
  ASSERT_GT(world.port.dials.size(), before);
  EXPECT_EQ(world.port.dials[before].text, "ws://one") << "the address that worked until now";
}

TEST(VenueLines, probation_ends_with_a_stable_line) {
  const SmallVenue venue(venues::BeatScope::none);
  Line world(venue);
  const TopicId a = world.quote("A");
  world.feed.start(world.now);
  world.open();
  world.data(world.conn, a);
  world.pass(2s, {});
  world.feed.on_closed(world.conn, {.detail = "reset"}, world.now);
  world.pass(5s, {});
  world.conn = world.port.dials.back().conn;
  world.accept(world.conn);
  for (int i = 0; i < 600; ++i) {
    world.pass(1s, {});
    world.data(world.conn, a);
  }
  ASSERT_TRUE(world.port.venue.live);
  world.feed.on_notice(world.conn, world.now);
  const ConnId next = world.port.dials.back().conn;
  world.accept(next);
  world.data(next, a);
  ASSERT_TRUE(world.port.was(world.port.closed, world.conn)) << "make before break";
  EXPECT_TRUE(world.port.venue.live);
}

/// The first line falls silent: B and C are heard 600 ms after A for the last time.
struct SilentLine : TwoLines {
  SilentLine() {
    tick(5s, {0, 1, 2, 3});
    tick(500ms, {3});
    world.pass(100ms, {});
    world.data(first, topics[1]);
    world.data(first, topics[2]);
  }
  bool is_up() const { return world.port.lines.at("v/r#1").up; }
};

TEST(VenueLines, a_silent_line_is_down_with_the_first_of_its_topics_that_is_missed) {
  SilentLine lines;
  lines.tick(2400ms, {3});
  EXPECT_TRUE(lines.is_up());
  lines.suspect(0);
  EXPECT_FALSE(lines.is_up()) << "not when the last is missed: by then the first may be told of";
  EXPECT_FALSE(lines.world.port.venue.live);
  EXPECT_EQ(lines.world.port.venue.detail, "1 of 2 lines: v/r#1");
  EXPECT_TRUE(lines.world.port.lines.at("v/r#2").up);
  const std::size_t told = lines.world.port.told_lines.size();
  lines.suspect(1);
  lines.suspect(2);
  EXPECT_EQ(lines.world.port.told_lines.size(), told);
  lines.world.data(lines.first, lines.topics[1]);
  lines.world.feed.on_cleared(lines.topics[1], lines.world.now);
  EXPECT_TRUE(lines.is_up());
  EXPECT_TRUE(lines.world.port.venue.live);
}

TEST(VenueLines, a_line_that_one_topic_still_speaks_on_is_up) {
  SilentLine lines;
  lines.tick(2500ms, {2, 3});
  for (const std::size_t missed : {0U, 1U}) lines.suspect(missed);
  EXPECT_TRUE(lines.is_up());
  EXPECT_TRUE(lines.world.port.venue.live);
  lines.tick(10s, {2, 3});
  EXPECT_TRUE(lines.is_up());
}

TEST(VenueLines, a_topic_that_is_missed_a_little_late_does_not_keep_its_line_down) {
  SilentLine lines;
  lines.tick(2500ms, {3});
  lines.suspect(0);
  EXPECT_FALSE(lines.is_up());
  lines.tick(1100ms, {1, 3});  // nobody had called it missed, so nobody clears it
  EXPECT_TRUE(lines.is_up());
  EXPECT_TRUE(lines.world.port.venue.live);
}

TEST(VenueLines, a_limit_tighter_than_suspicion_accuses_a_silent_line_too) {
  SilentLine lines;
  lines.tick(2100ms, {3});
  lines.world.feed.set_past_limit(lines.topics[0], true, lines.world.now);
  EXPECT_FALSE(lines.is_up());
  EXPECT_FALSE(lines.world.port.venue.live);
  EXPECT_TRUE(lines.world.port.repairs.empty());
  lines.world.data(lines.first, lines.topics[0]);
  lines.world.feed.set_past_limit(lines.topics[0], false, lines.world.now);
  EXPECT_TRUE(lines.is_up());
  EXPECT_TRUE(lines.world.port.venue.live);
}

TEST(VenueLines, a_topic_past_its_limit_that_is_heard_accuses_nobody) {
  SilentLine lines;
  for (std::size_t i = 0; i < 3; ++i) {
    lines.world.feed.set_past_limit(lines.topics[i], true, lines.world.now);
  }
  lines.tick(5s, {0, 1, 2, 3});
  EXPECT_TRUE(lines.is_up());
  lines.world.feed.set_past_limit(lines.topics[1], true, lines.world.now);
  EXPECT_TRUE(lines.is_up());
}

}  // namespace
}  // namespace feedwatch::feed
