// Lists of thousands, which are taken a slice at a time.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PositionKey key(int i) {
  return {"v", "S", fmt::format("p{:05}", i)};
}
PositionList list_of(int count, int first = 0) {
  PositionList list{.ready = true};
  for (int i = first; i < first + count; ++i) {
    list.elements.push_back({.number = list.elements.size(),
                             .position = {.id = key(i).id,
                                          .venue = "v",
                                          .symbol = "S",
                                          .side = Side::buy,
                                          .entry_price = *Decimal::parse("100"),
                                          .quantity = Decimal{i + 1, 0},
                                          .opened_at = {}}});
  }
  return list;
}

class ControlLists : public testing::Test {
 protected:
  void take(const std::string& source, PositionList list) {
    bench.control.take_list(source, std::move(list), [this, source](const auto& taken) {
      said.push_back(taken ? fmt::format("{}: {} registered, {} renewed, {}", source,
                                         taken->registered, taken->renewed,
                                         to_text(taken->source.state))
                           : source + ": " + taken.error().text());
    });
  }
  /// What is asked for now is done.
  void finish() { bench.run_until(bench.clock.time); }
  std::size_t open() const { return bench.control.positions().book().size(); }

  ControlBench bench;
  std::vector<std::string> said;
};

TEST_F(ControlLists, thousands_are_taken_over_turns_and_count_when_all_of_them_are) {
  take("bot", list_of(1'000));
  EXPECT_GT(open(), 0U);
  EXPECT_LT(open(), 1'000U) << "somebody else's turn";
  EXPECT_THAT(said, IsEmpty());
  EXPECT_EQ(bench.wakeup.armed, bench.clock.time) << "and then it goes on";
  EXPECT_EQ(bench.control.position_sources().view("bot")->state, ListState::unknown);
  finish();
  EXPECT_EQ(open(), 1'000U);
  EXPECT_THAT(said, ElementsAre("bot: 1000 registered, 0 renewed, ready"));
  take("bot", list_of(900, 50));
  EXPECT_EQ(bench.control.position_sources().view("bot")->unlisted, 0U)
      << "what has not been read yet may be in it";
  finish();
  EXPECT_EQ(bench.control.position_sources().view("bot")->unlisted, 100U);
}

TEST_F(ControlLists, what_thousands_are_missing_from_is_noted_over_turns_too) {
  take("bot", list_of(5'000));
  finish();
  take("bot", PositionList{.ready = true});
  const std::size_t unlisted = bench.control.position_sources().view("bot")->unlisted;
  EXPECT_LT(unlisted, 5'000U);
  finish();
  EXPECT_EQ(bench.control.position_sources().view("bot")->unlisted, 5'000U);
  EXPECT_EQ(said.back(), "bot: 0 registered, 0 renewed, ready");
  bench.run_until(bench.clock.time + 11s);
  EXPECT_EQ(open(), 5'000U);
}

TEST_F(ControlLists, a_small_one_is_taken_at_once) {
  take("bot", list_of(3));
  EXPECT_THAT(said, ElementsAre("bot: 3 registered, 0 renewed, ready"));
  take("bot", PositionList{});
  EXPECT_EQ(said.back(), "bot: 0 registered, 0 renewed, not_ready");
}

TEST_F(ControlLists, one_follows_the_other_and_one_that_waits_gives_way_to_a_newer_one) {
  take("bot", list_of(2000));
  take("exchange", list_of(1, 5));
  take("bot", list_of(2));
  take("bot", list_of(2100));
  EXPECT_THAT(said, IsEmpty());
  finish();
  EXPECT_THAT(said, ElementsAre("bot: 2000 registered, 0 renewed, ready",
                                "exchange: 0 registered, 1 renewed, ready",
                                "bot: 100 registered, 2000 renewed, ready",
                                "bot: 100 registered, 2000 renewed, ready"));
}

TEST_F(ControlLists, what_its_source_says_meanwhile_comes_after_it) {
  take("bot", list_of(600));
  ASSERT_TRUE(bench.control.fail_source("bot", "is cut off"));
  finish();
  EXPECT_THAT(said, ElementsAre("bot: 600 registered, 0 renewed, ready"));
  EXPECT_EQ(bench.control.position_sources().view("bot")->state, ListState::failing);
  take("bot", list_of(600));
  ASSERT_TRUE(bench.control.forget_source("bot"));
  finish();
  EXPECT_THAT(said.back(), HasSubstr("its source is forgotten"));
  EXPECT_FALSE(bench.control.position_sources().view("bot"));
}

TEST_F(ControlLists, what_is_closed_between_two_slices_is_no_listing_that_stays) {
  take("bot", list_of(1'000));
  ASSERT_TRUE(bench.control.close_position(key(0)));
  finish();
  EXPECT_EQ(bench.control.position_sources().view("bot")->listed, 999U);
}

TEST_F(ControlLists, stopping_answers_all_of_them) {
  take("bot", list_of(1'000));
  take("exchange", list_of(1'000));
  bench.control.hurry(bench.clock.time);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0], HasSubstr("bot: list: is not taken: the monitor is stopping"));
  EXPECT_THAT(said[1], HasSubstr("exchange: list: is not taken"));
  take("late", list_of(1));
  EXPECT_THAT(said.back(), HasSubstr("late: list: is not taken"));
}

}  // namespace
}  // namespace feedwatch::engine
