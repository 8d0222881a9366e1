#include "feedwatch/feed/prober.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace feedwatch::feed {
namespace {

using Verdict = Prober::Verdict;
using Found = std::vector<Prober::Finding>;

constexpr MonoTime t0{1000s};
constexpr StreamId one{1};
constexpr StreamId two{2};

Prober::Known price(std::int64_t mantissa, std::optional<std::uint64_t> seq = {}) {
  return {.prices = {.price = Decimal{mantissa, 2}, .ask = {}}, .seq = seq, .ts_event = {}};
}

/// The one answer to a question, or to each stream of one for a list.
void answer(Prober& prober, const Prober::Question& question, const Prober::Known& told,
            MonoTime now) {
  const std::vector<std::optional<Prober::Known>> all(question.streams.size(), told);
  prober.on_answer(question, all, now);
}

/// A prober with a clock in hand and a REST that says what it is told.
class Asking {
 public:
  void pass(Duration duration) {
    const MonoTime end = now + duration;
    while (prober.next_deadline(now) <= end) {
      now = std::max(now, prober.next_deadline(now));
      turn();
    }
    now = end;
    turn();
  }
  void turn() {
    prober.on_time(now);
    while (const auto question = prober.take_due(now)) {
      asked.push_back(now);
      if (rest) {
        answer(prober, *question, *rest, now);
      } else {
        prober.on_failure(*question, now);
      }
    }
    prober.take_findings(found);
  }
  Found take() { return std::exchange(found, {}); }

  Prober prober{Budget{100, 60s}};
  MonoTime now = t0;
  std::optional<Prober::Known> rest;
  std::vector<MonoTime> asked;
  Found found;
};

TEST(Prober, the_same_price_is_a_quiet_market_for_as_long_as_the_word_is_fresh) {
  Asking world;
  world.rest = price(100);
  world.prober.watch(one, price(100), t0);
  world.turn();
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
  world.pass(10min);
  EXPECT_TRUE(world.take().empty()) << "still quiet: said once";
  EXPECT_EQ(world.asked.size(), 1U + 600 / 45) << "asked again every 45 s";
  world.rest.reset();
  world.pass(61s);
  const Found found = world.take();
  EXPECT_NE(std::ranges::find(found, Prober::Finding{one, Verdict::no_word}), found.end());
  EXPECT_NE(std::ranges::find(found, Prober::Finding{one, Verdict::quiet_past}), found.end());
}

TEST(Prober, another_price_was_missed_unless_a_tick_comes_within_the_settling_time) {
  Asking world;
  world.rest = price(101);
  world.prober.watch(one, price(100), t0);
  world.pass(1999ms);
  EXPECT_TRUE(world.take().empty());
  world.pass(1ms);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
  world.prober.leave(one);
  world.prober.watch(one, price(100), world.now);
  world.pass(1s);
  world.prober.leave(one);  // the tick was under way
  world.pass(10s);
  EXPECT_TRUE(world.take().empty());
}

TEST(Prober, what_was_missed_is_found_again_when_the_market_has_moved_on) {
  Asking world;
  world.rest = price(101);
  world.prober.watch(one, price(100), t0);
  world.pass(2s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
  world.pass(5min);
  EXPECT_TRUE(world.take().empty()) << "nothing new to miss";
  world.rest = price(100);  // back at the price we hold: it has moved all the same
  world.pass(15s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
}

TEST(Prober, of_a_stream_without_a_price_two_answers_are_compared) {
  Asking world;
  world.rest = price(100);
  world.prober.watch(one, std::nullopt, t0);
  world.pass(1s);
  EXPECT_TRUE(world.take().empty()) << "one answer shows nothing";
  world.pass(15s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
  world.rest = price(101);
  world.pass(50s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
}

TEST(Prober, numbers_say_more_than_prices) {
  Asking world;
  world.rest = price(100, 8);  // other trades at the same price
  world.prober.watch(one, price(100, 7), t0);
  world.pass(2s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
  world.prober.leave(one);
  world.rest = price(105, 6);  // REST is behind what we have had
  world.prober.watch(one, price(100, 7), world.now);
  world.turn();
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
}

TEST(Prober, a_count_of_trades_is_a_word_too) {
  Asking world;
  world.prober.watch(one, price(100), t0 + 1h);  // REST is not asked
  for (int i = 0; i < 100; ++i, world.now += 1s) {
    world.prober.on_word(one, false, world.now);
    world.turn();
  }
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
  world.prober.on_word(one, true, world.now);
  world.pass(2s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::missed}}));
  world.prober.on_word(one, false, world.now);  // no further trade: what was missed stays missed
  world.pass(1min);
  EXPECT_TRUE(world.take().empty());
  world.prober.on_word(two, true, world.now);  // nobody's
}

TEST(Prober, an_answer_older_than_our_own_price_is_no_word) {
  Asking world;
  world.rest = price(99);
  world.rest->ts_event = WallTime{100s};
  Prober::Known ours = price(100);
  ours.ts_event = WallTime{102s};
  world.prober.watch(one, ours, t0);
  world.pass(6s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::no_word}}));
}

