// Decisions the store refuses, has no room for, or does not answer: nobody is told of them too
// early or out of order, and nothing is lost in silence.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* unstored =
    R"(decision_unstored{position="p1",symbol="S",venue="v"} critical)";

ControlOptions trailing() {
  ControlOptions options;
  options.position_rules.trailing.emplace();
  return options;
}

Position position(const std::string& id, Side side) {
  return {.id = id,
          .venue = "v",
          .symbol = "S",
          .side = side,
          .entry_price = *Decimal::parse("100"),
          .quantity = *Decimal::parse("2"),
          .opened_at = FakeClock().wall_now() - 1min};
}

/// A control with one stream and positions on it, whose store refuses what it is told to.
class Unstored {
 public:
  explicit Unstored(Recovered recovered = {}, const char* first = "100")
      : bench(std::move(recovered), trailing()), stream(bench.watch("S")) {
    PriceTap::attach(bench.monitor, stream.stream, bench.tap);
    bench.price(stream, first);
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    bench.deliver_prices();
  }
  void hold(const std::string& id, Side side = Side::buy) {
    ASSERT_TRUE(bench.control.put_position(position(id, side), {}, "bot"));
    bench.settle();
  }
  void price(const char* text) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(stream, text);
    bench.deliver_prices();
  }
  void pass(Duration time, const char* text) {
    for (const MonoTime end = bench.clock.time + time; bench.clock.time < end;) price(text);
  }
  /// No batch with a decision of that type is ever taken.
  void refuse(const std::string& type) {
    bench.journal.refuses = [type](const JournalBatch& batch) {
      return std::ranges::any_of(batch.rows, [&](const JournalRow& row) {
        const auto* decision = std::get_if<PositionDecisionRow>(&row);
        return decision != nullptr && decision->type == type;
      });
    };
  }
  std::vector<std::string> told() const {
    std::vector<std::string> words;
    for (const PositionDecisionRow& row : bench.decided) {
      words.push_back(fmt::format("{} {} {}", row.position, row.number, row.type));
    }
    return words;
  }
  AlertRow alert() const {
    for (const AlertView& view : bench.control.alerts(0)) {
      if (view.row.name == "decision_unstored") return view.row;
    }
    return {};
  }
  Recovered earlier() const {
    Recovered known;
    known.positions.push_back(bench.journal.rows<PositionRow>().back());
    for (const auto& row : bench.journal.rows<TrailingStopRow>()) known.trailing_stops = {row};
    for (const AlertView& view : bench.control.alerts(0)) known.open_alerts.push_back(view.row);
    return known;
  }

  ControlBench bench;
  StreamStatus stream;
};

TEST(ControlUnstored, what_was_given_up_is_an_alert_by_name_until_it_is_stored_and_told) {
  Unstored world;
  world.hold("p1");
  world.refuse("activated");
  world.price("102");
  world.pass(8s, "102");
  ASSERT_THAT(world.bench.open(), Contains(unstored));
  EXPECT_THAT(world.alert().message, AllOf(HasSubstr("decision v/S/p1/"),
                                           HasSubstr("(p1, entry 100"), HasSubstr("disk full")));
  EXPECT_THAT(world.told(), IsEmpty());
  world.bench.journal.refuses = {};
  world.pass(40s, "102");
  EXPECT_THAT(world.told(), Contains("p1 1 activated"));
  EXPECT_THAT(world.bench.journal.rows<PositionDecisionRow>().front().type, "activated");
  world.pass(90s, "102");
  EXPECT_THAT(world.bench.open(), Not(Contains(unstored)));
}

TEST(ControlUnstored, what_comes_after_it_is_not_told_before_it_and_others_do_not_wait) {
  Unstored world;
  world.hold("p1");
  world.hold("p2");
  world.bench.journal.refuses = [](const JournalBatch& batch) {
    return std::ranges::any_of(batch.rows, [](const JournalRow& row) {
      const auto* decision = std::get_if<PositionDecisionRow>(&row);
      return decision != nullptr && decision->position == "p1" && decision->number == 1;
    });
  };
  world.price("102");
  world.pass(10s, "102");
  EXPECT_THAT(world.told(), Contains("p2 1 activated"));
  world.pass(12s, "101");
  EXPECT_THAT(world.told(), Contains(HasSubstr("p2 2 ")));
  EXPECT_THAT(world.told(), Not(Contains(HasSubstr("p1 "))));
  for (const auto& row : world.bench.journal.rows<PositionDecisionRow>()) {
    EXPECT_EQ(row.position, "p2") << "nor is it readable before it";
  }
  world.bench.journal.refuses = {};
  world.pass(20s, "101");
  std::int64_t newest = 0;
  for (const PositionDecisionRow& row : world.bench.decided) {
    if (row.position != "p1") continue;
    EXPECT_EQ(row.number, ++newest);
  }
  EXPECT_GE(newest, 2);
}

TEST(ControlUnstored, what_is_refused_for_good_is_an_alert_until_the_position_is_closed) {
  Unstored world;
  world.hold("p1");
  world.refuse("activated");
  world.price("102");
  for (int i = 0; i < 900; ++i) world.price("102");
  EXPECT_THAT(world.bench.event_texts(Control::Event::Type::position),
              Contains(HasSubstr("is not stored and told to nobody: the store refuses it")));
  EXPECT_THAT(world.bench.open(), Contains(unstored));
  EXPECT_THAT(world.alert().metadata, HasSubstr("\"key\":\"v/S/p1/"));
  world.bench.journal.refuses = {};
  world.pass(5min, "102");
  EXPECT_THAT(world.bench.open(), Contains(unstored)) << "it was never told";
  EXPECT_THAT(world.told(), Not(IsEmpty())) << "what came after it was";
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p1"}));
  world.bench.run_until(world.bench.clock.time + 90s);
  EXPECT_THAT(world.bench.open(), Not(Contains(unstored)));
}

