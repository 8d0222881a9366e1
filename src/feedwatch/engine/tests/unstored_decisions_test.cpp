// Decisions on their way into the store, by hand.

#include "feedwatch/engine/unstored_decisions.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "feedwatch/base/random.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::SizeIs;
using End = JournalQueue::End;
using Words = std::vector<std::string>;

PositionKey key(const std::string& id) {
  return {"v", "S", id};
}

/// One moment of a position: its decision and the memory it was made with.
DecidedRows moment(const std::string& id, int number) {
  PositionDecisionRow decision;
  decision.id = fmt::format("{}/{}", id, number);
  decision.position = id;
  TrailingStopRow memory;
  memory.id = id;
  memory.decisions = number;
  return {key(id), {decision, memory}};
}

class UnstoredDecisionsTest : public testing::Test {
 protected:
  void make(UnstoredOptions options) { box.emplace(options); }
  void decide(const std::string& id) {
    std::vector<DecidedRows> made;
    made.push_back(moment(id, ++numbers[id]));
    box->add(std::move(made), now);
  }
  /// Words of what is to be pushed: the decisions of each batch.
  Words push(std::size_t room = 1'000) {
    Words words;
    for (auto& one : box->due(room, [this] { return fmt::format("batch {}", ++batches); }, now)) {
      std::string text = one.suspect ? "alone:" : "";
      for (const JournalRow& row : one.batch.rows) {
        if (const auto* decision = std::get_if<PositionDecisionRow>(&row)) {
          text += (text.empty() ? "" : " ") + decision->id;
        }
      }
      words.push_back(text);
      flying.push_back(std::move(one.batch));
    }
    return words;
  }
  std::vector<PositionKey> end(End how) {
    const JournalBatch batch = std::move(flying.front());
    flying.pop_front();
    return box->on_done(batch, how, now);
  }
  /// Of positions that are to be told of, with the first decision of each.
  Words troubles(std::size_t most = 10) const {
    constexpr std::array words{"late", "again", "lost"};
    Words found;
    for (const auto& one : box->troubles(10s, most, now)) {
      found.push_back(fmt::format("{} {}", words[static_cast<std::size_t>(one.type)], one.key));
    }
    return found;
  }
  Words given_up() {
    Words words;
    for (const auto& one : box->take_given_up()) {
      words.push_back(fmt::format("{}: {}", one.key, one.why));
    }
    return words;
  }

