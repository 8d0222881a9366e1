#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "feedwatch/feed/session.hpp"
#include "feedwatch/feed/tests/small_venue.hpp"

/// Venues answer a request as a whole, topic by topic, or with the list of all that is subscribed.
namespace feedwatch::feed {
namespace {

using test::t0;

/// A session on an open connection that has asked for three symbols in one request, id 1.
class Asked {
 public:
  Asked() {
    for (std::uint32_t i = 0; i < symbols.size(); ++i) {
      session.want(TopicId{i}, wire(i), false);
    }
    for (const DialPhase phase : {DialPhase::connecting, DialPhase::open}) {
      session.on_phase(phase, t0);
    }
    session.take_happened();
  }

  /// How many messages with this in their text are sent while so much time passes.
  std::size_t sent_of(std::string_view text, Duration duration) {
    const auto before = static_cast<std::ptrdiff_t>(port.sent.size());
    for (Duration passed{}; passed < duration; passed += 1s) session.on_time(t0 + passed);
    return static_cast<std::size_t>(
        std::count_if(port.sent.begin() + before, port.sent.end(),
                      [&](const auto& sent) { return sent.text.contains(text); }));
  }
  static venues::Topic wire(std::uint32_t i) { return {0, std::string(symbols.at(i))}; }
  bool acknowledged(std::uint32_t i) const {
    return session.coverage(TopicId{i})->acknowledged.has_value();
  }

  static constexpr std::array<std::string_view, 3> symbols{"A", "B", "C"};
  test::Recorder port;
  std::uint32_t epochs = 0;
  Session session{*venues::find_venue("binance-usdm"), port, ConnId{1}, epochs, t0};
};

TEST(SessionAck, a_whole_request_is_granted_at_once) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(asked.acknowledged(i));
  EXPECT_TRUE(asked.session.settled());
}

TEST(SessionAck, a_topic_that_is_named_is_granted_alone) {
  Asked asked;
  asked.session.on_ack({.request_id = {}, .ok = true, .topics = {Asked::wire(1)}}, t0);
  EXPECT_FALSE(asked.acknowledged(0));
  EXPECT_TRUE(asked.acknowledged(1));
  EXPECT_FALSE(asked.session.settled());
  asked.session.on_ack({.request_id = 1, .ok = true, .topics = {Asked::wire(0)}}, t0 + 1s);
  asked.session.on_ack({.request_id = 1, .ok = true, .topics = {Asked::wire(2)}}, t0 + 1s);
  EXPECT_TRUE(asked.acknowledged(0) && asked.acknowledged(2));
  EXPECT_TRUE(asked.session.settled());
}

TEST(SessionAck, a_topic_that_is_named_is_refused_alone_and_at_once) {
  Asked asked;
  const std::size_t sent = asked.port.sent.size();
  asked.session.on_ack(
      {.request_id = 1, .ok = false, .message = "no such pair", .topics = {Asked::wire(2)}}, t0);
  const auto happened = asked.session.take_happened();
  ASSERT_EQ(happened.refused.size(), 1U);
  EXPECT_EQ(happened.refused[0].first, TopicId{2});
  EXPECT_EQ(happened.refused[0].second, "no such pair");
  EXPECT_EQ(asked.port.sent.size(), sent) << "the others are not asked for again";
  EXPECT_FALSE(asked.session.settled()) << "the others still wait";
}

TEST(SessionAck, a_complete_list_grants_what_it_holds_and_nothing_else) {
  Asked asked;
  const venues::Ack some{.ok = true, .topics = {Asked::wire(0), Asked::wire(2)}, .complete = true};
  asked.session.on_ack(some, t0);
  EXPECT_TRUE(asked.acknowledged(0) && asked.acknowledged(2));
  EXPECT_FALSE(asked.acknowledged(1));
  EXPECT_FALSE(asked.session.settled());
}

TEST(SessionAck, a_complete_list_without_it_ends_what_was_given_up) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  asked.session.resubscribe(TopicId{1}, t0 + 5s);  // gives up, and asks again
  asked.session.on_ack({.ok = true, .topics = {Asked::wire(0), Asked::wire(2)}, .complete = true},
                       t0 + 5s);
  EXPECT_FALSE(asked.session.settled()) << "asked for again, not there yet";
  asked.session.on_ack(
      {.ok = true, .topics = {Asked::wire(0), Asked::wire(1), Asked::wire(2)}, .complete = true},
      t0 + 6s);
  EXPECT_TRUE(asked.session.settled());
  EXPECT_EQ(asked.session.coverage(TopicId{1})->acknowledged, t0 + 6s);
}

