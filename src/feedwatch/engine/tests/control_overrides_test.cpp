// Rules of a position that are not the configuration's.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Words = std::vector<std::string>;

ControlOptions trailing() {
  ControlOptions options;
  options.position_rules.trailing.emplace();
  return options;
}

PositionTerms terms(std::string_view stop, std::string_view aged = "") {
  PositionTerms made;
  if (!stop.empty()) made.rules.trailing = *trailing_override(stop);
  if (!aged.empty()) made.rules.aged = *aged_override(aged);
  return made;
}

/// One stream on the tap, and positions of one long at 100 by whatever rules.
class World {
 public:
  explicit World(ControlOptions options, Recovered recovered = {})
      : bench(std::move(recovered), std::move(options)), stream(bench.watch("S")) {
    PriceTap::attach(bench.monitor, stream.stream, bench.tap);
    bench.price(stream, "100");
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    bench.deliver_prices();
  }

  Result<PositionView> put(PositionTerms wanted = {}, Duration held = 1min,
                           const std::string& id = "p1") {
    auto view = bench.control.put_position({.id = id,
                                            .venue = "v",
                                            .symbol = "S",
                                            .side = Side::buy,
                                            .entry_price = Decimal{100, 0},
                                            .quantity = Decimal{2, 0},
                                            .opened_at = FakeClock().wall_now() - held},
                                           {}, "bot", std::move(wanted));
    bench.settle();
    return view;
  }
  /// A second later.
  void price(const char* text) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(stream, text);
    bench.deliver_prices();
  }
  Words told() const {
    Words words;
    for (const PositionDecisionRow& row : bench.decided) {
      if (row.type == "price_check" || row.type == "rolled_back") continue;
      words.push_back(fmt::format("{} {} {}", row.position, row.type, row.stop.value_or("")));
    }
    return words;
  }
  /// What a later run finds.
  Recovered earlier() {
    Recovered known;
    known.positions.push_back(bench.journal.rows<PositionRow>().back());
    const auto stops = bench.journal.rows<TrailingStopRow>();
    if (!stops.empty()) known.trailing_stops.push_back(stops.back());
    return known;
  }

  ControlBench bench;
  StreamStatus stream;
};

TEST(ControlOverrides, each_position_is_protected_by_its_own_numbers) {
  World world(trailing());
  ASSERT_TRUE(world.put());
  ASSERT_TRUE(world.put(terms("callback_percent=0.2 activation_percent=1"), 1min, "tight"));
  ASSERT_TRUE(world.put(terms("off"), 1min, "none"));
  world.price("102");
  EXPECT_THAT(world.told(), ElementsAre("p1 activated 101.490", "tight activated 101.796"));
  world.price("101.7");
  EXPECT_THAT(world.told(), testing::Contains(HasSubstr("tight triggered")));
  EXPECT_THAT(world.told(), SizeIs(3));
}

TEST(ControlOverrides, a_rule_that_is_not_enabled_is_one_positions_own) {
  ControlOptions options;
  options.position_rules.trailing_numbers.callback_percent = Decimal{1, 0};
  World world(options);
  ASSERT_TRUE(world.put());
  ASSERT_TRUE(world.put(terms("on", "max_age=30s"), 1min, "own"));
  world.price("102");
  EXPECT_THAT(world.told(), ElementsAre("own phase_change ", "own activated 100.98"));
}