  std::optional<UnstoredDecisions> box{std::in_place};
  std::map<std::string, int> numbers;
  std::deque<JournalBatch> flying;
  int batches = 0;
  MonoTime now{1'000s};
};

TEST_F(UnstoredDecisionsTest, of_a_position_one_goes_when_the_one_before_it_is_durable) {
  decide("a");
  decide("a");
  decide("b");
  EXPECT_THAT(push(), ElementsAre("a/1 b/1"));
  EXPECT_THAT(push(), IsEmpty());
  EXPECT_FALSE(box->idle(now));
  EXPECT_THAT(end(End::written), ElementsAre(key("b")));
  EXPECT_THAT(push(), ElementsAre("a/2"));
  EXPECT_THAT(end(End::written), ElementsAre(key("a")));
  EXPECT_TRUE(box->idle(now));
  EXPECT_EQ(box->oldest(), std::nullopt);
}

TEST_F(UnstoredDecisionsTest, what_was_refused_in_company_goes_alone_and_only_the_bad_one_stays) {
  for (const char* id : {"a", "b", "a"}) decide(id);
  push();
  EXPECT_THAT(end(End::refused), IsEmpty());
  EXPECT_THAT(push(), IsEmpty()) << "not at once";
  EXPECT_EQ(box->next_deadline(), now + 1s);
  EXPECT_THAT(troubles(), ElementsAre("again a/1", "again b/1"));
  now += 1s;
  EXPECT_THAT(push(), ElementsAre("alone: a/1", "alone: b/1"));
  EXPECT_THAT(end(End::refused), IsEmpty());
  EXPECT_THAT(end(End::written), ElementsAre(key("b")));
  EXPECT_THAT(push(), IsEmpty()) << "a/2 waits behind a/1";
  now += 2s;
  EXPECT_THAT(push(), ElementsAre("alone: a/1"));
  EXPECT_THAT(flying.front().rows, SizeIs(2)) << "with its memory";
  EXPECT_THAT(end(End::written), IsEmpty());
  EXPECT_THAT(push(), ElementsAre("a/2"));
  EXPECT_THAT(end(End::written), ElementsAre(key("a")));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(UnstoredDecisionsTest, what_is_refused_too_often_is_lost_by_name_and_the_next_one_goes) {
  decide("a");
  decide("a");
  push();
  std::vector<Duration> waits;
  for (;;) {
    end(End::refused);
    if (box->next_deadline() == never_mono) break;
    waits.push_back(box->next_deadline() - now);
    now = box->next_deadline();
    EXPECT_THAT(push(), ElementsAre("alone: a/1"));
  }
  EXPECT_THAT(waits, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s));
  EXPECT_THAT(given_up(), ElementsAre("a/1: the store refuses it"));
  EXPECT_THAT(troubles(), ElementsAre("lost a/1"));
  EXPECT_THAT(push(), ElementsAre("a/2"));
  EXPECT_THAT(end(End::written), ElementsAre(key("a")));
  EXPECT_THAT(troubles(), ElementsAre("lost a/1")) << "until somebody has seen to the position";
  box->on_closed(key("a"));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(UnstoredDecisionsTest, what_had_no_room_waits_for_it_and_is_not_blamed) {
  decide("a");
  push();
  for (int i = 0; i < 100; ++i) {
    end(End::crowded_out);
    EXPECT_EQ(box->next_deadline(), never_mono) << "the time brings no room";
    EXPECT_THAT(push(0), IsEmpty());
    EXPECT_THAT(troubles(), ElementsAre("again a/1"));
    EXPECT_THAT(push(), ElementsAre("a/1"));
  }
  EXPECT_THAT(end(End::written), ElementsAre(key("a")));
  EXPECT_THAT(given_up(), IsEmpty());
}

TEST_F(UnstoredDecisionsTest, no_more_is_pushed_than_there_is_room_for) {
  make({.batch_rows = 4});
  for (int i = 0; i < 9; ++i) decide(fmt::format("p{}", i));
  EXPECT_THAT(push(6), ElementsAre("p0/1 p1/1", "p2/1"));
  EXPECT_THAT(push(), SizeIs(3));
}

TEST_F(UnstoredDecisionsTest, few_suspects_are_on_their_way_at_a_time) {
  make({.suspects = 2});
  for (const char* id : {"a", "b", "c"}) decide(id);
  push();
  end(End::refused);
  now += 1s;
  EXPECT_THAT(push(), ElementsAre("alone: a/1", "alone: b/1"));
  EXPECT_EQ(box->next_deadline(), never_mono) << "an answer comes first";
  end(End::written);
  EXPECT_THAT(push(), ElementsAre("alone: c/1"));
}

TEST_F(UnstoredDecisionsTest, at_the_bounds_what_is_new_is_given_up_and_named) {
  make({.of_position = 2, .positions = 2});
  for (const char* id : {"a", "a", "a", "b", "c"}) decide(id);
  EXPECT_THAT(given_up(), ElementsAre("a/3: too many wait", "c/1: too many wait"));
  EXPECT_THAT(troubles(), ElementsAre("lost a/3", "lost c/1"));
  EXPECT_THAT(push(), ElementsAre("a/1 b/1"));
}

TEST_F(UnstoredDecisionsTest, a_position_that_is_closed_needs_nothing_that_was_given_up) {
  for (const char* id : {"a", "a", "b"}) decide(id);
  push();
  end(End::refused);
  box->on_closed(key("a"));
  EXPECT_THAT(given_up(), ElementsAre("a/1: its position is closed"));
  EXPECT_THAT(troubles(), ElementsAre("again b/1"));
  EXPECT_THAT(push(), ElementsAre("a/2")) << "it was never refused";
  EXPECT_THAT(flying.front().rows, SizeIs(1)) << "without what was remembered of the position";
  now += 500ms;
  end(End::refused);
  EXPECT_THAT(given_up(), ElementsAre("a/2: its position is closed"));
  decide("a");
  EXPECT_THAT(push(), ElementsAre("a/3")) << "opened anew";
}

TEST_F(UnstoredDecisionsTest, what_is_not_durable_for_too_long_is_told_of_and_only_so_many) {
  for (const char* id : {"a", "b", "c"}) {
    decide(id);
    now += 1s;
  }
  push();
  EXPECT_EQ(box->oldest(), MonoTime{1'000s});
  now = MonoTime{1'000s} + 10s - 1ns;
  EXPECT_THAT(troubles(), IsEmpty());
  now += 1ns;
  EXPECT_THAT(troubles(), ElementsAre("late a/1"));
  now += 1min;
  EXPECT_THAT(troubles(2), ElementsAre("late a/1", "late b/1"));
}

TEST_F(UnstoredDecisionsTest, a_position_opened_anew_is_told_of_while_the_one_before_is_under_way) {
  make({});
  decide("a");
  push();
  box->on_closed(key("a"));
  decide("a");
  now += 11s;
  EXPECT_THAT(troubles(), ElementsAre("late a/2"));
  EXPECT_EQ(box->oldest(), MonoTime{now - 11s});
}

/// Those that are lost stay until somebody looks: they must not stand for those that come later.
TEST_F(UnstoredDecisionsTest, each_kind_of_trouble_has_room_of_its_own) {
  make({.of_position = 1});
  for (const char* id : {"a", "b", "c"}) decide(id);
  for (const char* id : {"a", "b"}) decide(id);  // given up
  now += 11s;
  EXPECT_THAT(troubles(1), ElementsAre("lost a/2", "late b/1"));
  const auto of_b = box->trouble_of(key("b"), 10s, now);
  ASSERT_TRUE(of_b);
  EXPECT_EQ(of_b->key, "b/2");
  EXPECT_FALSE(box->trouble_of(key("c"), 12s, now));
  EXPECT_FALSE(box->trouble_of(key("d"), 1s, now));
}

TEST_F(UnstoredDecisionsTest, who_is_in_a_hurry_waits_for_no_retry) {
  decide("a");
  push();
  end(End::refused);
  EXPECT_TRUE(box->idle(now));
  box->hurry(now);
  EXPECT_FALSE(box->idle(now));
  EXPECT_THAT(push(), ElementsAre("alone: a/1"));
  end(End::refused);
  EXPECT_TRUE(box->idle(now));
}

TEST_F(UnstoredDecisionsTest, a_batch_of_somebody_else_is_nothing) {
  decide("a");
  push();
  EXPECT_THAT(box->on_done({"alerts/1", {}}, End::refused, now), IsEmpty());
  EXPECT_THAT(troubles(), IsEmpty());
}

/// Whatever a journal refuses and drops: what it writes of a position is in order, and what it does
/// not is named.
TEST_F(UnstoredDecisionsTest, in_any_weather_rows_are_in_order_and_nothing_is_lost_unnamed) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    make({.refusals = 3, .suspects = 2, .batch_rows = 4, .of_position = 5, .positions = 3});
    numbers.clear();
    flying.clear();
    std::map<std::string, Words> written;
    std::set<std::string> lost;
    std::size_t made = 0;
    const auto act = [&](bool calm) {
      now += random.between(0s, 2s);
      push(calm ? 1'000 : random.below(8));
      for (const std::string& words : given_up()) lost.insert(words.substr(0, words.find(':')));
      if (flying.empty()) return;
      const JournalBatch batch = flying.front();
      const std::uint64_t fate = calm ? 0 : random.below(3);
      end(fate == 0 ? End::written : fate == 1 ? End::refused : End::crowded_out);
      if (fate != 0) return;
      for (const JournalRow& row : batch.rows) {
        const auto* decision = std::get_if<PositionDecisionRow>(&row);
        if (decision != nullptr) written[decision->position].push_back(decision->id);
      }
    };
    for (int i = 0; i < 200; ++i) {
      if (random.below(3) == 0) {
        decide(std::string(1, static_cast<char>('a' + random.below(4))));
        ++made;
      }
      act(false);
    }
    for (int i = 0; i < 200; ++i) act(true);
    EXPECT_TRUE(box->idle(now));
    EXPECT_EQ(box->oldest(), std::nullopt);
    std::size_t count = lost.size();
    for (const auto& [position, ids] : written) {
      count += ids.size();
      int newest = 0;
      for (const std::string& id : ids) {
        const int number = std::stoi(id.substr(2));
        EXPECT_THAT(number, Gt(newest)) << position;
        newest = number;
      }
    }
    EXPECT_EQ(count, made);
  }
}

}  // namespace
}  // namespace feedwatch::engine
