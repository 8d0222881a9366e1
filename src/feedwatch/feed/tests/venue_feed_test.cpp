#include "feedwatch/feed/venue_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/feed/tests/recorder.hpp"

namespace feedwatch::feed {
namespace {

using test::World;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(VenueFeed, one_pathfinder_dials_and_the_others_follow_its_first_data_within_two_seconds) {
  World w;
  const TopicId quote = w.quote("BTCUSDT");
  const TopicId mark = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  ASSERT_EQ(w.port.dials.size(), 1U);
  EXPECT_NE(w.port.dials[0].text.find("/market/"), std::string::npos);  // the one that owes data
  w.live({});
  w.pass(1s);
  EXPECT_EQ(w.port.dials.size(), 1U);  // an acknowledgement is not data
  w.data(w.port.dials[0].conn, mark);
  w.pass(2s);
  ASSERT_EQ(w.port.dials.size(), 2U);
  w.live({quote});
  w.pass(10ms);
  EXPECT_TRUE(w.port.venue.live);
}

TEST(VenueFeed, a_route_that_acknowledges_and_delivers_nothing_does_not_hold_the_others_back) {
  World w;
  w.mark("BTCUSDT");
  w.quote("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.live({});
  w.pass(7s);
  EXPECT_GE(w.port.dials.size(), 2U);
}

TEST(VenueFeed, an_unreachable_venue_is_dialled_every_two_to_four_seconds_for_ever) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  std::vector<MonoTime> at;
  for (int i = 0; i < 600; ++i) {
    w.pass_until_dials(static_cast<std::size_t>(i) + 1);
    at.push_back(w.now);
    w.feed.on_closed(w.port.dials.back().conn,
                     {.phase = DialPhase::connecting, .detail = "connection refused"}, w.now);
  }
  for (std::size_t i = 1; i < at.size(); ++i) {
    EXPECT_GE(at[i] - at[i - 1], 2s - 10ms);
    EXPECT_LE(at[i] - at[i - 1], 4s + 20ms);
  }
}

TEST(VenueFeed, a_dial_that_reaches_nobody_makes_room_after_four_seconds) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(60s);  // the transport never says a word
  EXPECT_GE(w.port.dials.size(), 12U);
  EXPECT_EQ(w.port.aborted.size(), w.port.dials.size() - 1);
}

TEST(VenueFeed, accept_then_close_for_an_hour_stays_inside_the_share_of_the_dial_limit) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  std::vector<MonoTime> dialled;
  while (w.now < test::t0 + 1h) {
    w.pass(10ms);
    if (w.port.dials.size() == dialled.size()) continue;
    dialled.push_back(w.now);
    w.open(w.port.dials.back().conn);
    w.feed.on_closed(w.port.dials.back().conn, {.close_code = 1006, .detail = "closed"}, w.now);
  }
  for (std::size_t i = 60; i < dialled.size(); ++i) {
    EXPECT_GE(dialled[i] - dialled[i - 60], 5min);
  }
  for (std::size_t i = 1; i < dialled.size(); ++i) {
    EXPECT_LE(dialled[i] - dialled[i - 1], 5s + 20ms);  // and never falls silent either
  }
}

TEST(VenueFeed, being_told_off_stops_every_dial_until_it_is_over) {
  World w;
  const TopicId mark = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.feed.on_closed(w.port.dials[0].conn,
                   {.phase = DialPhase::upgrading,
                    .http_status = 418,
                    .retry_after = 90s,
                    .detail = "418 I'm a teapot"},
                   w.now);
  EXPECT_EQ(w.port.reasons[mark], Reason::rate_limited);
  ASSERT_TRUE(w.port.venue.limited_until);
  w.pass(90s - 10ms);
  EXPECT_EQ(w.port.dials.size(), 1U);
  w.pass(1s);
  EXPECT_EQ(w.port.dials.size(), 2U);
}

TEST(VenueFeed, bans_without_a_time_double_from_two_minutes_to_an_hour) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  Duration expected = 2min;
  for (int i = 0; i < 8; ++i) {
    w.pass_until_dials(static_cast<std::size_t>(i) + 1);
    w.feed.on_closed(w.port.dials.back().conn, {.http_status = 403}, w.now);
    EXPECT_EQ(*w.port.venue.limited_until - w.now, expected);
    expected = std::min<Duration>(expected * 2, 1h);
    w.pass(*w.port.venue.limited_until - w.now - 10ms);
  }
}

