// Lists of positions, as sources report them whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using testing::StartsWith;

Position position(const std::string& id) {
  return {.id = id,
          .venue = "v",
          .symbol = "S",
          .side = Side::buy,
          .entry_price = *Decimal::parse("100"),
          .quantity = *Decimal::parse("1"),
          .opened_at = {}};
}
PositionKey key(const std::string& id) {
  return {"v", "S", id};
}
std::string alert_of(const std::string& name, const std::string& id) {
  return name + R"({position=")" + id + R"(",symbol="S",venue="v"} warning)";
}
constexpr const char* failing = R"(position_source_failing{source="bot"} warning)";

PositionList list_of(const std::vector<std::string>& ids) {
  PositionList list{.ready = true};
  for (const std::string& id : ids) {
    list.elements.push_back({.number = list.elements.size(), .position = position(id)});
  }
  return list;
}

/// A control with a stream whose price comes each second.
class ControlSources : public testing::Test {
 protected:
  explicit ControlSources(Recovered known = {}, MapState* kept = nullptr)
      : bench(std::move(known), {}, 64, nullptr, {}, nullptr, kept == nullptr ? &state : kept),
        stream(bench.watch("S")) {
    bench.price(stream, "101");
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  }

  void until(MonoTime end) {
    while (bench.clock.time < end) {
      bench.price(stream, "101");
      bench.run_until(bench.clock.time + 1s);
    }
  }
  ListTaken take(const std::string& source, PositionList list) {
    const auto taken = bench.control.list_positions(source, std::move(list));
    EXPECT_TRUE(taken) << taken.error().text();
    bench.settle();
    return taken.value_or(ListTaken{});
  }
  std::vector<std::string> open_ids() const {
    std::vector<std::string> ids;
    for (const auto& [each, lease] : bench.control.positions().book().all()) ids.push_back(each.id);
    return ids;
  }

  MapState state;
  ControlBench bench;
  StreamStatus stream;
};

TEST_F(ControlSources, a_list_registers_renews_and_changes) {
  const ListTaken first = take("bot", list_of({"p1", "p2"}));
  EXPECT_EQ(first.registered, 2U);
  EXPECT_EQ(first.source.state, ListState::ready);
  const std::size_t rows = bench.journal.rows<PositionRow>().size();
  EXPECT_EQ(rows, 2U);
  EXPECT_EQ(take("bot", list_of({"p1", "p2"})).renewed, 2U);
  EXPECT_THAT(bench.journal.rows<PositionRow>(), SizeIs(rows)) << "nothing to write";
  PositionList next = list_of({"p1", "p2"});
  next.elements[1].position.quantity = *Decimal::parse("3");
  const ListTaken second = take("bot", std::move(next));
  EXPECT_EQ(second.changed, 1U);
  const PositionLease* lease = bench.control.positions().book().find(key("p2"));
  ASSERT_NE(lease, nullptr);
  EXPECT_EQ(lease->owner, "bot");
  EXPECT_EQ(lease->position.quantity, *Decimal::parse("3"));
  until(t0 + 30s);
  EXPECT_TRUE(bench.control.positions().view(key("p1"), bench.clock.time)->price);
}

/// The exchange knows what is held, and nothing of what the bot wants of the rules.
TEST_F(ControlSources, what_a_list_leaves_out_stays_as_another_has_said_it) {
  PositionList from_bot = list_of({"p1"});
  from_bot.elements[0].ttl = 60s;
  from_bot.elements[0].terms = {.strategy = "momentum", .rules = {}};
  from_bot.elements[0].terms.rules.trailing = *trailing_override("off");
  from_bot.elements[0].said = {.strategy = true, .trailing = true};
  take("bot", std::move(from_bot));
  const auto lease = [&] { return *bench.control.positions().book().find(key("p1")); };
  EXPECT_EQ(take("exchange", list_of({"p1"})).renewed, 1U);
  EXPECT_EQ(lease().terms.strategy, "momentum");
  ASSERT_TRUE(lease().terms.rules.trailing);
  EXPECT_FALSE(lease().terms.rules.trailing->enabled);
  EXPECT_EQ(lease().owner, "bot");
  EXPECT_EQ(lease().ttl, 60s);
  PositionList taken_back = list_of({"p1"});
  taken_back.elements[0].said = {.trailing = true};
  EXPECT_EQ(take("exchange", taken_back).renewed, 1U) << "it was not the exchange that said it";
  EXPECT_EQ(take("bot", std::move(taken_back)).changed, 1U);
  EXPECT_FALSE(lease().terms.rules.trailing);
  EXPECT_EQ(lease().terms.strategy, "momentum");
}