TEST(SessionAck, a_refusal_about_the_rate_says_nothing_about_the_topics) {
  Asked asked;
  const std::size_t sent = asked.port.sent.size();
  const venues::Ack refusal{
      .request_id = 1, .ok = false, .message = "Exceeded msg rate", .too_often = true};
  asked.session.on_ack(refusal, t0 + 1s);
  EXPECT_TRUE(asked.session.take_happened().refused.empty());
  EXPECT_EQ(asked.session.next_deadline(t0 + 1s), t0 + 5s) << "a ping, and no request";
  asked.session.on_time(t0 + 5900ms);
  EXPECT_EQ(asked.port.sent.size(), sent) << "the venue has its rest";
  asked.session.on_time(t0 + 6s);
  ASSERT_EQ(asked.port.sent.size(), sent + 1) << "and is asked for all of them together";
  asked.session.on_ack({.request_id = 2, .ok = false, .too_often = true}, t0 + 6s);
  asked.session.on_time(t0 + 15900ms);
  EXPECT_EQ(asked.port.sent.size(), sent + 1) << "twice as long the second time";
  asked.session.on_time(t0 + 16s);
  asked.session.on_ack({.request_id = 3, .ok = true}, t0 + 16s);
  for (std::uint32_t topic = 0; topic < 3; ++topic) EXPECT_TRUE(asked.acknowledged(topic));
}

/// OKX: 480 requests an hour, of which a fifth is ours; pings are none of them.
TEST(SessionRequests, keep_within_the_share_of_their_own_limit) {
  test::SmallVenue venue(venues::BeatScope::none);
  venue.limit_requests({.count = 50, .window = 1h});
  test::Recorder port;
  std::uint32_t epochs = 0;
  Session session{venue, port, ConnId{1}, epochs, t0};
  session.on_phase(DialPhase::open, t0);
  MonoTime now = t0;
  const auto pass = [&](Duration duration) {
    for (const MonoTime end = now + duration; now < end; now += 1s) {
      session.on_frames(1, now);
      session.on_time(now);
    }
  };
  for (std::uint32_t i = 0; i < 30; ++i) {
    session.want(TopicId{i}, {0, std::to_string(i)}, false);
    pass(10s);
  }
  EXPECT_EQ(port.sent.size(), 10U);
  EXPECT_FALSE(port.pings.empty());
  pass(1h - 5min + 1s);
  EXPECT_EQ(port.sent.size(), 11U) << "those that waited go out together, an hour after the first";
}

/// A bot that begins registers many positions at once, and closes them at once.
TEST(SessionRequests, of_what_is_wanted_and_given_up_together_are_two_and_not_one_for_each) {
  test::SmallVenue venue(venues::BeatScope::none);
  venue.limit_requests({.count = 400, .window = 1h});
  test::Recorder port;
  std::uint32_t epochs = 0;
  Session session{venue, port, ConnId{1}, epochs, t0};
  session.on_phase(DialPhase::open, t0);
  const auto sent_until = [&](MonoTime end) {
    std::vector<std::string> texts;
    for (const auto& sent : std::exchange(port.sent, {})) texts.push_back(sent.text);
    session.on_time(end);
    for (const auto& sent : std::exchange(port.sent, {})) texts.push_back(sent.text);
    return texts;
  };
  for (std::uint32_t i = 0; i < 20; ++i) {
    session.want(TopicId{i}, {0, std::to_string(i)}, false);
    session.on_time(t0);
  }
  EXPECT_LE(session.next_deadline(t0), t0 + 100ms);
  EXPECT_THAT(sent_until(t0 + 100ms), testing::ElementsAre("sub", "sub"));
  EXPECT_FALSE(session.waits_to_be_sent(TopicId{19}));
  for (std::uint32_t i = 0; i < 20; ++i) session.unwant(TopicId{i}, t0 + 2s);
  session.want(TopicId{19}, {0, "19"}, false);
  EXPECT_FALSE(session.settled());
  EXPECT_THAT(sent_until(t0 + 2100ms), testing::ElementsAre("unsub", "unsub"));
  EXPECT_THAT(sent_until(t0 + 3100ms), testing::ElementsAre("sub"))
      << "what is wanted again is asked for after it was given up";
}

