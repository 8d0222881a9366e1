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
        prober.on_answer(*question, *rest, now);
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
  world.prober.on_answer(*before, price(100), t0 + 2s);
  world.prober.on_answer(*after, price(102), t0 + 2s);
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
      order.push_back(question->stream);
      prober.on_answer(*question, price(100), now);
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

}  // namespace
}  // namespace feedwatch::feed
