#include "feedwatch/alert/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using News = Parcel::News;
using Status = SinkResult::Status;
constexpr Duration ns{1};

Parcel parcel(const std::string& alert, News news) {
  const char* word = news == News::resolved ? "resolved" : news == News::fired ? "fired" : "update";
  Parcel made;
  made.key = alert + "/" + word;
  made.news = news;
  made.row.id = made.key + "@sink";
  made.row.alert_id = alert;
  made.row.state = "pending";
  made.row.payload = "{}";
  return made;
}

class OutboxTest : public testing::Test {
 protected:
  static OutboxOptions options() {
    OutboxOptions made;
    made.max_pending = 4;
    return made;
  }
  bool add(const std::string& alert, News news, MonoTime now = t0) {
    return outbox.add(0, parcel(alert, news), now, now, true);
  }
  /// Keys of the attempts begun now.
  std::vector<std::string> begin(MonoTime now) {
    std::vector<std::string> keys;
    for (auto& attempt : outbox.due(now)) {
      keys.push_back(attempt.notification.id);
      number = attempt.number;
    }
    return keys;
  }
  void answer(Status status, MonoTime now, std::optional<Duration> retry_after = std::nullopt) {
    outbox.on_result(0, number, {status, status == Status::delivered ? "" : "boom", retry_after},
                     now);
  }
  std::vector<std::string> finished() {
    std::vector<std::string> texts;
    for (const auto& row : outbox.take_finished()) texts.push_back(row.id + " " + row.state);
    return texts;
  }

  Outbox outbox{options(), {"sink"}};
  std::uint64_t number = 0;
};

TEST_F(OutboxTest, delivers_in_order_one_at_a_time) {
  add("a", News::fired);
  add("a", News::resolved);
  EXPECT_THAT(begin(t0), testing::ElementsAre("a/fired"));
  EXPECT_TRUE(begin(t0).empty());
  answer(Status::delivered, t0 + 1s);
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink delivered"));
  EXPECT_THAT(begin(t0 + 1s), testing::ElementsAre("a/resolved"));
  answer(Status::delivered, t0 + 2s);
  EXPECT_EQ(outbox.pending(), 0U);
  EXPECT_EQ(outbox.next_deadline(), never_mono);
  EXPECT_EQ(outbox.counters(0).delivered, 2U);
}

TEST_F(OutboxTest, leaves_not_before_its_moment) {
  outbox.add(0, parcel("a", News::fired), t0 + 5s, t0, true);
  EXPECT_EQ(outbox.next_deadline(), t0 + 5s);
  EXPECT_TRUE(begin(t0 + 5s - ns).empty());
  EXPECT_EQ(begin(t0 + 5s).size(), 1U);
}

TEST_F(OutboxTest, hurry_ends_the_wait_for_siblings) {
  outbox.add(0, parcel("a", News::fired), t0 + 5s, t0, true);
  outbox.hurry(t0 + 1s);
  EXPECT_EQ(begin(t0 + 1s).size(), 1U);
}

TEST_F(OutboxTest, waits_for_the_row_to_be_durable_but_not_for_ever) {
  outbox.add(0, parcel("a", News::fired), t0, t0, false);
  EXPECT_TRUE(begin(t0 + 1s).empty());
  outbox.committed("a/fired@sink");
  EXPECT_EQ(begin(t0 + 1s).size(), 1U);

  Outbox other(options(), {"sink"});
  other.add(0, parcel("a", News::fired), t0, t0, false);
  EXPECT_TRUE(other.due(t0 + 5s - ns).empty());
  EXPECT_EQ(other.due(t0 + 5s).size(), 1U) << "a dead store does not silence alerts";
}

TEST_F(OutboxTest, retries_with_growing_waits) {
  add("a", News::fired);
  MonoTime now = t0;
  Duration full = 1s;
  for (int attempt = 1; attempt <= 10; ++attempt) {
    ASSERT_EQ(begin(now).size(), 1U) << attempt;
    answer(Status::retry, now);
    const Duration wait = outbox.next_deadline() - now;
    EXPECT_GE(wait, full / 2) << attempt;
    EXPECT_LE(wait, full) << attempt;
    EXPECT_TRUE(begin(now + wait - ns).empty());
    now += wait;
    full = std::min<Duration>(full * 2, 60s);
  }
  EXPECT_EQ(outbox.health(0).consecutive_failures, 10U);
  EXPECT_EQ(outbox.health(0).failing_since, t0);
  ASSERT_EQ(begin(now).size(), 1U);
  answer(Status::delivered, now);
  EXPECT_EQ(outbox.health(0).consecutive_failures, 0U);
  EXPECT_EQ(outbox.health(0).failing_since, std::nullopt);
}

