// From accepted prices to decisions that are written and told.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Words = std::vector<std::string>;

const PositionKey p1{"v", "S", "p1"};

Position position(Side side = Side::buy) {
  return {.id = "p1",
          .venue = "v",
          .symbol = "S",
          .side = side,
          .entry_price = *Decimal::parse("100"),
          .quantity = *Decimal::parse("2"),
          .opened_at = FakeClock().wall_now() - 1min};
}

/// Default stops: active at 101.5, stop 0.5 % below the peak.
ControlOptions trailing() {
  ControlOptions options;
  options.position_rules.trailing.emplace();
  return options;
}
ControlOptions aged() {
  ControlOptions options;
  options.position_rules.aged.emplace();
  return options;
}

/// A control with one stream that is on the tap and a position on it.
class Decisions {
 public:
  explicit Decisions(ControlOptions options, Recovered recovered = {}, const char* first = "100")
      : bench(std::move(recovered), std::move(options)), stream(bench.watch("S")) {
    PriceTap::attach(bench.monitor, stream.stream, bench.tap);
    bench.price(stream, first);
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    bench.deliver_prices();
  }

  void hold(const Position& held = position()) {
    ASSERT_TRUE(bench.control.put_position(held, {}, "bot"));
    bench.settle();
  }
  /// A second later.
  void price(const char* text) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(stream, text);
    bench.deliver_prices();
  }
  void confirm() {
    ASSERT_TRUE(bench.control.answer_decision(
        p1, static_cast<std::uint64_t>(bench.decided.back().number), true));
    bench.settle();
  }
  Words told() const {
    Words words;
    for (const PositionDecisionRow& row : bench.decided) {
      if (row.type == "price_check") continue;
      words.push_back(fmt::format("{} {} {}", row.number, row.type, row.stop.value_or("")));
    }
    return words;
  }

  ControlBench bench;
  StreamStatus stream;
};

TEST(ControlDecisions, a_stop_follows_and_triggers_and_every_step_is_written_before_it_is_told) {
  Decisions world(trailing());
  world.hold();
  world.price("101");
  EXPECT_THAT(world.told(), IsEmpty());
  world.price("102");
  ASSERT_THAT(world.told(), ElementsAre("1 activated 101.490"));
  const PositionDecisionRow& row = world.bench.decided[0];
  EXPECT_EQ(row.rule, "trailing");
  EXPECT_EQ(row.price, "102");
  EXPECT_EQ(row.peak, "102");
  EXPECT_EQ(row.receive_age_seconds, 0.0);
  EXPECT_EQ(row.source, "live");
  EXPECT_THAT(row.id, HasSubstr("v/S/p1/"));
  world.confirm();
  world.price("110");
  world.confirm();
  world.price("109.4");
  EXPECT_THAT(world.told(),
              ElementsAre("1 activated 101.490", "2 stop_moved 109.450", "3 triggered 109.450"));
  const auto rows = world.bench.journal.rows<PositionDecisionRow>();
  EXPECT_THAT(rows, SizeIs(3));
  EXPECT_EQ(world.bench.journal.rows<TrailingStopRow>().back().state, "triggered");
}

TEST(ControlDecisions, what_is_not_written_is_not_told) {
  Decisions world(trailing());
  world.hold();
  world.bench.journal.fail_next = 3;
  world.price("102");
  EXPECT_THAT(world.told(), IsEmpty());
  world.bench.run_until(world.bench.clock.time + 60s);
  EXPECT_THAT(world.told(), Contains("1 activated 101.490"));
  EXPECT_THAT(world.bench.journal.rows<PositionDecisionRow>(), Not(IsEmpty()));
}

TEST(ControlDecisions, a_wick_between_two_looks_triggers) {
  Decisions world(trailing());
  world.hold();
  world.price("102");
  world.confirm();
  world.bench.price(world.stream, "101.4");
  world.bench.clock.time += 1ms;
  world.bench.price(world.stream, "102.1");
  world.bench.deliver_prices();
  EXPECT_THAT(world.told(), Contains("2 triggered 101.490"));
}

TEST(ControlDecisions, a_price_that_has_grown_old_on_the_way_decides_nothing) {
  Decisions world(trailing());
  world.hold();
  world.bench.price(world.stream, "102");
  world.bench.clock.time += 6s;  // our own thread stood still
  world.bench.deliver_prices();
  EXPECT_THAT(world.told(), IsEmpty());
  world.price("102");
  EXPECT_THAT(world.told(), SizeIs(1));
}