/// What is kept of the rule never knows of a decision that is not: it is made again.
TEST(ControlUnstored, killed_while_a_decision_waits_it_is_decided_again_under_its_number) {
  Recovered known;
  {
    Unstored world;
    world.hold("p1");
    world.price("102");
    world.refuse("triggered");
    world.price("101.4");
    world.pass(30s, "101.4");
    EXPECT_THAT(world.told(), Not(Contains(HasSubstr("triggered"))));
    known = world.earlier();
    ASSERT_NE(known.trailing_stops.at(0).state, "triggered");
  }
  Unstored world(known, "101.4");
  world.pass(3s, "101.4");
  EXPECT_THAT(world.told(), ElementsAre("p1 2 triggered"));
  world.pass(90s, "101.4");
  EXPECT_THAT(world.bench.open(), Not(Contains(unstored)));
}

TEST(ControlUnstored, a_store_that_does_not_answer_for_ten_seconds_is_an_alert_by_name) {
  Unstored world;
  world.hold("p1");
  world.bench.journal.hanging = true;
  world.price("102");
  world.pass(9s, "102");
  EXPECT_THAT(world.bench.open(), Not(Contains(unstored)));
  world.bench.run_until(world.bench.clock.time + 1s);
  EXPECT_THAT(world.bench.open(), Contains(unstored));
  EXPECT_THAT(world.alert().message, HasSubstr("v/S/p1/"));
}

TEST(ControlUnstored, closing_the_position_ends_what_is_said_about_its_decisions) {
  Unstored world;
  world.hold("p1");
  world.refuse("activated");
  world.price("102");
  world.pass(8s, "102");
  ASSERT_THAT(world.bench.open(), Contains(unstored));
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p1"}));
  world.bench.run_until(world.bench.clock.time + 90s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  EXPECT_THAT(world.bench.event_texts(Control::Event::Type::position),
              Contains(HasSubstr("told to nobody: its position is closed")));
  EXPECT_THAT(world.told(), IsEmpty());
}

/// A restart would not find it.
TEST(ControlUnstored, a_position_the_store_refuses_is_stored_when_it_takes_it) {
  Unstored world;
  world.bench.journal.refuses = [](const JournalBatch& batch) {
    return std::ranges::any_of(batch.rows, [](const JournalRow& row) {
      const auto* position = std::get_if<PositionRow>(&row);
      return position != nullptr && position->id == "p1";
    });
  };
  world.hold("p1");
  world.hold("p2");
  world.pass(20s, "100");
  const auto stored = [&](const std::string& id) {
    std::optional<PositionRow> newest;
    for (PositionRow& row : world.bench.journal.rows<PositionRow>()) {
      if (row.id == id) newest = std::move(row);
    }
    return newest;
  };
  EXPECT_TRUE(stored("p2"));
  EXPECT_FALSE(stored("p1"));
  EXPECT_THAT(world.bench.event_texts(Control::Event::Type::position),
              Contains(HasSubstr("the store refuses its row")).Times(1));
  world.bench.journal.refuses = {};
  world.pass(60s, "100");
  ASSERT_TRUE(stored("p1"));
  EXPECT_FALSE(stored("p1")->closed_at);
}

TEST(ControlUnstored, a_position_closed_while_the_store_refuses_it_ends_there_too) {
  Unstored world;
  world.hold("p1");
  world.bench.journal.refuses = [](const JournalBatch& batch) {
    return std::ranges::any_of(
        batch.rows, [](const JournalRow& row) { return std::holds_alternative<PositionRow>(row); });
  };
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p1"}));
  world.pass(20s, "100");
  EXPECT_FALSE(world.bench.journal.rows<PositionRow>().back().closed_at);
  world.bench.journal.refuses = {};
  world.pass(60s, "100");
  EXPECT_TRUE(world.bench.journal.rows<PositionRow>().back().closed_at);
}

/// Each attempt holds up what comes behind it.
TEST(ControlUnstored, renewals_and_the_end_of_a_position_the_store_refuses_hold_up_nobody) {
  Unstored world;
  world.bench.journal.refuses = [](const JournalBatch& batch) {
    return std::ranges::any_of(
        batch.rows, [](const JournalRow& row) { return std::holds_alternative<PositionRow>(row); });
  };
  world.hold("p1");
  world.pass(20s, "100");
  const auto pending = [&] { return world.bench.control.counters().journal_pending; };
  ASSERT_EQ(pending(), 0U);
  for (int i = 0; i < 20; ++i) world.hold("p1");
  EXPECT_EQ(pending(), 0U);
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p1"}));
  world.bench.settle();
  world.bench.run_until(world.bench.clock.time + 200ms);
  EXPECT_THAT(world.bench.journal.rows<AgedMonitoringEventRow>(),
              Contains(testing::Field(&AgedMonitoringEventRow::event_type, "closed")));
}

TEST(ControlUnstored, stopping_does_not_wait_for_a_store_that_refuses) {
  Unstored world;
  world.hold("p1");
  world.refuse("activated");
  world.price("102");
  world.pass(8s, "102");
  world.bench.control.hurry(world.bench.clock.time);
  world.bench.run_until(world.bench.clock.time + 5s);
  EXPECT_TRUE(world.bench.control.drained());
}

}  // namespace
}  // namespace feedwatch::engine
