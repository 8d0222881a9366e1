#include "feedwatch/alert/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using Status = SinkResult::Status;
constexpr Duration ns{1};

Parcel parcel(const std::string& alert, const std::string& news, const std::string& group = "g") {
  Notice notice;
  notice.key = alert + "/" + news;
  notice.alert_id = notice.identity = notice.name = alert;
  notice.severity = "warning";
  notice.news = news;
  if (news == "resolved") notice.resolved_at = WallTime{};
  Parcel made;
  made.group = group;
  made.row.id = notice.key + "@sink";
  made.row.alert_id = alert;
  made.row.state = "pending";
  made.begins = news == "fired";
  made.notice = std::make_shared<const Notice>(std::move(notice));
  return made;
}

/// One message a notice, no limit to their rate.
constexpr SinkLimits one_by_one{
    .notices = 1, .counts_rest = false, .per_second = 1e6, .burst = 100};
constexpr SinkLimits by_group{.notices = 3, .counts_rest = true, .per_second = 1e6, .burst = 100};

std::vector<std::string> keys_of(const Notification& notification) {
  std::vector<std::string> keys;
  for (const Notice& notice : notification.notices) keys.push_back(notice.key);
  return keys;
}

class OutboxTest : public testing::Test {
 protected:
  static OutboxOptions options() {
    OutboxOptions made;
    made.max_pending = 4;
    return made;
  }
  bool add(const std::string& alert, const std::string& news, MonoTime now = t0) {
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

  Outbox outbox{options(), {{"sink", one_by_one}}};
  std::uint64_t number = 0;
};

TEST_F(OutboxTest, delivers_in_order_one_at_a_time) {
  add("a", "fired");
  EXPECT_THAT(begin(t0), testing::ElementsAre("a/fired"));
  add("a", "resolved");
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
  outbox.add(0, parcel("a", "fired"), t0 + 5s, t0, true);
  EXPECT_EQ(outbox.next_deadline(), t0 + 5s);
  EXPECT_TRUE(begin(t0 + 5s - ns).empty());
  EXPECT_EQ(begin(t0 + 5s).size(), 1U);
}

TEST_F(OutboxTest, hurry_ends_the_wait_for_siblings) {
  outbox.add(0, parcel("a", "fired"), t0 + 5s, t0, true);
  outbox.hurry(t0 + 1s);
  EXPECT_EQ(begin(t0 + 1s).size(), 1U);
}

TEST_F(OutboxTest, waits_for_the_row_to_be_durable_but_not_for_ever) {
  outbox.add(0, parcel("a", "fired"), t0, t0, false);
  EXPECT_TRUE(begin(t0 + 1s).empty());
  outbox.committed("a/fired@sink");
  EXPECT_EQ(begin(t0 + 1s).size(), 1U);

  Outbox other(options(), {{"sink", one_by_one}});
  other.add(0, parcel("a", "fired"), t0, t0, false);
  EXPECT_TRUE(other.due(t0 + 5s - ns).empty());
  EXPECT_EQ(other.due(t0 + 5s).size(), 1U) << "a dead store does not silence alerts";
}

TEST_F(OutboxTest, retries_with_growing_waits) {
  add("a", "fired");
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
  add("a", "fired");
  begin(t0);
  answer(Status::retry, t0, 17s);
  EXPECT_EQ(outbox.next_deadline(), t0 + 17s);
  EXPECT_TRUE(begin(t0 + 17s - ns).empty());
  EXPECT_EQ(begin(t0 + 17s).size(), 1U);
  answer(Status::retry, t0 + 17s, std::chrono::hours{48});
  EXPECT_EQ(outbox.next_deadline(), t0 + 17s + 1h);
}

TEST_F(OutboxTest, what_cannot_succeed_is_not_tried_again) {
  add("a", "fired");
  add("b", "fired");
  begin(t0);
  answer(Status::failed, t0);
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink failed"));
  EXPECT_THAT(begin(t0), testing::ElementsAre("b/fired")) << "the next one may fare better";
}

TEST_F(OutboxTest, message_the_receiver_cannot_digest_does_not_block_others) {
  add("poison", "fired");
  add("good", "fired");
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
  add("a", "fired");
  begin(t0);
  EXPECT_EQ(outbox.next_deadline(), t0 + 30s);
  EXPECT_TRUE(begin(t0 + 30s).empty());
  EXPECT_EQ(outbox.health(0).consecutive_failures, 1U);
  answer(Status::delivered, t0 + 30s + 1ms);
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink delivered"))
      << "late, but delivered is delivered";
  EXPECT_TRUE(begin(t0 + 1h).empty());
}

TEST_F(OutboxTest, later_news_takes_the_place_of_what_was_never_tried) {
  add("a", "fired");
  add("b", "fired");
  EXPECT_TRUE(add("a", "raised"));
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink failed"));
  EXPECT_TRUE(add("a", "resolved"));
  EXPECT_THAT(finished(), testing::ElementsAre("a/raised@sink failed"));
  EXPECT_EQ(outbox.pending(), 2U);
  EXPECT_THAT(begin(t0), testing::ElementsAre("a/resolved")) << "in its old place";
  EXPECT_EQ(outbox.counters(0).replaced, 2U);
  EXPECT_EQ(outbox.counters(0).dropped, 0U);
}

TEST_F(OutboxTest, what_ends_before_it_was_due_is_not_told) {
  outbox.add(0, parcel("a", "fired"), t0 + 5s, t0, false);
  EXPECT_FALSE(outbox.add(0, parcel("a", "resolved"), t0 + 5s, t0 + 4s, false));
  EXPECT_THAT(finished(), testing::ElementsAre("a/fired@sink failed"));
  EXPECT_EQ(outbox.pending(), 0U);
  EXPECT_EQ(outbox.next_deadline(), never_mono);
}

TEST_F(OutboxTest, of_what_was_tried_the_end_follows) {
  add("a", "fired");
  begin(t0);
  answer(Status::retry, t0);
  add("a", "raised");
  add("a", "resolved");
  EXPECT_THAT(finished(), testing::ElementsAre("a/raised@sink failed"));
  EXPECT_THAT(begin(t0 + 1s), testing::ElementsAre("a/fired"));
  answer(Status::delivered, t0 + 1s);
  EXPECT_THAT(begin(t0 + 1s), testing::ElementsAre("a/resolved"));
}

TEST_F(OutboxTest, a_restored_one_may_have_been_tried) {
  Parcel old = parcel("a", "fired");
  old.fresh = false;
  outbox.add(0, std::move(old), t0 + 5s, t0, true);
  add("a", "resolved");
  EXPECT_TRUE(finished().empty());
  EXPECT_THAT(begin(t0 + 5s), testing::ElementsAre("a/fired"));
  answer(Status::delivered, t0 + 5s);
  EXPECT_THAT(begin(t0 + 5s), testing::ElementsAre("a/resolved"));
}

TEST_F(OutboxTest, at_the_bound_stories_nobody_knows_the_beginning_of_give_way) {
  for (const char* alert : {"a", "b", "c", "d"}) add(alert, "fired");
  EXPECT_TRUE(add("b", "raised")) << "takes no room";
  EXPECT_TRUE(add("a", "resolved"));
  finished();
  EXPECT_TRUE(add("e", "fired"));
  EXPECT_THAT(finished(), testing::ElementsAre("a/resolved@sink failed"));
  EXPECT_EQ(outbox.counters(0).dropped, 1U);
}

TEST_F(OutboxTest, refused_firing_takes_its_resolved_along) {
  for (const char* alert : {"a", "b", "c", "d"}) add(alert, "fired");
  EXPECT_FALSE(add("e", "fired"));
  EXPECT_FALSE(add("e", "raised"));
  EXPECT_FALSE(add("e", "resolved")) << "nobody was told it fired";
  EXPECT_EQ(outbox.pending(), 4U);
}

TEST_F(OutboxTest, a_refused_alert_is_told_with_its_next_news_once_there_is_room) {
  for (const char* alert : {"a", "b", "c", "d"}) add(alert, "fired");
  EXPECT_FALSE(add("e", "fired"));
  EXPECT_TRUE(add("a", "resolved"));
  EXPECT_TRUE(outbox.add(0, parcel("e", "repeated"), t0 + 5s, t0, true));
  EXPECT_EQ(outbox.untold().count("e"), 1U) << "it is the beginning there";
  finished();
  EXPECT_FALSE(add("e", "resolved")) << "nobody was told it fires";
  EXPECT_THAT(finished(), testing::ElementsAre("e/repeated@sink failed"));
}

TEST_F(OutboxTest, takes_back_beginnings_nothing_was_tried_for) {
  add("tried", "fired");
  begin(t0);
  answer(Status::retry, t0);
  add("a", "fired");
  add("b", "fired");
  add("b", "raised");
  const auto untold = outbox.untold();
  ASSERT_EQ(untold.size(), 2U);
  EXPECT_EQ(untold.begin()->second.sinks, std::vector<std::size_t>{0});
  finished();
  outbox.take_back(untold.rbegin()->first, "muted");
  outbox.take_back("tried's", "muted");
  EXPECT_THAT(finished(), testing::ElementsAre("b/raised@sink failed"));
  EXPECT_EQ(outbox.untold().size(), 1U);
  EXPECT_EQ(outbox.pending(), 2U);
}

TEST_F(OutboxTest, resolved_of_a_firing_that_may_have_arrived_is_never_dropped) {
  add("sent", "fired");
  begin(t0);
  answer(Status::delivered, t0);
  add("tried", "fired");
  begin(t0);
  answer(Status::retry, t0);
  for (const char* alert : {"b", "c", "d"}) add(alert, "fired");
  finished();
  EXPECT_TRUE(add("sent", "resolved"));
  EXPECT_TRUE(add("tried", "resolved"));
  for (int i = 0; i < 20; ++i) add("more" + std::to_string(i), "fired");
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
  Outbox outbox(options, {{"dead", one_by_one}, {"live", one_by_one}});
  for (int i = 0; i < 10; ++i)
    outbox.add(0, parcel("a" + std::to_string(i), "fired"), t0, t0, true);
  EXPECT_TRUE(outbox.add(1, parcel("x", "fired"), t0, t0, true));
}

class Batches : public testing::Test {
 protected:
  void add(const std::string& alert, const std::string& news, MonoTime at = t0,
           const std::string& group = "g", bool committed = true) {
    outbox.add(0, parcel(alert, news, group), at, t0, committed);
  }
  std::vector<std::string> begin(MonoTime now) {
    const auto attempts = outbox.due(now);
    if (attempts.empty()) return {};
    newest = attempts.at(0);
    return keys_of(newest.notification);
  }
  void answer(Status status, MonoTime now) {
    outbox.on_result(0, newest.number, {status, "", std::nullopt}, now);
  }