/// Ours of binance-usdm's messages are two a second, and one subscription made anew takes two.
TEST(SessionAck, a_subscription_made_anew_can_be_taken_back_until_it_is_sent) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  const std::size_t sent = asked.port.sent.size();
  asked.session.resubscribe(TopicId{0}, t0 + 1s);
  EXPECT_FALSE(asked.session.withdraw_resubscription(TopicId{0})) << "both are on their way";
  asked.session.resubscribe(TopicId{1}, t0 + 1s);
  asked.session.resubscribe(TopicId{2}, t0 + 1s);
  EXPECT_FALSE(asked.session.withdraw_resubscription(TopicId{7}));
  EXPECT_TRUE(asked.session.withdraw_resubscription(TopicId{1}));
  EXPECT_FALSE(asked.session.waits_to_be_sent(TopicId{1}));
  EXPECT_FALSE(asked.session.coverage(TopicId{1})->resubscribing);
  asked.session.on_time(t0 + 2s);
  EXPECT_EQ(asked.port.sent.size(), sent + 4);
  EXPECT_TRUE(asked.port.sent.back().text.contains("\"c@")) << asked.port.sent.back().text;
  EXPECT_TRUE(asked.acknowledged(1));
}

TEST(SessionAck, what_was_never_granted_is_still_asked_for_when_it_is_taken_back) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = false, .message = "one of them is bad"}, t0);
  asked.session.resubscribe(TopicId{2}, t0);  // its own request still waits for the budget
  EXPECT_TRUE(asked.session.waits_to_be_sent(TopicId{2}));
  EXPECT_TRUE(asked.session.withdraw_resubscription(TopicId{2}));
  EXPECT_TRUE(asked.session.waits_to_be_sent(TopicId{2}));
  EXPECT_EQ(asked.sent_of("c@", 20s), 1U);
}

TEST(SessionAck, what_was_never_asked_for_is_still_asked_for_when_it_is_taken_back) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  asked.session.resubscribe(TopicId{0}, t0);  // waits for the second's share
  asked.session.want(TopicId{3}, {0, "D"}, false);
  EXPECT_TRUE(asked.session.waits_to_be_sent(TopicId{3}));
  asked.session.resubscribe(TopicId{3}, t0);
  EXPECT_FALSE(asked.session.coverage(TopicId{3})->resubscribing);
  EXPECT_TRUE(asked.session.withdraw_resubscription(TopicId{3}));
  EXPECT_EQ(asked.sent_of("d@", 20s), 1U) << "and not given up before";
}

TEST(SessionAck, what_was_given_up_is_asked_for_again_whatever_is_taken_back) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  asked.session.resubscribe(TopicId{0}, t0 + 1s);
  // Both refused for how often: they wait again, and nothing has been given up.
  asked.session.on_ack({.request_id = 2, .ok = false, .too_often = true}, t0 + 1s);
  asked.session.on_ack({.request_id = 3, .ok = false, .too_often = true}, t0 + 1s);
  EXPECT_TRUE(asked.session.withdraw_resubscription(TopicId{0}));
  EXPECT_FALSE(asked.session.waits_to_be_sent(TopicId{0}));
  asked.session.resubscribe(TopicId{1}, t0 + 30s);
  asked.session.on_ack({.request_id = 6, .ok = true}, t0 + 30s);
  asked.session.on_ack({.request_id = 7, .ok = false, .too_often = true}, t0 + 30s);
  EXPECT_FALSE(asked.session.withdraw_resubscription(TopicId{1}));
  EXPECT_TRUE(asked.session.waits_to_be_sent(TopicId{1}));
}

TEST(SessionAck, what_is_taken_back_is_overdue_as_if_nothing_had_been) {
  Asked asked;
  asked.session.on_ack({.request_id = 1, .ok = true}, t0);
  asked.session.resubscribe(TopicId{0}, t0);
  asked.session.resubscribe(TopicId{1}, t0);  // waits
  EXPECT_TRUE(asked.session.withdraw_resubscription(TopicId{1}));
  asked.session.on_time(t0 + 9s);
  EXPECT_THAT(asked.session.take_happened().overdue, testing::Contains(TopicId{1}));
}