TEST(ControlDecisions, what_nobody_confirms_is_proposed_again_and_then_an_alert) {
  Decisions world(trailing());
  world.hold();
  for (int i = 0; i < 60; ++i) world.price("102");
  EXPECT_THAT(world.bench.open(),
              Contains(R"(position_unconfirmed{position="p1",symbol="S",venue="v"} warning)"));
  EXPECT_THAT(world.told(), Contains(HasSubstr("rolled_back")));
  ASSERT_TRUE(world.bench.control.close_position(p1));
  world.bench.settle();
  EXPECT_THAT(world.bench.open(), IsEmpty());
  const std::size_t before = world.bench.decided.size();
  for (const char* text : {"110", "90"}) world.price(text);
  EXPECT_THAT(world.bench.decided, SizeIs(before)) << "nothing is decided about what is closed";
  EXPECT_FALSE(world.bench.control.answer_decision(p1, 1, true));
}

TEST(ControlDecisions, a_peak_is_written_the_moment_it_moves) {
  Decisions world(trailing());
  world.hold();
  world.price("102");
  world.confirm();
  for (const char* text : {"102.01", "102.02", "102.01"}) {
    world.bench.clock.time += 1ms;
    world.bench.price(world.stream, text);
    world.bench.deliver_prices();
  }
  EXPECT_THAT(world.told(), ElementsAre("1 activated 101.490"));
  EXPECT_EQ(world.bench.journal.rows<TrailingStopRow>().back().peak, "102.02");
}

TEST(ControlDecisions, what_moves_while_the_disk_is_slow_is_written_with_its_answer) {
  Decisions world(trailing());
  world.hold();
  world.price("102");
  world.confirm();
  world.bench.journal.hanging = true;
  for (const char* text : {"102.01", "102.02", "102.03"}) {
    world.bench.clock.time += 1ms;
    world.bench.price(world.stream, text);
    world.bench.deliver_prices();
  }
  EXPECT_THAT(world.bench.journal.asked, SizeIs(1));
  world.bench.journal.hanging = false;
  world.bench.settle();
  EXPECT_EQ(world.bench.journal.rows<TrailingStopRow>().back().peak, "102.03");
}

TEST(ControlDecisions, under_load_peaks_are_written_each_second) {
  Decisions world(trailing());
  for (int i = 0; i < 500; ++i) {
    Position held = position();
    held.id = fmt::format("p{}", i);
    world.hold(held);
  }
  world.price("102");
  world.price("102.01");
  const auto written = [&] {
    std::size_t count = 0;
    for (const auto& row : world.bench.journal.rows<TrailingStopRow>()) {
      if (row.peak == "102.01") ++count;
    }
    return count;
  };
  EXPECT_GT(written(), 0U);
  EXPECT_LE(written(), 200U);
  world.bench.run_until(world.bench.clock.time + 2s);
  EXPECT_EQ(written(), 500U);
}

Recovered earlier(Decisions& world) {
  Recovered known;
  const auto& journal = world.bench.journal;
  known.positions.push_back(journal.rows<PositionRow>().back());
  for (const auto& row : journal.rows<TrailingStopRow>()) known.trailing_stops = {row};
  for (const auto& row : journal.rows<AgedPositionRow>()) known.aged_positions = {row};
  return known;
}

TEST(ControlDecisions, a_restart_loses_no_stop_and_uses_no_number_twice) {
  Recovered known;
  {
    Decisions world(trailing());
    world.hold();
    world.price("110");
    world.confirm();
    world.price("110");
    known = earlier(world);
  }
  Decisions world(trailing(), known, "110");
  world.price("109.9");
  EXPECT_THAT(world.told(), IsEmpty()) << "the confirmed stop stands";
  world.price("109");
  EXPECT_THAT(world.told(), ElementsAre("2 triggered 109.450"));
}

TEST(ControlDecisions, a_stop_that_contradicts_itself_decides_nothing_and_is_told) {
  Recovered known;
  {
    Decisions world(trailing());
    world.hold();
    world.price("110");
    known = earlier(world);
  }
  known.trailing_stops[0].stop = "120";  // above its own peak
  Decisions world(trailing(), known, "110");
  world.price("109");
  EXPECT_THAT(world.told(), IsEmpty());
  EXPECT_THAT(world.bench.open(),
              Contains(R"(position_quarantined{position="p1",symbol="S",venue="v"} critical)"));
}