TEST(ControlOverrides, wrong_numbers_are_refused_by_the_rules_name_and_nothing_changes) {
  World world(trailing());
  ASSERT_TRUE(world.put());
  const auto refused = world.put(terms("callback_percent=0"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "trailing");
  EXPECT_THAT(refused.error().why, HasSubstr("callback_percent must be above 0"));
  EXPECT_FALSE(world.bench.control.positions().book().find({"v", "S", "p1"})->terms.rules.trailing);
  world.price("102");
  EXPECT_THAT(world.told(), ElementsAre("p1 activated 101.490"));
}

TEST(ControlOverrides, what_changes_keeps_the_peak_and_a_stop_never_moves_back) {
  World world(trailing());
  ASSERT_TRUE(world.put());
  world.price("110");
  ASSERT_THAT(world.told(), ElementsAre("p1 activated 109.450"));
  ASSERT_TRUE(world.put(terms("callback_percent=5")));
  world.price("109.5");
  EXPECT_THAT(world.bench.journal.rows<TrailingStopRow>().back().stop, "109.450");
  ASSERT_TRUE(world.put(terms("callback_percent=0.2")));
  world.price("109.6");
  EXPECT_THAT(world.told().back(), "p1 triggered 109.780") << "of the peak from before";
}

TEST(ControlOverrides, a_stop_that_was_switched_off_begins_anew) {
  World world(trailing());
  ASSERT_TRUE(world.put());
  world.price("110");
  ASSERT_TRUE(world.put(terms("off")));
  world.price("100");
  ASSERT_TRUE(world.put());
  world.price("100.5");
  EXPECT_THAT(world.told(), ElementsAre("p1 activated 109.450")) << "and none is hit";
  world.price("102");
  EXPECT_THAT(world.told(), SizeIs(2));
  EXPECT_GT(world.bench.decided.back().number, world.bench.decided.front().number);
}

TEST(ControlOverrides, survive_a_restart) {
  Recovered known;
  {
    World world(trailing());
    ASSERT_TRUE(world.put(terms("callback_percent=0.2", "off")));
    world.price("110");
    known = world.earlier();
    EXPECT_EQ(known.positions[0].trailing, "callback_percent=0.2");
    EXPECT_EQ(known.positions[0].aged, "off");
  }
  World world(trailing(), known);
  const PositionLease* lease = world.bench.control.positions().book().find({"v", "S", "p1"});
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(lease->terms, terms("callback_percent=0.2", "off"));
  world.price("109.7");
  EXPECT_THAT(world.told(), ElementsAre("p1 triggered 109.780"));
}

/// Of two runs, the first without the rule the second has again.
TEST(ControlOverrides, a_rule_that_is_switched_off_across_a_restart_begins_anew_after_the_next) {
  ControlOptions both = trailing();
  both.position_rules.aged.emplace();
  Recovered known;
  {
    World world(both);
    ASSERT_TRUE(world.put({}, 4h));
    world.price("101");
    world.price("110");
    ASSERT_THAT(world.told().back(), "p1 activated 109.450");
    known = world.earlier();
    known.aged_positions.push_back(world.bench.journal.rows<AgedPositionRow>().back());
    ASSERT_TRUE(known.aged_positions[0].reached);
  }
  {
    World world(ControlOptions{}, known);
    world.price("100");
    ASSERT_THAT(world.bench.journal.rows<TrailingStopRow>(), SizeIs(1));
    const TrailingStopRow stop = world.bench.journal.rows<TrailingStopRow>()[0];
    EXPECT_EQ(stop.state, "inactive");
    EXPECT_EQ(stop.peak, "100");
    EXPECT_FALSE(stop.stop);
    EXPECT_EQ(stop.decisions, known.trailing_stops[0].decisions) << "numbers go on";
    ASSERT_THAT(world.bench.journal.rows<AgedPositionRow>(), SizeIs(1));
    const AgedPositionRow aged = world.bench.journal.rows<AgedPositionRow>()[0];
    EXPECT_EQ(aged.phase, "young");
    EXPECT_FALSE(aged.reached);
    known.trailing_stops = {stop};
    known.aged_positions = {aged};
  }
  {
    World world(ControlOptions{}, known);
    world.price("100");
    EXPECT_THAT(world.bench.journal.rows<TrailingStopRow>(), IsEmpty()) << "it says so already";
    EXPECT_THAT(world.bench.journal.rows<AgedPositionRow>(), IsEmpty());
  }
  World world(both, known);
  world.price("100.1");
  EXPECT_THAT(world.told(), ElementsAre("p1 phase_change ")) << "and no stop is hit";
  world.price("102");
  EXPECT_THAT(world.told().back(), "p1 activated 101.490");
  EXPECT_GT(world.bench.decided.back().number, known.trailing_stops[0].decisions);
}

/// Not only by the configuration: what is taken back while it runs is not found by the next run.
TEST(ControlOverrides, what_is_kept_of_a_rule_ends_with_it) {
  World world(ControlOptions{});
  ASSERT_TRUE(world.put(terms("on")));
  world.price("110");
  ASSERT_EQ(world.bench.journal.rows<TrailingStopRow>().back().state, "active");
  ASSERT_TRUE(world.put());
  world.price("110");
  EXPECT_EQ(world.bench.journal.rows<TrailingStopRow>().back().state, "inactive");
  const std::size_t rows = world.bench.journal.rows<TrailingStopRow>().size();
  for (int i = 0; i < 5; ++i) world.price("110");
  EXPECT_THAT(world.bench.journal.rows<TrailingStopRow>(), SizeIs(rows)) << "once";
}

TEST(ControlOverrides, numbers_that_contradict_a_changed_configuration_are_a_finding) {
  Recovered known;
  {
    World world(trailing());
    ASSERT_TRUE(world.put(terms("breakeven_percent=0.5")));
    known = world.earlier();
  }
  ControlOptions options = trailing();
  options.position_rules.trailing->commission_percent = Decimal{3, 1};
  World world(options, known);
  world.price("110");
  EXPECT_THAT(world.told(), IsEmpty());
  ASSERT_THAT(world.bench.open(),
              ElementsAre(R"(position_quarantined{position="p1",symbol="S",venue="v"} critical)"));
  EXPECT_THAT(world.bench.control.alerts(0)[0].row.message, HasSubstr("breakeven_percent"));
  ASSERT_TRUE(world.put());
  world.price("111");
  EXPECT_THAT(world.told(), SizeIs(1));
}

TEST(ControlOverrides, a_later_age_takes_a_phase_back_and_is_not_told_as_broken_after_a_restart) {
  ControlOptions options;
  options.position_rules.aged.emplace();
  World world(options);
  ASSERT_TRUE(world.put({}, 4h));
  world.price("101");
  EXPECT_THAT(world.told(), ElementsAre("p1 phase_change ", "p1 target_reached "));
  ASSERT_TRUE(world.put(terms("", "max_age=6h"), 4h));
  world.price("101");
  EXPECT_EQ(world.bench.decided.back().phase, "young");
  Recovered known;
  known.positions.push_back(world.bench.journal.rows<PositionRow>().back());
  known.aged_positions.push_back(world.bench.journal.rows<AgedPositionRow>().back());
  EXPECT_FALSE(known.aged_positions[0].reached);
  World again(options, known);
  again.price("101");
  EXPECT_THAT(again.bench.open(), IsEmpty());
}

}  // namespace
}  // namespace feedwatch::engine