/// A session whose share is `count` requests an hour, with a topic subscribed at its beginning.
class Hourly {
 public:
  explicit Hourly(std::uint32_t count) {
    venue_.limit_requests({.count = 5 * count, .window = 1h});
    session.emplace(venue_, port, ConnId{1}, epochs_, t0);
    session->want(TopicId{0}, {0, "A"}, false);
    session->on_phase(DialPhase::open, t0);
    session->on_ack({.request_id = 1, .ok = true}, t0);
  }
  /// When each of the messages sent until then went out, and what it was.
  std::string until(MonoTime end) {
    std::string told;
    for (std::size_t seen = 1; now_ < end; now_ += 1s) {
      session->on_frames(1, now_);
      session->on_time(now_);
      EXPECT_GT(session->next_deadline(now_), now_) << "nothing is left to do";
      for (; seen < port.sent.size(); ++seen) {
        told +=
            port.sent[seen].text + " " +
            std::to_string(std::chrono::duration_cast<std::chrono::minutes>(now_ - t0).count()) +
            " ";
      }
    }
    return told;
  }
  test::Recorder port;
  std::optional<Session> session;

 private:
  test::SmallVenue venue_{venues::BeatScope::none};
  std::uint32_t epochs_ = 0;
  MonoTime now_ = t0;
};

TEST(SessionRequests, nothing_is_given_up_that_cannot_be_asked_for_again_at_once) {
  Hourly two(2);
  two.session->resubscribe(TopicId{0}, t0);  // one is left of two
  EXPECT_TRUE(two.session->waits_to_be_sent(TopicId{0}));
  EXPECT_LE(two.session->next_deadline(t0 + 59min), t0 + 1h);
  EXPECT_EQ(two.until(t0 + 2h), "unsub 60 sub 60 ");
  Hourly one(1);
  one.session->resubscribe(TopicId{0}, t0);
  EXPECT_EQ(one.until(t0 + 3h), "unsub 60 sub 120 ") << "it never has two";
}

/// Both were refused for how often: what is wanted again is not cut later by what gave it up.
TEST(SessionRequests, what_is_wanted_again_is_not_ended_by_what_gave_it_up) {
  Hourly line(40);
  line.session->unwant(TopicId{0}, t0);
  line.session->want(TopicId{1}, {0, "A"}, false);
  line.session->on_time(t0 + 1s);
  ASSERT_EQ(line.port.sent.size(), 3U);
  line.session->on_ack({.request_id = 2, .ok = false, .too_often = true}, t0 + 1s);
  line.session->on_ack({.request_id = 3, .ok = false, .too_often = true}, t0 + 1s);
  EXPECT_EQ(line.until(t0 + 1min), "unsub 0 sub 0 sub 0 ");
}

TEST(SessionRequests, what_is_asked_for_alone_comes_behind_its_end) {
  Hourly line(2);
  line.session->want(TopicId{1}, {0, "B"}, false);
  line.session->on_time(t0);  // the second of two
  line.session->unwant(TopicId{1}, t0 + 1s);
  line.session->want(TopicId{2}, {0, "B"}, true);
  EXPECT_EQ(line.until(t0 + 3h), "sub 0 unsub 60 sub 60 ");
}

TEST(SessionRequests, a_repair_that_is_withdrawn_leaves_the_subscription) {
  test::SmallVenue venue(venues::BeatScope::none);
  venue.limit_requests({.count = 10, .window = 1h});  // ours are two
  test::Line line(venue);
  const TopicId heard = line.quote("S");
  const TopicId silent = line.quote("T");
  line.feed.start(line.now);
  line.open();
  line.data(line.conn, heard);
  line.data(line.conn, silent);
  const auto pass = [&](Duration duration) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      line.pass(1s, {});
      line.data(line.conn, heard);
    }
  };
  pass(5s);
  line.feed.on_suspect(silent, line.now, RepairStep::resubscribe, line.now);  // no word of REST
  pass(5s);
  line.feed.on_quiet(silent, line.now);
  pass(20s);
  line.feed.on_suspect(silent, line.now, RepairStep::replace_line, line.now);  // it has moved
  pass(30min);
  ASSERT_FALSE(line.port.sent.empty());
  EXPECT_EQ(line.port.sent.back().text, "sub") << "nothing is given up and left so";
}

}  // namespace
}  // namespace feedwatch::feed