TEST(Prober, two_answers_missing_are_no_word_said_once) {
  Asking world;
  world.prober.watch(one, price(100), t0);
  world.pass(4s);
  EXPECT_TRUE(world.take().empty());
  world.pass(1s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::no_word}}));
  world.pass(1min);
  EXPECT_TRUE(world.take().empty());
  world.rest = price(100);
  world.pass(45s);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
}

TEST(Prober, what_was_found_about_a_stream_goes_with_it) {
  Prober prober{Budget{}};
  prober.watch(one, price(1, 7), t0);
  prober.on_word(one, false, t0);
  EXPECT_EQ(prober.next_deadline(t0), t0) << "somebody has to hear of it";
  prober.leave(one);
  Found found;
  prober.take_findings(found);
  EXPECT_TRUE(found.empty());
}

TEST(Prober, an_answer_from_before_the_last_tick_is_not_taken_for_a_new_one) {
  Asking world;
  world.prober.watch(one, price(100), t0);
  const auto before = world.prober.take_due(t0);
  ASSERT_TRUE(before);
  world.prober.leave(one);  // it ticked: 102
  world.prober.watch(one, price(102), t0 + 1s);
  const auto after = world.prober.take_due(t0 + 1s);
  ASSERT_TRUE(after);
  answer(world.prober, *before, price(100), t0 + 2s);
  answer(world.prober, *after, price(102), t0 + 2s);
  world.prober.take_findings(world.found);
  EXPECT_EQ(world.take(), (Found{{one, Verdict::quiet}}));
}

TEST(Prober, keeps_within_its_budget_and_asks_for_the_longest_waiting_first) {
  Prober prober(Budget{3, 60s});
  std::vector<StreamId> order;
  for (std::uint32_t i = 1; i <= 5; ++i) prober.watch(StreamId{i}, price(100), t0 + i * 1ms);
  MonoTime now = t0 + 1s;
  for (int i = 0; i < 200; ++i, now += 1s) {
    while (const auto question = prober.take_due(now)) {
      order.push_back(question->streams.at(0));
      answer(prober, *question, price(100), now);
    }
  }
  ASSERT_GE(order.size(), 9U);
  EXPECT_LE(order.size(), 12U) << "three a minute";
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(order[i], StreamId{i + 1});
}

TEST(Prober, asks_nobody_while_rest_wants_patience) {
  Asking world;
  world.rest = price(100);
  world.prober.hold(t0 + 2min);
  world.prober.watch(one, price(100), t0);
  world.prober.watch(two, price(100), t0);
  world.pass(119s);
  EXPECT_TRUE(world.asked.empty());
  world.pass(1s);
  EXPECT_EQ(world.asked.size(), 2U);
}

TEST(Prober, few_requests_are_under_way_at_a_time) {
  Prober prober(Budget{100, 60s});
  for (std::uint32_t i = 0; i < 50; ++i) prober.watch(StreamId{i}, price(100), t0);
  std::vector<Prober::Question> questions;
  while (const auto question = prober.take_due(t0)) questions.push_back(*question);
  EXPECT_EQ(questions.size(), 4U);
  EXPECT_EQ(prober.next_deadline(t0), never_mono) << "an answer is what it waits for";
  prober.on_failure(questions[0], t0);
  EXPECT_TRUE(prober.take_due(t0));
}

// ---- more than the budget answers one by one ----------------------------------------------------

constexpr Prober::List list = 1;

/// Streams 1 to `count`, whose prices stand in one list; those that are watched already stay.
void watch_many(Prober& prober, std::uint32_t count, MonoTime at) {
  for (std::uint32_t i = 1; i <= count; ++i) prober.watch(StreamId{i}, price(100), at, list);
}

TEST(Prober, many_that_wait_are_one_question_and_few_are_asked_one_by_one) {
  Prober prober(Budget{1, 5s});
  watch_many(prober, 2, t0);
  const auto one_of_two = prober.take_due(t0);
  ASSERT_TRUE(one_of_two);
  EXPECT_FALSE(one_of_two->all) << "two take 10 s";
  EXPECT_EQ(one_of_two->streams, (std::vector{one}));
  watch_many(prober, 200, t0);
  EXPECT_FALSE(prober.take_due(t0 + 5s - 1ns)) << "no sooner than the budget allows";
  const auto all = prober.take_due(t0 + 5s);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->all);
  EXPECT_EQ(all->streams.size(), 199U) << "the one under way waits for its own answer";
  answer(prober, *all, price(100), t0 + 6s);
  Found found;
  prober.take_findings(found);
  EXPECT_EQ(found.size(), 199U);
  EXPECT_FALSE(prober.take_due(t0 + 40s)) << "all of them know for now";
}

TEST(Prober, an_answer_for_all_refreshes_those_that_were_not_due_yet) {
  Prober prober(Budget{1, 5s});
  for (std::uint32_t i = 1; i <= 40; ++i) {
    prober.watch(StreamId{i}, price(100), t0 + i * 1s, list);
  }
  std::size_t asked = 0;
  Found found;
  for (MonoTime now = t0; now < t0 + 10min; now += 1s) {
    prober.on_time(now);
    while (const auto question = prober.take_due(now)) {
      ++asked;
      answer(prober, *question, price(100), now);
    }
    prober.take_findings(found);
  }
  EXPECT_EQ(found.size(), 40U) << "quiet, said once, and never too long ago";
  EXPECT_LT(asked, 40U);
}

