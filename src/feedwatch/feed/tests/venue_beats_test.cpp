#include <gtest/gtest.h>

#include "feedwatch/feed/tests/small_venue.hpp"

/// Channels that only beat: on which line they are, and what their silence begins.
namespace feedwatch::feed {
namespace {

using test::Line;
using test::SmallVenue;

TEST(VenueBeats, each_symbol_of_a_line_beats_once_and_only_while_it_is_wanted) {
  const SmallVenue venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.beat("A");
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 4U);
  line.feed.remove_topic(a, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 2U);
}

TEST(VenueBeats, one_beat_for_a_line_until_its_last_topic_goes) {
  const SmallVenue venue(venues::BeatScope::line);
  Line line(venue);
  const TopicId a = line.quote("A");
  const TopicId b = line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.beat("");
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 3U);
  line.feed.remove_topic(a, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 2U);
  line.feed.remove_topic(b, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 0U);
}

TEST(VenueBeats, a_symbol_and_its_beat_share_a_line) {
  const SmallVenue venue(venues::BeatScope::symbol, 5);
  Line line(venue);
  for (const std::string symbol : {"A", "B", "C", "D"}) line.quote(symbol);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 4U) << "room for a topic and its beat, or none";
  EXPECT_EQ(line.port.lines.at("v/r#2").topics, 4U);
}

TEST(VenueBeats, a_missed_beat_subscribes_its_symbol_again_and_no_other) {
  const SmallVenue venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {"A", "B"});
  const std::size_t sent = line.port.sent.size();
  line.pass(2s, {"B"});
  EXPECT_EQ(line.port.sent.size(), sent) << "two missed beats are none";
  line.pass(2s, {"B"});
  ASSERT_FALSE(line.port.repairs.empty());
  EXPECT_EQ(line.port.repairs.front().step, RepairStep::resubscribe);
  EXPECT_GE(line.port.sent.size(), sent + 2) << "the beat; its quote when the budget allows";
  EXPECT_EQ(line.port.dials.size(), 1U);
  line.feed.remove_topic(a, line.now);  // while its repair runs
  line.pass(1min, {"B"});
  EXPECT_EQ(line.port.dials.size(), 1U);
}

TEST(VenueBeats, quotes_that_came_since_the_last_beat_keep_their_subscription) {
  const SmallVenue venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {"A"});
  const std::size_t sent = line.port.sent.size();
  for (int i = 0; i < 30; ++i) {
    line.pass(100ms, {});
    line.feed.on_data(line.conn, a, line.now);
  }
  EXPECT_EQ(line.port.sent.size(), sent + 2) << "given up and asked for again: the beat alone";
}

TEST(VenueBeats, the_missed_beat_of_a_line_replaces_it_at_once) {
  const SmallVenue venue(venues::BeatScope::line);
  Line line(venue);
  line.quote("A");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {""});
  EXPECT_TRUE(line.port.lines.at("v/r#1").up);
  line.pass(3400ms, {});
  EXPECT_EQ(line.port.dials.size(), 2U);
  ASSERT_FALSE(line.port.repairs.empty());
  EXPECT_EQ(line.port.repairs.front().step, RepairStep::replace_line);
  EXPECT_FALSE(line.port.lines.at("v/r#1").up);
}

TEST(VenueBeats, a_venue_that_serves_no_beat_is_not_repaired_for_ever) {
  const SmallVenue venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.feed.start(line.now);
  line.open();
  for (int i = 0; i < 300; ++i) {
    line.pass(1s, {});
    if (line.port.dials.back().conn != line.conn) line.accept(line.port.dials.back().conn);
    line.feed.on_frames(line.conn, 1, line.now);
    line.feed.on_heard(line.conn, line.now);
    const Session::Data data = line.feed.on_data(line.conn, a, line.now);
    if (data.first) line.feed.on_evidence(line.conn, a, line.now);
    line.feed.on_ack(line.conn, {.ok = true}, line.now);
  }
  EXPECT_LE(line.port.repairs.size(), 6U) << "set aside, asked for again in ten minutes";
  EXPECT_EQ(line.port.reasons.at(a), Reason::ok);
}

}  // namespace
}  // namespace feedwatch::feed
