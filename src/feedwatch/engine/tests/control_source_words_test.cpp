// What several say of one position, of which each knows something else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const PositionKey p1{"v", "S", "p1"};
const WallTime hours_ago = FakeClock().wall_now() - 5h;

/// As a list has it that knows nothing of when it was opened.
PositionList::Element element(const char* entry = "100", const char* quantity = "1") {
  return {.position = {.id = "p1",
                       .venue = "v",
                       .symbol = "S",
                       .side = Side::buy,
                       .entry_price = *Decimal::parse(entry),
                       .quantity = *Decimal::parse(quantity),
                       .opened_at = {}}};
}
PositionList::Element opened(WallTime at, PositionList::Element made = element()) {
  made.position.opened_at = at;
  made.dated = true;
  return made;
}

/// One stream whose price comes each second, and stops.
class World {
 public:
  explicit World(Recovered known = {}, const char* first = "100")
      : bench(std::move(known), options()), stream(bench.watch("S")) {
    PriceTap::attach(bench.monitor, stream.stream, bench.tap);
    bench.price(stream, first);
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    bench.deliver_prices();
  }
  static ControlOptions options() {
    ControlOptions made;
    made.position_rules.trailing.emplace();
    return made;
  }

  ListTaken take(const std::string& source, PositionList::Element one) {
    PositionList list{.ready = true};
    list.elements.push_back(std::move(one));
    const auto taken = bench.control.list_positions(source, std::move(list));
    EXPECT_TRUE(taken) << taken.error().text();
    bench.settle();
    return taken.value_or(ListTaken{});
  }
  /// A second later.
  void price(const char* text) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(stream, text);
    bench.deliver_prices();
  }
  const PositionLease& lease() const { return *bench.control.positions().book().find(p1); }
  /// What a later run finds.
  Recovered earlier() const {
    Recovered known;
    known.positions.push_back(bench.journal.rows<PositionRow>().back());
    const auto stops = bench.journal.rows<TrailingStopRow>();
    if (!stops.empty()) known.trailing_stops.push_back(stops.back());
    return known;
  }
  std::vector<std::string> told() const {
    std::vector<std::string> words;
    for (const auto& row : bench.decided) words.push_back(row.type + " " + row.stop.value_or(""));
    return words;
  }

  ControlBench bench;
  StreamStatus stream;
};

// ---- when it was opened -------------------------------------------------------------------------

TEST(ControlSourceWords, a_list_without_a_date_and_one_with_it_are_about_one_position) {
  World world;
  EXPECT_EQ(world.take("exchange", element()).registered, 1U);
  EXPECT_EQ(world.take("bot", opened(hours_ago)).changed, 1U);
  EXPECT_EQ(world.lease().position.opened_at, hours_ago);
  EXPECT_EQ(world.take("exchange", element()).renewed, 1U);
  EXPECT_EQ(world.take("bot", opened(hours_ago)).renewed, 1U);
  EXPECT_EQ(world.lease().position.opened_at, hours_ago);
  EXPECT_THAT(world.take("other", opened(hours_ago - 1s)).faults, SizeIs(1));
}

TEST(ControlSourceWords, so_are_a_registration_without_a_date_and_a_list_with_it) {
  World world;
  Position held = element().position;
  held.opened_at = undated;
  ASSERT_TRUE(world.bench.control.put_position(held, {}, "bot"));
  EXPECT_EQ(world.lease().position.opened_at, world.bench.clock.wall_now());
  EXPECT_EQ(world.take("exchange", opened(hours_ago)).changed, 1U);
  ASSERT_TRUE(world.bench.control.put_position(held, {}, "bot"));
  EXPECT_EQ(world.lease().position.opened_at, hours_ago);
}

TEST(ControlSourceWords, a_restart_remembers_that_nobody_has_said_when) {
  World first;
  first.take("exchange", element());
  first.bench.run_until(t0 + 30s);
  World second(first.earlier());
  EXPECT_TRUE(second.lease().opening_assumed);
  EXPECT_EQ(second.take("bot", opened(hours_ago)).changed, 1U);
  World third(second.earlier());
  EXPECT_FALSE(third.lease().opening_assumed);
  EXPECT_EQ(third.take("exchange", element()).renewed, 1U);
  EXPECT_THAT(third.take("other", opened(hours_ago - 1s)).faults, SizeIs(1));
}

/// A stop is of the position opened at that moment; the moment is what was wrong.
TEST(ControlSourceWords, a_stop_outlives_that_the_date_becomes_known) {
  World world;
  world.take("exchange", element());
  world.price("110");
  ASSERT_THAT(world.told(), ElementsAre("activated 109.450"));
  ASSERT_TRUE(world.bench.control.answer_decision(p1, 1, true));
  world.bench.settle();
  world.take("bot", opened(hours_ago));
  // Killed at once: what is on the disk goes together.
  World later(world.earlier(), "110");
  later.price("109.4");
  EXPECT_THAT(later.told(), ElementsAre("triggered 109.450"));
  world.price("109.4");
  EXPECT_EQ(world.told().back(), "triggered 109.450");
}

}  // namespace
}  // namespace feedwatch::engine