TEST(Prober, a_list_that_costs_more_waits_for_its_share) {
  Prober prober(Budget{5, 5s}, {}, 5);
  watch_many(prober, 1, t0);
  ASSERT_TRUE(prober.take_due(t0));
  watch_many(prober, 30, t0);
  EXPECT_FALSE(prober.take_due(t0 + 4s)) << "four are left";
  EXPECT_EQ(prober.next_deadline(t0 + 4s), t0 + 5s);
  const auto all = prober.take_due(t0 + 5s);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->all);
  EXPECT_EQ(prober.next_allowed(t0 + 6s), t0 + 10s);
}

TEST(Prober, what_a_list_does_not_tell_is_asked_by_itself) {
  Prober prober(Budget{1, 1s});
  watch_many(prober, 20, t0);
  const auto all = prober.take_due(t0);
  ASSERT_TRUE(all && all->all);
  std::vector<std::optional<Prober::Known>> told(20, price(100));
  told[6].reset();
  prober.on_answer(*all, told, t0);
  Found found;
  prober.take_findings(found);
  EXPECT_EQ(found.size(), 19U) << "nothing is known of one, and nothing held against it";
  const auto alone = prober.take_due(t0 + 1s);
  ASSERT_TRUE(alone);
  EXPECT_FALSE(alone->all);
  EXPECT_EQ(alone->streams, (std::vector{StreamId{7}}));
}

TEST(Prober, without_a_list_all_are_asked_by_themselves_for_a_while) {
  Prober prober(Budget{1, 1s});
  watch_many(prober, 20, t0);
  const auto first = prober.take_due(t0);
  ASSERT_TRUE(first && first->all);
  prober.on_answer(*first, {}, t0);
  EXPECT_FALSE(prober.take_due(t0 + 5s - 1ns));
  const auto second = prober.take_due(t0 + 5s);
  ASSERT_TRUE(second && second->all) << "it may have been a moment's trouble";
  prober.on_answer(*second, {}, t0 + 5s);
  for (int i = 6; i < 26; ++i) {
    const auto question = prober.take_due(t0 + i * 1s);
    ASSERT_TRUE(question);
    EXPECT_FALSE(question->all);
    answer(prober, *question, price(100), t0 + i * 1s);
  }
  Found found;
  prober.take_findings(found);
  EXPECT_EQ(found.size(), 20U) << "quiet: nothing was held against them";
}

TEST(Prober, no_list_counts_as_such_when_its_first_stream_has_gone) {
  for (const bool good_between : {false, true}) {
    Prober prober(Budget{1, 1s});
    watch_many(prober, 20, t0);
    const auto ask = [&](Duration after) {
      const auto question = prober.take_due(t0 + after);
      EXPECT_TRUE(question && question->all) << to_ns(after);
      prober.leave(question->streams.front());  // it ticks while it is asked about
      return *question;
    };
    prober.on_answer(ask(0s), {}, t0);
    Duration next = 5s;
    if (good_between) {
      answer(prober, ask(next), price(100), t0 + next);
      next += 1min;
    }
    prober.on_answer(ask(next), {}, t0 + next);
    const auto question = prober.take_due(t0 + next + 5s);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->all, good_between) << "twice in a row is given up for a while";
  }
}

TEST(Prober, a_list_that_did_not_come_is_a_failure_of_each) {
  Prober prober(Budget{1, 1s});
  watch_many(prober, 20, t0);
  const auto first = prober.take_due(t0);
  ASSERT_TRUE(first && first->all);
  prober.on_failure(*first, t0);
  const auto second = prober.take_due(t0 + 5s);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->all) << "the list is as good as before";
  prober.on_failure(*second, t0 + 5s);
  Found found;
  prober.take_findings(found);
  ASSERT_EQ(found.size(), 20U);
  EXPECT_EQ(found[0].verdict, Verdict::no_word);
}

TEST(Prober, those_past_their_limit_are_asked_first) {
  Prober prober(Budget{1, 1s});
  watch_many(prober, 3, t0);
  prober.set_past_limit(StreamId{3}, true);
  prober.set_past_limit(StreamId{4}, true);  // nobody's
  const auto question = prober.take_due(t0 + 1s);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->streams, (std::vector{StreamId{3}}));
}

TEST(Prober, what_time_brings_does_not_wait_for_the_budget) {
  Prober prober(Budget{1, 1h});
  prober.watch(one, price(100), t0);
  const auto question = prober.take_due(t0);
  ASSERT_TRUE(question);
  answer(prober, *question, price(101), t0);
  prober.watch(two, price(100), t0);  // due, and no request left
  EXPECT_EQ(prober.next_deadline(t0 + 1s), t0 + 2s) << "when the other is settled";
}

}  // namespace
}  // namespace feedwatch::feed