TEST_F(OutboxTest, retry_after_is_honoured_and_bounded) {
  add("a", News::fired);
  begin(t0);
  answer(Status::retry, t0, 17s);
  EXPECT_EQ(outbox.next_deadline(), t0 + 17s);
  EXPECT_TRUE(begin(t0 + 17s - ns).empty());
  EXPECT_EQ(begin(t0 + 17s).size(), 1U);
  answer(Status::retry, t0 + 17s, std::chrono::hours{48});
  EXPECT_EQ(outbox.next_deadline(), t0 + 17s + 1h);
}

TEST_F(OutboxTest, what_cannot_succeed_is_not_tried_again) {
  add("a", News::fired);
  add("b", News::fired);
  begin(t0);
  answer(Status::failed, t0);
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink failed"));
  EXPECT_THAT(begin(t0), testing::ElementsAre("b/fired")) << "the next one may fare better";
}

TEST_F(OutboxTest, message_the_receiver_cannot_digest_does_not_block_others) {
  add("poison", News::fired);
  add("good", News::fired);
  begin(t0);
  answer(Status::retry, t0);
  // Both the sink and the message wait; whichever goes next, the good one gets through.
  MonoTime now = t0;
  bool delivered = false;
  for (int i = 0; i < 4 && !delivered; ++i) {
    now = outbox.next_deadline();
    delivered = begin(now) == std::vector<std::string>{"good/fired"};
    answer(delivered ? Status::delivered : Status::retry, now);
  }
  EXPECT_TRUE(delivered);
}

TEST_F(OutboxTest, silence_of_a_sink_is_a_failed_attempt) {
  add("a", News::fired);
  begin(t0);
  EXPECT_EQ(outbox.next_deadline(), t0 + 30s);
  EXPECT_TRUE(begin(t0 + 30s).empty());
  EXPECT_EQ(outbox.health(0).consecutive_failures, 1U);
  answer(Status::delivered, t0 + 30s + 1ms);
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink delivered"))
      << "late, but delivered is delivered";
  EXPECT_TRUE(begin(t0 + 1h).empty());
}

TEST_F(OutboxTest, at_the_bound_untried_pairs_give_way_first) {
  add("tried", News::fired);
  begin(t0);
  answer(Status::retry, t0);
  add("a", News::fired);
  add("a", News::resolved);
  add("b", News::fired);
  ASSERT_EQ(outbox.pending(), 4U);
  EXPECT_TRUE(add("c", News::fired));
  EXPECT_THAT(finished(),
              testing::UnorderedElementsAre("a/fired@sink failed", "a/resolved@sink failed"));
  EXPECT_EQ(outbox.counters(0).dropped, 2U);
}

TEST_F(OutboxTest, at_the_bound_overtaken_news_gives_way) {
  add("a", News::fired);
  add("a", News::update);
  add("b", News::fired);
  add("c", News::fired);
  EXPECT_TRUE(add("d", News::fired));
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink failed"));
}

TEST_F(OutboxTest, refused_firing_takes_its_resolved_along) {
  for (const char* alert : {"a", "b", "c", "d"}) add(alert, News::fired);
  EXPECT_FALSE(add("e", News::fired));
  EXPECT_FALSE(add("e", News::update));
  EXPECT_FALSE(add("e", News::resolved)) << "nobody was told it fired";
  EXPECT_EQ(outbox.pending(), 4U);
}

TEST_F(OutboxTest, resolved_of_a_firing_that_may_have_arrived_is_never_dropped) {
  add("sent", News::fired);
  begin(t0);
  answer(Status::delivered, t0);
  add("tried", News::fired);
  begin(t0);
  answer(Status::retry, t0);
  for (const char* alert : {"b", "c", "d"}) add(alert, News::fired);
  finished();
  EXPECT_TRUE(add("sent", News::resolved));
  EXPECT_TRUE(add("tried", News::resolved));
  for (int i = 0; i < 20; ++i) add("more" + std::to_string(i), News::fired);
  EXPECT_TRUE(finished().empty());

  std::vector<std::string> delivered;
  for (MonoTime now = t0 + 1h; outbox.pending() > 0; now += 1s) {
    for (auto& key : begin(now)) delivered.push_back(std::move(key));
    answer(Status::delivered, now);
  }
  EXPECT_THAT(delivered, testing::IsSupersetOf({"sent/resolved", "tried/fired", "tried/resolved"}));
}

TEST(Outbox, dead_sink_does_not_take_the_room_of_a_live_one) {
  OutboxOptions options;
  options.max_pending = 4;
  Outbox outbox(options, {"dead", "live"});
  for (int i = 0; i < 10; ++i)
    outbox.add(0, parcel("a" + std::to_string(i), News::fired), t0, t0, true);
  EXPECT_TRUE(outbox.add(1, parcel("x", News::fired), t0, t0, true));
}

}  // namespace
}  // namespace feedwatch::alert