TEST_F(ControlSources, I_44_fourteen_stops_outlive_an_empty_list) {
  std::vector<std::string> ids;
  for (int i = 10; i < 24; ++i) ids.push_back("p" + std::to_string(i));
  PositionList all = list_of(ids);
  for (auto& each : all.elements) {  // each another exposure
    each.position.quantity = *Decimal::parse(std::to_string(each.number + 1));
  }
  take("bot", std::move(all));
  until(t0 + 6s);
  EXPECT_EQ(take("bot", PositionList{.ready = false}).source.state, ListState::not_ready);
  take("bot", list_of({}));
  until(t0 + 15s);
  EXPECT_THAT(bench.open(), IsEmpty());
  until(t0 + 17s);
  EXPECT_THAT(bench.open(), SizeIs(14));
  EXPECT_THAT(bench.open(), Contains(alert_of("position_unlisted", "p10")));
  EXPECT_THAT(bench.control.alerts(0).at(0).row.message,
              AllOf(HasSubstr("is not in the list of bot (listed it last at "),
                    HasSubstr("watched over until it is listed again or closed")));
  EXPECT_THAT(bench.control.alerts(0).at(0).row.metadata,
              StartsWith(R"({"finding":"unlisted","sources":[{"source":"bot","listed_at":")"));
  until(t0 + 300s);
  EXPECT_THAT(open_ids(), SizeIs(14));
  EXPECT_THAT(bench.event_texts(Control::Event::Type::position),
              Not(Contains(HasSubstr("closed"))));
}

TEST_F(ControlSources, I_24_what_is_closed_by_its_owner_leaves_nothing_behind) {
  take("bot", list_of({"p1"}));
  take("bot", list_of({}));
  until(t0 + 12s);
  ASSERT_THAT(bench.open(), ElementsAre(alert_of("position_unlisted", "p1")));
  ASSERT_TRUE(bench.control.close_position(key("p1")));
  bench.settle();
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.control.position_sources().view("bot")->unlisted, 0U);
  until(t0 + 100s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlSources, what_is_listed_again_is_fine) {
  take("bot", list_of({"p1"}));
  take("bot", list_of({}));
  until(t0 + 12s);
  take("bot", list_of({"p1"}));
  until(t0 + 80s);  // alerts are kept for a minute
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlSources, two_sources_that_agree_close_it_and_the_row_says_why) {
  take("bot", list_of({"p1"}));
  take("exchange", list_of({"p1"}));
  until(t0 + 5s);
  take("bot", list_of({}));
  until(t0 + 60s);
  EXPECT_THAT(open_ids(), ElementsAre("p1")) << "I-38: one of them may lag";
  EXPECT_THAT(bench.control.alerts(0).at(0).row.message, HasSubstr("; it is in that of exchange"));
  take("exchange", list_of({}));
  until(t0 + 71s);
  EXPECT_THAT(open_ids(), IsEmpty());
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_THAT(
      bench.journal.rows<AgedMonitoringEventRow>().back().event_metadata,
      AllOf(HasSubstr("no longer listed by bot (since "), HasSubstr("), exchange (since ")));
  EXPECT_TRUE(bench.journal.rows<PositionRow>().back().closed_at);
  EXPECT_THAT(bench.event_texts(Control::Event::Type::position),
              Contains(HasSubstr("v/S/p1 closed: no longer listed by bot")));
}

TEST_F(ControlSources, what_somebody_registered_himself_keeps_its_owner_and_its_lease) {
  Position mine = position("p1");
  mine.opened_at = bench.clock.wall_now() - 1h;
  ASSERT_TRUE(bench.control.put_position(mine, 30s, "strategy"));
  for (const char* source : {"bot", "exchange"}) take(source, list_of({"p1"}));
  const PositionLease* lease = bench.control.positions().book().find(key("p1"));
  EXPECT_EQ(lease->owner, "strategy");
  EXPECT_EQ(lease->position.opened_at, mine.opened_at);
  EXPECT_EQ(lease->expires, t0 + 30s);
  for (const char* source : {"bot", "exchange"}) take(source, list_of({}));
  until(t0 + 40s);
  EXPECT_THAT(open_ids(), ElementsAre("p1"));
  EXPECT_THAT(bench.open(),
              ElementsAre(alert_of("position_expired", "p1"), alert_of("position_unlisted", "p1")));
}

TEST_F(ControlSources, an_element_that_is_wrong_is_said_and_the_rest_is_taken) {
  take("bot", list_of({"p1", "p2"}));
  PositionList list = list_of({"p1", "p3"});
  list.elements[1].position.quantity = Decimal{};
  list.elements.push_back({.number = 2, .position = position("p4")});
  list.elements[2].position.entry_price = *Decimal::parse("7");
  const ListTaken taken = take("bot", std::move(list));
  EXPECT_EQ(taken.registered, 1U);
  ASSERT_THAT(taken.faults, SizeIs(1));
  EXPECT_EQ(text_of(taken.faults[0]),
            "element 1 (p3): quantity: must be above 0 (the side says which way it goes)");
  EXPECT_EQ(taken.source.state, ListState::incomplete);
  EXPECT_EQ(taken.source.unlisted, 0U) << "of p2 it says nothing";
  until(t0 + 5s);
  EXPECT_THAT(bench.open(), Contains(failing));
  take("bot", list_of({"p1", "p2", "p4"}));
  until(t0 + 70s);
  EXPECT_THAT(bench.open(), Not(Contains(failing)));
}

TEST_F(ControlSources, what_was_refused_of_an_old_list_is_tried_again_and_only_that) {
  Position other = position("p2");
  other.side = Side::sell;
  ASSERT_TRUE(bench.control.put_position(other, {}, "strategy"));
  const auto again = [&] {
    PositionList list = list_of({"p1", "p2"});
    list.again = true;
    return take("bot", std::move(list));
  };
  EXPECT_THAT(take("bot", list_of({"p1", "p2"})).faults, SizeIs(1));
  EXPECT_THAT(again().faults, SizeIs(1));
  for (const char* id : {"p1", "p2"}) ASSERT_TRUE(bench.control.close_position(key(id)));
  const ListTaken taken = again();
  EXPECT_THAT(taken.faults, IsEmpty());
  EXPECT_EQ(taken.registered, 1U);
  EXPECT_EQ(taken.source.state, ListState::ready);
  EXPECT_THAT(open_ids(), ElementsAre("p2")) << "p1 was closed since";
}

TEST_F(ControlSources, a_list_that_cannot_be_read_changes_nothing_and_is_told_when_it_lasts) {
  take("bot", list_of({"p1"}));
  ASSERT_TRUE(bench.control.fail_source("bot", "positions.json is cut off"));
  until(t0 + 2s);
  EXPECT_THAT(bench.open(), IsEmpty());
  until(t0 + 4s);
  ASSERT_THAT(bench.open(), ElementsAre(failing));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message, HasSubstr("positions.json is cut off"));
  EXPECT_THAT(open_ids(), ElementsAre("p1"));
  take("bot", list_of({"p1"}));
  until(t0 + 70s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlSources, a_list_of_too_many_is_refused_whole) {
  ControlOptions options;
  options.positions.capacity = 2;
  ControlBench small({}, options);
  const auto taken = small.control.list_positions("bot", list_of({"p1", "p2", "p3"}));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().text(),
            "positions: are 3, and at most 2 may be registered (list those that are open)");
  EXPECT_FALSE(small.control.list_positions("", list_of({})));
  // Together with what others hold: what fits is taken.
  ASSERT_TRUE(small.control.list_positions("bot", list_of({"p1"})));
  const auto more = small.control.list_positions("exchange", list_of({"p2", "p3"}));
  ASSERT_TRUE(more);
  ASSERT_THAT(more->faults, SizeIs(1));
  EXPECT_THAT(text_of(more->faults[0]), HasSubstr("one more than the 2 there may be"));
}