  Outbox outbox{{}, {{"sink", by_group}}};
  Attempt newest;
};

TEST_F(Batches, what_is_due_of_a_group_is_one_message) {
  add("a", "fired", t0 + 5s);
  add("b", "fired", t0 + 5s);
  add("later", "fired", t0 + 6s);
  add("other", "fired", t0 + 5s, "h");
  EXPECT_THAT(begin(t0 + 5s), testing::ElementsAre("a/fired", "b/fired"));
  EXPECT_EQ(newest.notification.group_key, "g");
  EXPECT_TRUE(newest.notification.id.starts_with("set-2-")) << newest.notification.id;
  answer(Status::delivered, t0 + 5s);
  EXPECT_EQ(outbox.take_finished().size(), 2U);
  EXPECT_THAT(begin(t0 + 5s), testing::ElementsAre("other/fired"));
}

TEST_F(Batches, is_tried_again_as_it_was) {
  add("a", "fired");
  add("b", "fired");
  begin(t0);
  const std::string id = newest.notification.id;
  add("c", "fired");
  answer(Status::retry, t0);
  EXPECT_THAT(begin(t0 + 2s), testing::ElementsAre("c/fired")) << "due for longer";
  answer(Status::delivered, t0 + 2s);
  EXPECT_THAT(begin(t0 + 2s), testing::ElementsAre("a/fired", "b/fired"));
  EXPECT_EQ(newest.notification.id, id);
}

TEST_F(Batches, what_does_not_fit_is_counted_and_the_worst_is_shown) {
  for (const char* alert : {"a", "b", "c", "d"}) add(alert, "fired");
  Parcel worst = parcel("worst", "fired");
  Notice notice = *worst.notice;
  notice.severity = "critical";
  worst.notice = std::make_shared<const Notice>(notice);
  outbox.add(0, std::move(worst), t0, t0, true);
  add("tried", "resolved");
  EXPECT_THAT(begin(t0), testing::ElementsAre("worst/fired", "a/fired", "b/fired"));
  EXPECT_EQ(newest.notification.truncated(), 3U);
  EXPECT_EQ(newest.notification.firing, 5U);
  EXPECT_EQ(newest.notification.resolved, 1U);
  answer(Status::delivered, t0);
  EXPECT_EQ(outbox.take_finished().size(), 6U);
  EXPECT_EQ(outbox.pending(), 0U);
}

TEST_F(Batches, a_group_waits_for_all_its_rows_but_not_for_ever) {
  add("a", "fired", t0 + 1s, "g", false);
  add("b", "fired", t0 + 1s, "g", false);
  outbox.committed("a/fired@sink");
  EXPECT_TRUE(begin(t0 + 1s).empty());
  EXPECT_EQ(outbox.next_deadline(), t0 + 5s);
  EXPECT_EQ(begin(t0 + 5s).size(), 2U);
}

TEST_F(Batches, the_id_of_a_set_does_not_depend_on_its_order) {
  const std::vector<std::string_view> ab{"a", "b"};
  const std::vector<std::string_view> ba{"b", "a"};
  const std::vector<std::string_view> ac{"a", "c"};
  EXPECT_EQ(set_key(ab), set_key(ba));
  EXPECT_NE(set_key(ab), set_key(ac));
  EXPECT_EQ(set_key(std::vector<std::string_view>{"a"}), "a");
}

TEST(Outbox, keeps_to_the_rate_of_a_sink) {
  Outbox outbox({}, {{"sink", {.notices = 1, .counts_rest = false, .per_second = 2, .burst = 3}}});
  for (int i = 0; i < 20; ++i) {
    outbox.add(0, parcel("a" + std::to_string(i), "fired"), t0, t0, true);
  }
  std::vector<Duration> left;
  for (MonoTime now = t0; outbox.pending() > 0; now = std::max(now, outbox.next_deadline())) {
    for (const Attempt& attempt : outbox.due(now)) {
      left.push_back(now - t0);
      outbox.on_result(0, attempt.number, {}, now);
    }
  }
  ASSERT_EQ(left.size(), 20U);
  EXPECT_EQ(left[2], 0s) << "the burst";
  EXPECT_EQ(left[3], 500ms);
  EXPECT_EQ(left[19], 8500ms);
}

TEST(Outbox, leaves_alone_what_is_gone_and_keeps_the_news) {
  Outbox outbox({}, {{"sink", one_by_one}});
  outbox.add(0, parcel("a", "fired"), t0, t0, true);
  const auto attempt = outbox.due(t0).at(0);
  outbox.on_result(0, attempt.number, {Status::gone, "HTTP 410", std::nullopt}, t0);
  EXPECT_EQ(outbox.health(0).refused_since, t0);
  EXPECT_EQ(outbox.next_deadline(), t0 + 10min);
  EXPECT_EQ(outbox.pending(), 1U);
  EXPECT_EQ(outbox.due(t0 + 10min).size(), 1U);
}

/// The cost of a storm is that of its size: nothing walks what waits for each that comes or goes.
TEST(Outbox, ten_thousand_at_once_are_one_message) {
  constexpr int count = 10'000;
  Outbox outbox({}, {{"one", by_group}, {"two", by_group}});
  const auto began = std::chrono::steady_clock::now();  // clock-ok: measures
  for (int i = 0; i < count; ++i) {
    for (std::size_t sink = 0; sink < 2; ++sink) {
      Parcel made = parcel("a" + std::to_string(i), "fired");
      made.row.id += std::to_string(sink);
      outbox.add(sink, std::move(made), t0 + 1s, t0, false);
    }
    (void)outbox.next_deadline();
  }
  for (int i = 0; i < count; ++i) {
    for (const char* sink : {"0", "1"}) {
      outbox.committed("a" + std::to_string(i) + "/fired@sink" + sink);
    }
    EXPECT_TRUE(outbox.due(t0 + 500ms).empty());
    (void)outbox.next_deadline();
  }
  const auto attempts = outbox.due(t0 + 1s);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].notification.truncated(), std::size_t{count - 3});
  for (const Attempt& attempt : attempts) {
    outbox.on_result(attempt.sink, attempt.number, {}, t0 + 1s);
  }
  EXPECT_EQ(outbox.take_finished().size(), std::size_t{2 * count});
  EXPECT_EQ(outbox.pending(), 0U);
  const auto took = std::chrono::steady_clock::now() - began;  // clock-ok: measures
  EXPECT_LT(took, 5s) << "quadratic: it takes a fraction of a second, and minutes if it walks";
}

}  // namespace
}  // namespace feedwatch::alert