TEST(VenueFeed, a_silent_symbol_is_resubscribed_alone_and_first_data_of_the_new_epoch_is_success) {
  World w;
  std::vector<TopicId> topics;
  for (int i = 0; i < 10; ++i) topics.push_back(w.mark("S" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live(topics);
  const std::uint32_t before = w.data(conn, topics[3]).epoch;
  w.feed.on_suspect(topics[3], w.now, RepairStep::replace_line, w.now);
  const std::size_t sent = w.port.sent.size();
  w.pass(1s);
  ASSERT_EQ(w.port.sent.size(), sent + 2);  // unsubscribe, subscribe
  EXPECT_NE(w.port.sent[sent].text.find("s3@"), std::string::npos);
  EXPECT_EQ(w.port.sent[sent + 1].text.find("s4@"), std::string::npos);
  EXPECT_EQ(w.data(conn, topics[3]).epoch, before);  // not acknowledged: still the old epoch
  EXPECT_FALSE(w.port.repairs.back().ended);
  w.acknowledge_all(conn);
  EXPECT_FALSE(w.port.repairs.back().ended);  // an acknowledgement is not data
  const auto data = w.data(conn, topics[3]);
  EXPECT_TRUE(data.first);
  EXPECT_GT(data.epoch, before);
  EXPECT_TRUE(w.port.repairs.back().ok);
  EXPECT_EQ(w.port.dials.size(), 1U);
}

TEST(VenueFeed, a_symbol_that_stays_silent_gets_a_new_line_before_the_old_one_goes) {
  World w;
  std::vector<TopicId> topics;
  for (int i = 0; i < 10; ++i) topics.push_back(w.mark("S" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId old_line = w.live(topics);
  w.feed.on_suspect(topics[0], w.now, RepairStep::replace_line, w.now);
  w.pass(1s);
  w.acknowledge_all(old_line);
  w.pass(4s);
  ASSERT_EQ(w.port.dials.size(), 2U);
  EXPECT_THAT(w.port.closed, IsEmpty());
  EXPECT_EQ(w.port.repairs.back().step, RepairStep::replace_line);
  const ConnId new_line = w.port.dials[1].conn;
  w.open(new_line);
  w.acknowledge_all(new_line);
  for (std::size_t i = 1; i < topics.size(); ++i) w.data(new_line, topics[i]);
  EXPECT_THAT(w.port.closed, IsEmpty());  // the patient has not been seen yet
  w.data(new_line, topics[0]);
  EXPECT_TRUE(w.port.repairs.back().ok);
  EXPECT_THAT(w.port.closed, Contains(old_line));
  EXPECT_THAT(w.port.lost, IsEmpty());
}

TEST(VenueFeed, one_silent_topic_of_a_small_line_is_no_line_wide_symptom_but_two_of_five_are) {
  for (const std::size_t silent : {1U, 2U}) {
    World w;
    std::vector<TopicId> topics;
    for (int i = 0; i < 5; ++i) topics.push_back(w.mark("S" + std::to_string(i)));
    w.feed.start(w.now);
    w.pass(1s);
    w.live(topics);
    for (std::size_t i = 0; i < silent; ++i) {
      w.feed.on_suspect(topics[i], w.now, RepairStep::replace_line, w.now);
    }
    w.pass(1s);
    EXPECT_EQ(w.port.dials.size(), silent);
    EXPECT_EQ(w.port.repairs.front().step,
              silent == 1 ? RepairStep::resubscribe : RepairStep::replace_line);
  }
}

TEST(VenueFeed, a_half_open_line_is_replaced_eleven_seconds_after_its_last_frame_at_the_latest) {
  World w;
  const TopicId topic = w.quote("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.live({topic});
  const MonoTime last = w.now;
  w.pass_until_dials(2);
  EXPECT_LE(w.now - last, 10s + 20ms);
  const ConnId next = w.port.dials[1].conn;
  w.open(next);
  w.acknowledge_all(next);
  EXPECT_LE(w.now - last, 11s);
  EXPECT_THAT(w.port.closed, Contains(w.port.dials[0].conn));
}

TEST(VenueFeed, a_lost_line_loses_its_topics_and_comes_back) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({topic});
  w.tick(conn, {topic}, 60s);
  w.feed.on_closed(conn, {.close_code = 1006, .detail = "connection reset by peer"}, w.now);
  EXPECT_THAT(w.port.lost, Contains(topic));
  EXPECT_EQ(w.port.reasons[topic], Reason::disconnected);
  w.pass(600ms);  // a stable line comes back at once
  ASSERT_EQ(w.port.dials.size(), 2U);
  w.live({topic});
  EXPECT_EQ(w.port.reasons[topic], Reason::ok);
}

TEST(VenueFeed, a_topic_refused_twice_is_quarantined_and_harms_no_other) {
  World w;
  const TopicId good = w.mark("BTCUSDT");
  const TopicId bad = w.mark("NOSUCH");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.port.dials[0].conn;
  w.open(conn);
  const auto* side = venues::find_venue_side("binance-usdm");
  std::size_t answered = 0;
  const auto run = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      for (; answered < w.port.sent.size(); ++answered) {
        const std::string& text = w.port.sent[answered].text;
        const bool refused = text.find("nosuch") != std::string::npos;
        w.feed.on_ack(conn,
                      {.request_id = std::stoull(side->parse_client(text).id),
                       .ok = !refused,
                       .message = "no such stream"},
                      w.now);
      }
      w.tick(conn, {good}, 1s);
    }
  };
  run(4);
  EXPECT_NE(w.port.reasons[bad], Reason::quarantined) << "a venue in trouble refuses good ones";
  run(4);
  EXPECT_EQ(w.port.reasons[bad], Reason::quarantined);
  EXPECT_EQ(w.port.reasons[good], Reason::ok);
  const std::size_t sent = w.port.sent.size();
  run(590);
  EXPECT_EQ(w.port.sent.size(), sent) << "given up for ten minutes";
  run(20);
  EXPECT_GT(w.port.sent.size(), sent) << "and then asked for again";
  EXPECT_EQ(w.port.reasons[bad], Reason::quarantined);
  EXPECT_EQ(w.port.dials.size(), 1U);
}

TEST(VenueFeed, a_topic_without_data_in_two_epochs_on_a_live_line_is_quarantined_without_a_storm) {
  World w;
  std::vector<TopicId> good;
  for (int i = 0; i < 9; ++i) good.push_back(w.mark("S" + std::to_string(i)));
  const TopicId bad = w.mark("GHOST");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live(good);
  for (int i = 0; i < 3600; ++i) {
    w.acknowledge_all(conn);
    w.tick(conn, good, 1s);
  }
  EXPECT_EQ(w.port.reasons[bad], Reason::quarantined);
  EXPECT_EQ(w.port.dials.size(), 1U);
  EXPECT_LE(w.port.repairs.size(), 4U + 2U * 6U) << "one more try each ten minutes";
}

TEST(VenueFeed, data_lifts_a_quarantine) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.feed.set_instrument(topic, Reason::quarantined, "not listed", w.now);
  EXPECT_EQ(w.port.reasons[topic], Reason::quarantined);
  w.live({topic});
  EXPECT_EQ(w.port.reasons[topic], Reason::ok);
}

TEST(VenueFeed, a_replacement_given_up_leaves_the_old_line_with_a_later_epoch) {
  World w;
  std::vector<TopicId> topics;
  for (int i = 0; i < 10; ++i) topics.push_back(w.mark("S" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId old_line = w.live(topics);
  for (int i = 0; i < 3; ++i)
    w.feed.on_suspect(topics[static_cast<std::size_t>(i)], w.now, RepairStep::replace_line, w.now);
  w.pass(300ms);
  ASSERT_EQ(w.port.dials.size(), 2U);
  const ConnId next = w.port.dials[1].conn;
  w.open(next);
  w.acknowledge_all(next);
  const std::uint32_t later = w.data(next, topics[5]).epoch;
  while (w.port.aborted.empty()) {
    for (std::size_t k = 3; k < topics.size(); ++k) w.data(old_line, topics[k]);
    w.pass(1s);
    ASSERT_LT(w.now, test::t0 + 60s);
  }
  EXPECT_THAT(w.port.aborted, Contains(next));
  EXPECT_THAT(w.port.closed, Not(Contains(old_line)));
  const auto data = w.data(old_line, topics[5]);
  EXPECT_TRUE(data.first);
  EXPECT_GT(data.epoch, later);
}

TEST(VenueFeed, the_last_topic_closes_the_line_and_a_new_one_four_hours_later_has_data_at_once) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({topic});
  w.feed.remove_topic(topic, w.now);
  EXPECT_THAT(w.port.closed, Contains(conn));
  w.feed.on_closed(conn, {.close_code = 1000, .by_us = true}, w.now);
  w.pass(4h);
  EXPECT_EQ(w.port.dials.size(), 1U);
  const MonoTime wanted = w.now;
  const TopicId again = w.mark("ETHUSDT");
  w.pass_until_dials(2);
  w.live({again});
  EXPECT_LE(w.now - wanted, 3s);
}

TEST(VenueFeed, two_hundred_topics_are_restored_within_the_message_share) {
  World w;
  std::vector<TopicId> topics;
  for (int i = 0; i < 200; ++i) topics.push_back(w.mark("SYMBOL" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  w.open(w.port.dials[0].conn);
  EXPECT_LE(w.port.sent.size() + w.port.pings.size(), 2U);  // a fifth of ten a second
  w.pass(1s);
  w.acknowledge_all(w.port.dials[0].conn);
  EXPECT_EQ(w.port.acknowledged.size(), 200U);
}

TEST(VenueFeed, five_undecodable_messages_in_a_row_end_the_line) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({topic});
  for (int i = 0; i < 4; ++i) w.feed.on_decode_error(conn, w.now);
  w.feed.on_decoded(conn);
  for (int i = 0; i < 4; ++i) w.feed.on_decode_error(conn, w.now);
  EXPECT_THAT(w.port.aborted, IsEmpty());
  w.feed.on_decode_error(conn, w.now);
  EXPECT_THAT(w.port.aborted, Contains(conn));
}

TEST(VenueFeed, a_round_trip_beyond_a_second_makes_frames_older_and_says_why) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({topic});
  EXPECT_EQ(w.data(conn, topic).lag, 0s);
  w.pass(5s);
  ASSERT_EQ(w.port.pings.size(), 1U);
  w.pass(1s);  // exactly the limit: nothing is added
  w.feed.on_pong(conn, w.port.pings[0].text, w.now, w.now);
  EXPECT_EQ(w.data(conn, topic).lag, 0s);
  w.pass(5s);
  ASSERT_EQ(w.port.pings.size(), 2U);
  w.pass(1500ms);
  w.feed.on_pong(conn, w.port.pings[1].text, w.now, w.now);
  EXPECT_EQ(w.data(conn, topic).lag, 1500ms);
  EXPECT_EQ(w.port.reasons[topic], Reason::line_lag);
  w.pass(5s);
  ASSERT_EQ(w.port.pings.size(), 3U);
  w.feed.on_pong(conn, w.port.pings[2].text, w.now, w.now);
  EXPECT_EQ(w.data(conn, topic).lag, 0s);
  EXPECT_EQ(w.port.reasons[topic], Reason::ok);
}

TEST(VenueFeed, data_for_an_instant_between_two_closes_does_not_make_the_venue_live) {
  World w;
  const TopicId topic = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.live({topic});
  w.pass(1s);
  EXPECT_TRUE(w.port.venue.live);  // a first line has nothing to prove
  for (int i = 0; i < 10; ++i) {
    w.feed.on_closed(w.port.dials.back().conn, {.close_code = 1006, .detail = "closed"}, w.now);
    EXPECT_FALSE(w.port.venue.live);
    const MonoTime lost = w.now;
    w.pass_until_dials(w.port.dials.size() + 1);
    w.live({topic});
    w.pass(100ms);
    EXPECT_FALSE(w.port.venue.live);
    EXPECT_LE(w.port.venue.live_since, lost);
  }
  w.tick(w.port.dials.back().conn, {topic}, 6s);
  EXPECT_TRUE(w.port.venue.live);
}

TEST(VenueFeed, a_handshake_that_is_never_answered_is_told_with_its_reason) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.port.dials.back().conn;
  w.feed.on_phase(conn, DialPhase::securing, w.now);
  w.feed.on_phase(conn, DialPhase::upgrading, w.now);
  w.pass(9s);
  EXPECT_EQ(w.port.lines["v/market#1"].state, LineState::handshaking);
  w.port.told_lines.clear();
  w.pass(1s);
  ASSERT_TRUE(w.port.was(w.port.aborted, conn));
  ASSERT_EQ(w.port.dials.size(), 2U) << "the next dial follows at once";
  const auto lost =
      std::ranges::find(w.port.told_lines, LineState::backing_off, &LineStatus::state);
  ASSERT_NE(lost, w.port.told_lines.end());
  EXPECT_EQ(lost->detail, "the connection did not open within 10 s");
  EXPECT_EQ(lost->unplanned_closes, 1U);
  EXPECT_EQ(w.port.lines["v/market#1"].detail, lost->detail) << "until a connection stands";
}

}  // namespace
}  // namespace feedwatch::feed