TEST(ControlDecisions, an_aged_position_is_told_by_its_target) {
  Decisions world(aged());
  Position old = position();
  old.opened_at = FakeClock().wall_now() - 5h;
  world.hold(old);
  world.price("100.1");
  EXPECT_THAT(world.told(), ElementsAre("1 phase_change "));
  world.price("100.3");
  const PositionDecisionRow row = world.bench.decided.back();
  EXPECT_EQ(row.type, "target_reached");
  EXPECT_EQ(row.target, "100.200");
  EXPECT_EQ(row.phase, "grace");
  const auto events = world.bench.journal.rows<AgedMonitoringEventRow>();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().event_type, "target_reached");
  EXPECT_EQ(events.back().market_price, "100.3");
  EXPECT_EQ(events.back().target_price, "100.200");
  EXPECT_NEAR(*events.back().price_distance_percent, 0.0998, 0.0001);
  EXPECT_EQ(world.bench.journal.rows<AgedPositionRow>().back().reached, true);
}

TEST(ControlDecisions, what_is_closed_and_registered_again_uses_no_key_twice) {
  Decisions world(trailing());
  world.hold();
  world.price("102");
  ASSERT_TRUE(world.bench.control.close_position(p1));
  world.price("100");
  world.hold();
  world.price("102");
  ASSERT_THAT(world.bench.decided, SizeIs(2));
  EXPECT_EQ(world.bench.decided[0].number, world.bench.decided[1].number);
  EXPECT_NE(world.bench.decided[0].id, world.bench.decided[1].id);
}

TEST(ControlDecisions, a_price_that_was_only_compared_is_an_event_and_no_decision) {
  Decisions world(aged());
  Position old = position();
  old.opened_at = FakeClock().wall_now() - 5h;
  world.hold(old);
  for (int i = 0; i < 150; ++i) world.price("99");
  EXPECT_THAT(world.told(), ElementsAre("1 phase_change "));
  EXPECT_THAT(world.bench.decided, SizeIs(1));
  std::size_t samples = 0;
  for (const auto& row : world.bench.journal.rows<AgedMonitoringEventRow>()) {
    if (row.event_type == "price_check") ++samples;
  }
  EXPECT_EQ(samples, 3U);
}

TEST(ControlDecisions, an_entry_price_that_is_corrected_leaves_the_stop_working) {
  Decisions world(trailing());
  world.hold();
  Position corrected = position();
  corrected.entry_price = *Decimal::parse("100.1");
  world.hold(corrected);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.price("102");
  EXPECT_THAT(world.told(), ElementsAre("1 activated 101.490"));
}

/// Its stop is at work while a bot sells half of it.
TEST(ControlDecisions, a_quantity_that_changes_leaves_the_open_proposal_alone) {
  Decisions world(trailing());
  world.hold();
  world.price("102");
  Position half = position();
  half.quantity = *Decimal::parse("1");
  world.hold(half);
  world.confirm();
  for (int i = 0; i < 20; ++i) world.price("102");
  EXPECT_THAT(world.told(), ElementsAre("1 activated 101.490")) << "it has been confirmed";
}

TEST(ControlDecisions, a_price_that_stands_already_is_one_to_decide_by) {
  Decisions world(trailing());
  world.bench.price(world.stream, "102");
  world.bench.deliver_prices();
  world.hold();
  world.bench.run_until(world.bench.clock.time + 1s);
  EXPECT_THAT(world.told(), ElementsAre("1 activated 101.490")) << "without another price";
}

TEST(ControlDecisions, what_is_open_about_a_rule_ends_when_it_begins_anew) {
  Recovered known;
  {
    Decisions world(trailing());
    world.hold();
    for (int i = 0; i < 60; ++i) world.price("102");
    known = earlier(world);
    for (const AlertView& view : world.bench.control.alerts(0)) {
      known.open_alerts.push_back(view.row);
    }
    ASSERT_THAT(known.open_alerts, SizeIs(1));
  }
  Decisions world(trailing(), known, "102");
  for (int i = 0; i < 70; ++i) {
    world.price("102");
    if (!world.bench.decided.empty()) world.confirm();
  }
  EXPECT_THAT(world.bench.open(), IsEmpty());
}

TEST(ControlDecisions, what_was_given_up_is_not_told) {
  Decisions world(trailing());
  world.hold();
  world.bench.journal.refused_key = "decisions";
  world.price("102");
  for (int i = 0; i < 600; ++i) world.price("102");
  EXPECT_THAT(world.bench.decided, IsEmpty());
}

TEST(ControlDecisions, without_rules_nothing_is_decided) {
  Decisions world({});
  world.hold();
  for (const char* text : {"102", "110", "90"}) world.price(text);
  EXPECT_THAT(world.bench.decided, IsEmpty());
  EXPECT_THAT(world.bench.journal.rows<TrailingStopRow>(), IsEmpty());
}

}  // namespace
}  // namespace feedwatch::engine