TEST_F(ControlSources, a_source_is_forgotten_with_what_was_told_of_it) {
  take("bot", list_of({"p1"}));
  take("bot", list_of({}));
  ASSERT_TRUE(bench.control.fail_source("bot", "is gone"));
  until(t0 + 12s);
  EXPECT_THAT(bench.open(), SizeIs(2));
  ASSERT_TRUE(bench.control.forget_source("bot"));
  EXPECT_FALSE(bench.control.forget_source("bot"));
  until(t0 + 80s);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_THAT(open_ids(), ElementsAre("p1"));
}

// ---- the same exposure twice --------------------------------------------------------------------

TEST_F(ControlSources, I_36_the_same_exposure_under_two_ids_is_told_at_the_later_one) {
  Position first = position("monitor"), second = position("adapter");
  first.opened_at = second.opened_at = bench.clock.wall_now() - 1h;
  ASSERT_TRUE(bench.control.put_position(first, {}, "bot"));
  until(t0 + 1s);
  ASSERT_TRUE(bench.control.put_position(second, {}, "bot"));
  bench.settle();
  ASSERT_THAT(bench.open(), ElementsAre(alert_of("position_duplicate", "adapter")));
  EXPECT_THAT(bench.control.alerts(0)[0].row.message, HasSubstr("is monitor once more"));
  EXPECT_EQ(bench.control.alerts(0)[0].row.metadata,
            R"({"finding":"duplicate","other":"monitor"})");
  ASSERT_TRUE(bench.control.close_position(key("monitor")));
  until(t0 + 70s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

// ---- restart ------------------------------------------------------------------------------------

TEST_F(ControlSources, I_44_after_a_restart_nobody_is_believed_before_his_first_list) {
  for (const char* source : {"bot", "exchange"}) take(source, list_of({"p1"}));
  take("bot", list_of({}));
  until(t0 + 12s);
  ASSERT_THAT(bench.open(), ElementsAre(alert_of("position_unlisted", "p1")));
  Recovered known;
  known.positions.push_back(bench.journal.rows<PositionRow>().back());
  known.open_alerts.push_back(bench.control.alerts(0).at(0).row);

  ControlBench next(known, {}, 64, nullptr, {}, nullptr, &state);
  EXPECT_EQ(next.control.position_sources().view("bot")->state, ListState::unknown);
  next.run_until(t0 + 60s);
  EXPECT_THAT(next.open(), Contains(alert_of("position_unlisted", "p1")));
  EXPECT_FALSE(next.control.positions().book().all().empty());
  const auto there = [&] { return next.control.positions().book().size(); };
  ASSERT_TRUE(next.control.list_positions("bot", list_of({})));
  ASSERT_TRUE(next.control.list_positions("exchange", PositionList{}));
  next.run_until(t0 + 120s);
  EXPECT_EQ(there(), 1U) << "the other is not ready yet";
  ASSERT_TRUE(next.control.list_positions("exchange", list_of({})));
  next.run_until(t0 + 131s);
  EXPECT_EQ(there(), 0U);
}

TEST_F(ControlSources, what_was_told_before_a_restart_ends_when_it_is_over_afterwards) {
  take("bot", list_of({"p1"}));
  ASSERT_TRUE(bench.control.fail_source("bot", "is cut off"));
  take("exchange", list_of({"p1"}));
  take("exchange", list_of({}));
  until(t0 + 12s);
  ASSERT_THAT(bench.open(), SizeIs(2));
  Recovered known;
  known.positions.push_back(bench.journal.rows<PositionRow>().back());
  for (const AlertView& view : bench.control.alerts(0)) known.open_alerts.push_back(view.row);
  MapState lost;
  for (MapState* kept : {&state, &lost}) {
    ControlBench next(known, {}, 64, nullptr, {}, nullptr, kept);
    const StreamStatus of_next = next.watch("S");
    next.price(of_next, "101");
    next.put(ControlBench::at(of_next, Level::healthy, Reason::ok, next.clock.time));
    ASSERT_TRUE(next.control.list_positions("bot", list_of({"p1"})));
    ASSERT_TRUE(next.control.list_positions("exchange", list_of({"p1"})));
    while (next.clock.time < t0 + 90s) {
      next.price(of_next, "101");
      next.run_until(next.clock.time + 1s);
    }
    EXPECT_THAT(next.open(), IsEmpty());
  }
}

TEST_F(ControlSources, what_is_remembered_is_written_when_it_changes_and_not_with_every_list) {
  take("bot", list_of({"p1"}));
  until(t0 + 1s);
  const int puts = state.puts;
  EXPECT_GE(puts, 1);
  for (int i = 0; i < 10; ++i) take("bot", list_of({"p1"}));
  until(t0 + 3s);
  EXPECT_EQ(state.puts, puts);
}

}  // namespace
}  // namespace feedwatch::engine
