#include <gtest/gtest.h>

#include "feedwatch/feed/tests/small_venue.hpp"

/// The wider steps of the ladder: another line, another address.
namespace feedwatch::feed {
namespace {

using test::Line;
using test::SmallVenue;

/// Two lines that stand, of at most three topics: A B C, and D.
class TwoLines {
 public:
  TwoLines() {
    for (const std::string symbol : {"A", "B", "C", "D"}) topics.push_back(world.quote(symbol));
    world.feed.start(world.now);
    world.pass(1s, {});
    first = world.port.dials.at(0).conn;
    world.accept(first);
    world.data(first, topics[0]);
    world.pass(2s, {});
    second = world.port.dials.at(1).conn;
    world.accept(second);
    tick(10s, {0, 1, 2, 3});
  }

  /// Data of these topics each second, each on the line it was put on.
  void tick(Duration duration, const std::vector<std::size_t>& speaking) {
    for (Duration passed{}; passed < duration; passed += 500ms) {
      world.pass(500ms, {});
      for (const std::size_t i : speaking) world.data(i == 3 ? second : first, topics[i]);
    }
  }
  std::size_t on(const std::string& line) const { return world.port.lines.at(line).topics; }
  /// A falls silent, and a new subscription does not help.
  void lose_a() {
    world.feed.on_suspect(topics[0], world.now - 3s, RepairStep::replace_line, world.now);
    tick(3500ms, {1, 2, 3});
  }

  SmallVenue venue{venues::BeatScope::none, 3};
  Line world{venue};
  std::vector<TopicId> topics;
  ConnId first, second;
};

TEST(VenueMoves, a_topic_that_a_new_subscription_did_not_help_is_tried_on_another_line) {
  TwoLines lines;
  ASSERT_EQ(lines.on("v/r#1"), 3U);
  ASSERT_EQ(lines.on("v/r#2"), 1U);
  lines.lose_a();
  ASSERT_EQ(lines.world.port.repairs.back().step, RepairStep::other_line);
  EXPECT_EQ(lines.world.port.repairs.back().line, "v/r#2");
  EXPECT_EQ(lines.world.port.repairs.back().topics, 1U);
  lines.world.data(lines.second, lines.topics[0]);
  const RepairStatus& done = lines.world.port.repairs.back();
  EXPECT_TRUE(done.ok);
  EXPECT_GE(done.gap, 6s);
  EXPECT_EQ(lines.on("v/r#1"), 2U) << "given up where it was silent";
  EXPECT_EQ(lines.on("v/r#2"), 2U);
  EXPECT_EQ(lines.world.feed.line_name(lines.topics[0]), "v/r#2");
  EXPECT_EQ(lines.world.port.dials.size(), 2U);
  EXPECT_TRUE(lines.world.port.lost.empty());
}

TEST(VenueMoves, a_topic_silent_on_the_other_line_too_goes_back_and_its_line_is_replaced) {
  TwoLines lines;
  lines.lose_a();
  lines.tick(4s, {1, 2, 3});
  EXPECT_EQ(lines.on("v/r#1"), 3U);
  EXPECT_EQ(lines.on("v/r#2"), 1U);
  EXPECT_EQ(lines.world.port.repairs.back().step, RepairStep::replace_line);
  EXPECT_EQ(lines.world.port.repairs.back().topics, 3U) << "its blast radius";
  EXPECT_EQ(lines.world.port.dials.size(), 3U);
}

TEST(VenueMoves, the_line_it_is_tried_on_may_be_lost_meanwhile) {
  TwoLines lines;
  lines.lose_a();
  lines.world.feed.on_closed(lines.second, {.detail = "reset"}, lines.world.now);
  EXPECT_EQ(lines.on("v/r#1"), 3U);
  EXPECT_EQ(lines.on("v/r#2"), 1U);
  EXPECT_FALSE(lines.world.port.repairs.back().ok);
  EXPECT_EQ(lines.world.feed.line_name(lines.topics[0]), "v/r#1");
}

TEST(VenueMoves, a_topic_may_go_while_it_is_tried_elsewhere) {
  TwoLines lines;
  lines.lose_a();
  lines.world.feed.remove_topic(lines.topics[0], lines.world.now);
  EXPECT_EQ(lines.on("v/r#1"), 2U);
  EXPECT_EQ(lines.on("v/r#2"), 1U);
  lines.tick(1min, {1, 2, 3});
  EXPECT_EQ(lines.world.port.dials.size(), 2U);
}

TEST(VenueMoves, a_line_that_a_new_one_did_not_help_is_made_at_another_address) {
  const SmallVenue venue(venues::BeatScope::none);
  Line world(venue, {"ws://one", "ws://two"});
  std::vector<TopicId> topics;
  for (const std::string symbol : {"A", "B", "C"}) topics.push_back(world.quote(symbol));
  world.feed.start(world.now);
  world.open();
  for (const TopicId topic : topics) world.data(world.conn, topic);
  world.pass(4s, {});
  for (const TopicId topic : topics) {
    world.feed.on_suspect(topic, world.now - 3s, RepairStep::replace_line, world.now);
  }
  world.pass(500ms, {});
  ASSERT_EQ(world.port.dials.size(), 2U);
  EXPECT_EQ(world.port.dials[1].text, "ws://one");
  EXPECT_EQ(world.port.repairs.back().step, RepairStep::replace_line);
  world.accept(world.port.dials[1].conn);  // and it is silent as well
  world.pass(30s, {});
  ASSERT_GE(world.port.dials.size(), 3U);
  EXPECT_EQ(world.port.dials[2].text, "ws://two");
  EXPECT_EQ(world.port.repairs.back().step, RepairStep::other_endpoint);
}

TEST(VenueMoves, an_address_that_is_never_reached_is_not_the_only_one) {
  const SmallVenue venue(venues::BeatScope::none);
  Line world(venue, {"ws://one", "ws://two"});
  world.quote("A");
  world.feed.start(world.now);
  world.pass(1min, {});
  std::map<std::string, int> dialled;
  for (const auto& dial : world.port.dials) ++dialled[dial.text];
  EXPECT_GE(dialled["ws://one"], 3);
  EXPECT_GE(dialled["ws://two"], 3);
}

}  // namespace
}  // namespace feedwatch::feed
