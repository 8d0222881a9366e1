// What several say of one position, of which each knows something else.

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
using testing::SizeIs;

const PositionKey p1{"v", "S", "p1"};
const WallTime hours_ago = FakeClock().wall_now() - 5h;
constexpr const char* disputed = R"(position_disputed{position="p1",symbol="S",venue="v"} warning)";

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

using State = FakeMarks;  ///< what a later run finds

/// One stream whose price comes each second, and stops.
class World {
 public:
  explicit World(Recovered known = {}, const char* first = "100", State* kept = nullptr)
      : bench(std::move(known), options(), 64, nullptr, {}, nullptr,
              kept == nullptr ? &state : kept),
        stream(bench.watch("S")) {
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

  State state;
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

/// What is kept never knows of a decision that is not: nobody would decide it again.
TEST(ControlSourceWords, a_date_that_becomes_known_takes_no_decision_with_it_that_is_not_stored) {
  World world;
  world.take("exchange", element());
  world.bench.journal.refuses = [](const JournalBatch& batch) {
    return std::ranges::any_of(batch.rows, [](const JournalRow& row) {
      return std::holds_alternative<PositionDecisionRow>(row);
    });
  };
  world.price("110");
  ASSERT_THAT(world.told(), IsEmpty());
  world.take("bot", opened(hours_ago));
  World later(world.earlier(), "110");
  later.price("110");
  EXPECT_THAT(later.told(), ElementsAre("activated 109.450"));
}

/// A row of the date that was assumed is of the same position.
TEST(ControlSourceWords, a_stop_written_with_the_assumed_date_is_not_lost) {
  World world;
  world.take("exchange", element());
  world.price("110");
  ASSERT_TRUE(world.bench.control.answer_decision(p1, 1, true));
  world.bench.settle();
  Recovered earlier = world.earlier();
  ASSERT_THAT(earlier.positions, SizeIs(1));
  earlier.positions[0].opened_at = FakeClock().wall_now() - 4h;
  World later(std::move(earlier), "110");
  later.price("109.4");
  EXPECT_THAT(later.told(), ElementsAre("triggered 109.450"));
}

/// As of quantity and entry price: each turn would begin what the stop proposes anew.
TEST(ControlSourceWords, another_list_adds_rules_and_changes_none) {
  World world;
  const auto with = [](const char* callback) {
    PositionList::Element one = element();
    one.said.trailing = callback != nullptr;
    if (callback != nullptr) one.terms.rules.trailing = *trailing_override(callback);
    return one;
  };
  world.take("exchange", with(nullptr));
  EXPECT_EQ(world.take("bot", with("callback_percent=2")).changed, 1U) << "nobody has said it";
  EXPECT_EQ(world.take("other", with("callback_percent=3")).renewed, 1U);
  EXPECT_EQ(to_text(*world.lease().terms.rules.trailing), "callback_percent=2");
  EXPECT_EQ(world.take("exchange", with("callback_percent=1")).changed, 1U);
  EXPECT_EQ(world.take("bot", with("callback_percent=2")).renewed, 1U);
  EXPECT_EQ(to_text(*world.lease().terms.rules.trailing), "callback_percent=1");
}

// ---- what it was entered at, and how much of it there is ----------------------------------------

TEST(ControlSourceWords, sources_that_differ_do_not_take_turns) {
  World world;
  world.take("bot", element("100"));
  world.price("110");
  const std::size_t rows = world.bench.journal.rows<PositionRow>().size();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(world.take("exchange", element("100.1", "0.9")).renewed, 1U);
    EXPECT_EQ(world.take("bot", element("100")).renewed, 1U);
    world.price("110");
  }
  EXPECT_EQ(world.lease().position.entry_price, *Decimal::parse("100"));
  EXPECT_EQ(world.lease().position.quantity, *Decimal::parse("1"));
  EXPECT_THAT(world.told(), Not(Contains(HasSubstr("stop_moved")))) << "nothing begins anew";
  EXPECT_THAT(world.bench.journal.rows<PositionRow>(), SizeIs(rows));
  EXPECT_THAT(world.bench.open(), ElementsAre(disputed));
  const AlertRow row = world.bench.control.alerts(0).at(0).row;
  EXPECT_THAT(row.message, HasSubstr("is listed otherwise by exchange (quantity 0.9, entry 100.1): "
                                     "the word of bot counts"));
  EXPECT_EQ(row.metadata, R"({"finding":"disputed","counts":"bot","sources":[{"source":"exchange",)"
                          R"("entry_price":"100.1","quantity":"0.9"}]})");
  EXPECT_EQ(row.started_at, FakeClock().wall_now() + 1s);
  EXPECT_THAT(world.bench.hook.notices(), SizeIs(1)) << "told once";
}

TEST(ControlSourceWords, whose_word_counts_changes_it_and_the_other_may_follow) {
  World world;
  world.take("bot", element("100", "1"));
  world.take("exchange", element("100", "1"));
  EXPECT_EQ(world.take("bot", element("100", "0.5")).changed, 1U);
  world.bench.run_until(t0 + 9s);
  world.take("exchange", element("100", "0.5"));
  world.bench.run_until(t0 + 60s);
  EXPECT_THAT(world.bench.open(), Not(Contains(disputed))) << "one of them is always later";
  EXPECT_EQ(world.lease().position.quantity, *Decimal::parse("0.5"));
  world.take("exchange", element("100", "0.25"));
  world.bench.run_until(t0 + 69s);
  world.take("bot", element("100", "0.25"));
  world.bench.run_until(t0 + 120s);
  EXPECT_THAT(world.bench.open(), Not(Contains(disputed)));
  EXPECT_EQ(world.lease().position.quantity, *Decimal::parse("0.25"));
}

TEST(ControlSourceWords, a_source_that_lists_it_no_more_leaves_its_word_to_another) {
  World world;
  world.take("bot", element("100"));
  world.take("exchange", element("101"));
  EXPECT_TRUE(world.bench.control.list_positions("bot", PositionList{.ready = true}));
  world.take("exchange", element("101"));
  EXPECT_EQ(world.lease().position.entry_price, *Decimal::parse("100")) << "it may come back";
  world.bench.run_until(t0 + 10s);
  EXPECT_EQ(world.take("exchange", element("101")).changed, 1U);
  EXPECT_EQ(world.lease().listed_by, "exchange");
  EXPECT_EQ(world.bench.journal.rows<PositionRow>().back().listed_by, "exchange");
  world.take("bot", element("100"));
  EXPECT_EQ(world.lease().position.entry_price, *Decimal::parse("101"));
  ASSERT_TRUE(world.bench.control.forget_source("exchange"));
  EXPECT_EQ(world.take("bot", element("100")).changed, 1U);
  EXPECT_EQ(world.lease().listed_by, "bot");
}

TEST(ControlSourceWords, what_somebody_says_himself_counts_and_lists_are_held_against_it) {
  World world;
  world.take("bot", element("100"));
  Position held = element("102").position;
  held.opened_at = undated;
  ASSERT_TRUE(world.bench.control.put_position(held, {}, "me"));
  EXPECT_EQ(world.take("bot", element("100")).renewed, 1U);
  world.bench.run_until(t0 + 12s);
  EXPECT_EQ(world.lease().position.entry_price, *Decimal::parse("102"));
  EXPECT_THAT(world.bench.open(), Contains(disputed));
  EXPECT_THAT(world.bench.control.alerts(0).at(0).row.message,
              AllOf(HasSubstr("by bot (quantity 1, entry 100)"), HasSubstr("himself counts")));
  held.entry_price = *Decimal::parse("100");
  ASSERT_TRUE(world.bench.control.put_position(held, {}, "me"));
  world.bench.run_until(t0 + 100s);
  EXPECT_THAT(world.bench.open(), Not(Contains(disputed)));
}

TEST(ControlSourceWords, numbers_that_are_none_are_refused_whoever_says_them) {
  World world;
  world.take("bot", element());
  EXPECT_THAT(world.take("exchange", element("100", "0")).faults, SizeIs(1));
  EXPECT_THAT(world.take("exchange", element("-1", "1")).faults, SizeIs(1));
}

TEST(ControlSourceWords, a_restart_remembers_whose_word_counts_and_what_was_told) {
  World first;
  first.take("bot", element("100"));
  first.take("exchange", element("101"));
  first.bench.run_until(t0 + 12s);
  Recovered known = first.earlier();
  known.open_alerts.push_back(first.bench.control.alerts(0).at(0).row);
  ASSERT_EQ(known.open_alerts.back().name, "position_disputed");
  State lost;
  for (State* kept : {&first.state, &lost}) {
    World still(known, "100", kept);
    still.bench.run_until(t0 + 30s);
    EXPECT_THAT(still.bench.open(), Contains(disputed)) << "nobody has spoken yet";
    still.take("bot", element("100"));
    still.take("exchange", element("101"));
    still.bench.run_until(t0 + 120s);
    EXPECT_EQ(still.lease().position.entry_price, *Decimal::parse("100"));
    EXPECT_THAT(still.bench.open(), Contains(disputed));
    World over(known, "100", kept);
    over.take("bot", element("100"));
    over.take("exchange", element("100"));
    over.bench.run_until(t0 + 120s);
    EXPECT_THAT(over.bench.open(), Not(Contains(disputed)));
  }
}

}  // namespace
}  // namespace feedwatch::engine
