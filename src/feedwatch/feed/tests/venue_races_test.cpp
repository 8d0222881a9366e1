// What meets in an unlucky order: topics that go while something is under way, lines that change
// places, timers of those who left.

#include <gtest/gtest.h>

#include "feedwatch/feed/tests/recorder.hpp"

namespace feedwatch::feed {
namespace {

using test::World;

/// How often the feed asks to be woken in a span; every wake-up is served.
int wake_ups(World& w, Duration span, int at_most = 1000) {
  const MonoTime end = w.now + span;
  int count = 0;
  while (w.feed.next_deadline(w.now) <= end && count < at_most) {
    w.now = std::max(w.now, w.feed.next_deadline(w.now));
    w.feed.on_time(w.now);
    ++count;
  }
  if (count < at_most) w.now = end;
  return count;
}

TEST(VenueRaces, a_pathfinder_whose_last_topic_goes_leaves_no_timer_behind) {
  World w;
  const TopicId only = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  ASSERT_EQ(w.port.dials.size(), 1U);
  w.feed.remove_topic(only, w.now);
  w.feed.on_closed(w.port.dials[0].conn, {.by_us = true}, w.now);
  EXPECT_LE(wake_ups(w, 20s), 25);
}

TEST(VenueRaces, a_pathfinder_overtaken_by_another_line_leaves_no_timer_behind) {
  World w;
  w.mark("BTCUSDT");
  const TopicId quote = w.quote("BTCUSDT");
  w.feed.start(w.now);
  w.pass_until_dials(1);
  const ConnId first = w.port.dials[0].conn;
  w.open(first);
  w.pass_until_dials(2);  // the first is silent: the other need not wait for it
  const ConnId second = w.port.dials[1].conn;
  w.open(second);
  w.feed.on_closed(first, {.close_code = 1006, .detail = "closed"}, w.now);
  w.pass_until_dials(3);  // finds the path again, and reaches nobody
  w.acknowledge_all(second);
  w.data(second, quote);
  EXPECT_LE(wake_ups(w, 8s), 40);
}

TEST(VenueRaces, a_repair_that_outlives_its_line_does_not_spin_on_the_next_one) {
  World w;
  std::vector<TopicId> topics;
  for (int i = 0; i < 4; ++i) topics.push_back(w.mark("S" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId first = w.live(topics);
  for (int i = 0; i < 3; ++i) {
    w.feed.on_suspect(topics[static_cast<std::size_t>(i)], w.now - 3s, RepairStep::replace_line,
                      w.now);
  }
  w.pass(300ms);
  ASSERT_EQ(w.port.dials.size(), 2U);
  w.feed.on_closed(first, {.close_code = 1006, .detail = "closed"}, w.now);
  w.pass(500ms);  // the new line takes over while it is still dialling
  w.open(w.port.dials[1].conn);
  EXPECT_LE(wake_ups(w, 5s), 50);
}

TEST(VenueRaces, a_topic_that_goes_while_a_replacement_waits_for_it_is_not_judged_later) {
  World w;
  const TopicId keeps = w.mark("BTCUSDT");
  const TopicId goes = w.mark("ETHUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId first = w.live({keeps, goes});
  w.tick(first, {keeps, goes}, 2s);
  w.feed.on_notice(first, w.now);
  const ConnId next = w.port.dials.back().conn;
  ASSERT_NE(next, first);
  w.open(next);
  w.acknowledge_all(next);
  w.data(next, keeps);
  w.tick(first, {keeps, goes}, 12s);  // overdue on the new line
  w.feed.remove_topic(goes, w.now);
  w.feed.on_closed(first, {.close_code = 1006, .detail = "closed"}, w.now);
  w.tick(next, {keeps}, 5s);
  EXPECT_EQ(w.port.lines["v/market#1"].state, LineState::live);
  EXPECT_EQ(w.port.lines["v/market#1"].topics, 1U);
}

TEST(VenueRaces, an_answer_for_a_topic_that_went_is_no_answer_for_the_next_one_of_its_id) {
  World w;
  const TopicId stays = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.live({stays});
  const ConnId conn = w.port.dials.back().conn;
  w.pass(2s);
  const std::size_t before = w.port.sent.size();
  const TopicId bad = w.mark("NOSUCH");
  ASSERT_EQ(w.port.sent.size(), before + 1);
  const auto* side = venues::find_venue_side("binance-usdm");
  const auto request = side->parse_client(w.port.sent.back().text);
  w.feed.remove_topic(bad, w.now);
  const TopicId good = w.mark("ETHUSDT");
  ASSERT_EQ(good, bad);  // ids are used again
  w.pass(2s);
  w.port.acknowledged.clear();
  w.feed.on_ack(conn, {.request_id = std::stoull(request.id), .ok = true, .message = {}}, w.now);
  EXPECT_TRUE(w.port.acknowledged.empty());
}

TEST(VenueRaces, a_line_that_takes_over_never_goes_back_to_an_earlier_epoch) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId first = w.live({a, b});
  w.pass(2s);
  w.feed.on_notice(first, w.now);
  const ConnId next = w.port.dials.back().conn;
  w.open(next);
  w.acknowledge_all(next);
  // Subscribed on the new line; then repaired on the old one: the later epoch is the old line's.
  w.feed.on_suspect(a, w.now - 3s, RepairStep::replace_line, w.now);
  w.pass(300ms);
  w.data(next, a);
  w.acknowledge_all(first);
  w.feed.on_ack(first, {.request_id = std::nullopt, .ok = true, .message = {}}, w.now);
  w.feed.on_ack(first, {.request_id = std::nullopt, .ok = true, .message = {}}, w.now);
  const std::uint32_t on_old = w.data(first, a).epoch;
  w.data(next, b);  // now it delivers all, and takes over
  ASSERT_TRUE(w.port.was(w.port.closed, first));
  EXPECT_GE(w.data(next, a).epoch, on_old);
}

TEST(VenueRaces, many_topics_wanted_at_once_on_an_open_line_go_out_together) {
  World w;
  const TopicId first = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.live({first});
  w.pass(2s);
  w.port.sent.clear();
  for (int i = 0; i < 150; ++i) w.mark("S" + std::to_string(i));
  w.pass(3s);
  std::size_t asked = 0;
  for (const auto& sent : w.port.sent) {
    for (std::size_t at = 0; (at = sent.text.find("@markPrice", at)) != std::string::npos; ++at) {
      ++asked;
    }
  }
  EXPECT_EQ(asked, 150U);
  EXPECT_LE(w.port.sent.size(), 8U);
}

TEST(VenueRaces, a_line_that_takes_over_without_a_topic_closes_its_gate) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId first = w.live({a, b});
  w.tick(first, {a, b}, 2s);
  w.feed.on_notice(first, w.now);
  const ConnId next = w.port.dials.back().conn;
  w.open(next);
  w.acknowledge_all(next);
  w.data(next, a);
  // The old line falls silent: suspect by its ping, the new one takes over without b.
  for (int i = 0; i < 12 && !w.port.was(w.port.closed, first); ++i) {
    w.pass(1s);
    w.data(next, a);
  }
  ASSERT_TRUE(w.port.was(w.port.closed, first));
  EXPECT_EQ(w.port.lost, std::vector<TopicId>{b});
}

TEST(VenueRaces, a_ban_lasts_as_long_as_the_venue_says) {
  World w;
  w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.feed.on_closed(w.port.dials[0].conn, {.http_status = 418, .retry_after = 71h}, w.now);
  EXPECT_EQ(*w.port.venue.limited_until - w.now, 71h);
  const VenueFeed::Memory memory = w.feed.memory(w.now);
  World after;
  after.mark("BTCUSDT");
  after.feed.restore(memory, after.now);
  after.feed.start(after.now);
  after.pass(70h);
  EXPECT_TRUE(after.port.dials.empty());
}

TEST(VenueRaces, a_long_queue_of_requests_leaves_room_for_pings) {
  World w;
  std::vector<TopicId> many;
  for (int i = 0; i < 60; ++i) many.push_back(w.mark("S" + std::to_string(i)));
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.port.dials.back().conn;
  w.open(conn);
  const auto* side = venues::find_venue_side("binance-usdm");
  const auto batch = side->parse_client(w.port.sent.back().text);
  // Refused as a whole: each is asked for again by itself, two a second.
  w.feed.on_ack(conn, {.request_id = std::stoull(batch.id), .ok = false, .message = "no"}, w.now);
  w.data(conn, many[0]);
  w.port.pings.clear();
  w.pass(7s);
  EXPECT_FALSE(w.port.pings.empty());
  EXPECT_TRUE(w.feed.owns(conn));
}

/// Lets time pass with pings answered and no data at all.
void idle(World& w, Duration span) {
  w.tick(w.port.dials.back().conn, {}, span);
}

TEST(VenueInstruments, a_line_of_halted_symbols_only_is_not_torn_down_for_their_silence) {
  World w;
  const TopicId halted = w.mark("BTCUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  w.open(w.port.dials.back().conn);
  w.acknowledge_all(w.port.dials.back().conn);
  w.feed.set_instrument(halted, Reason::venue_halt, "not trading", w.now);
  idle(w, 60s);
  EXPECT_EQ(w.port.dials.size(), 1U);
  EXPECT_EQ(w.port.lines["v/market#1"].state, LineState::live);
  EXPECT_EQ(w.port.reasons[halted], Reason::venue_halt);
}

TEST(VenueInstruments, a_line_of_bad_symbols_only_is_not_torn_down_for_their_silence) {
  World w;
  const TopicId bad = w.mark("NOSUCH");
  w.feed.set_instrument(bad, Reason::quarantined, "lists no symbol NOSUCH", w.now);
  w.feed.start(w.now);
  w.pass(1s);
  w.open(w.port.dials.back().conn);
  w.acknowledge_all(w.port.dials.back().conn);
  idle(w, 60s);
  EXPECT_EQ(w.port.dials.size(), 1U);
  EXPECT_EQ(w.port.reasons[bad], Reason::quarantined);
}

TEST(VenueInstruments, a_symbol_listed_at_last_leaves_quarantine_and_is_asked_for_again) {
  World w;
  const TopicId other = w.mark("BTCUSDT");
  const TopicId late = w.mark("NEWUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({other});
  w.feed.set_instrument(late, Reason::quarantined, "lists no symbol NEWUSDT", w.now);
  EXPECT_EQ(w.port.reasons[late], Reason::quarantined);
  w.tick(conn, {other}, 60s);
  const std::size_t before = w.port.sent.size();
  w.feed.set_instrument(late, Reason::ok, {}, w.now);
  EXPECT_EQ(w.port.reasons[late], Reason::ok);
  w.tick(conn, {other}, 2s);
  EXPECT_GT(w.port.sent.size(), before);
}

TEST(VenueInstruments, a_symbol_that_vanished_is_delisted_only_when_it_is_silent) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({a, b});
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  EXPECT_EQ(w.port.reasons[b], Reason::ok);
  w.tick(conn, {a}, 3s);
  w.feed.on_suspect(b, w.now - 3s, RepairStep::replace_line, w.now);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  EXPECT_EQ(w.port.reasons[b], Reason::delisted);
  w.tick(conn, {a}, 60s);
  EXPECT_TRUE(w.port.repairs.empty());
  w.feed.on_cleared(b, w.now);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  EXPECT_EQ(w.port.reasons[b], Reason::ok);
}

/// `b` was heard, is silent, and stood on no list, once.
ConnId delisted(World& w, TopicId a, TopicId b) {
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({a, b});
  w.tick(conn, {a}, 3s);
  w.feed.on_suspect(b, w.now - 3s, RepairStep::replace_line, w.now);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  return conn;
}

TEST(VenueInstruments, two_lists_without_a_silent_symbol_retire_it) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  const ConnId conn = delisted(w, a, b);
  w.feed.set_instrument(b, Reason::quarantined, "the same list", w.now);
  EXPECT_FALSE(w.feed.retired(b));
  w.tick(conn, {a}, 45s);
  const std::size_t before = w.port.sent.size();
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  EXPECT_TRUE(w.port.retired[b]);
  w.tick(conn, {a}, 2s);
  ASSERT_GT(w.port.sent.size(), before);
  EXPECT_NE(w.port.sent[before].text.find("UNSUBSCRIBE"), std::string::npos);
  EXPECT_EQ(w.port.lost, std::vector{b}) << "what it had may not be used when it comes back";
  EXPECT_FALSE(w.feed.excusing()) << "REST need not be asked every minute";
  w.tick(conn, {a}, 5min);
  EXPECT_EQ(w.port.reasons[b], Reason::delisted) << "for as long as no list holds it";
  EXPECT_EQ(w.port.lines["v/market#1"].topics, 1U);
  EXPECT_TRUE(w.port.repairs.empty());
}

TEST(VenueInstruments, what_is_listed_again_is_subscribed_again) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  const ConnId conn = delisted(w, a, b);
  w.tick(conn, {a}, 45s);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  w.tick(conn, {a}, 1min);
  const std::size_t before = w.port.sent.size();
  w.feed.set_instrument(b, Reason::ok, {}, w.now);
  EXPECT_FALSE(w.port.retired[b]);
  w.tick(conn, {a}, 2s);
  ASSERT_GT(w.port.sent.size(), before);
  EXPECT_NE(w.port.sent[before].text.find("ethusdt@markPrice"), std::string::npos);
  EXPECT_EQ(w.port.reasons[b], Reason::delisted) << "no fault while its data are on their way";
  w.acknowledge_all(conn);
  w.data(conn, b);
  EXPECT_EQ(w.port.reasons[b], Reason::ok);
}

TEST(VenueInstruments, what_is_listed_again_and_stays_silent_is_a_fault) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  const ConnId conn = delisted(w, a, b);
  w.tick(conn, {a}, 45s);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  w.feed.set_instrument(b, Reason::ok, {}, w.now);
  w.tick(conn, {a}, 2s);
  w.acknowledge_all(conn);
  w.tick(conn, {a}, 45s);
  w.feed.set_instrument(b, Reason::ok, {}, w.now);
  w.tick(conn, {a}, 5s);
  EXPECT_FALSE(w.port.repairs.empty());
  EXPECT_NE(w.port.reasons[b], Reason::delisted);
}

TEST(VenueInstruments, a_retired_symbol_that_nobody_wants_any_more_is_gone) {
  World w;
  const TopicId a = w.mark("BTCUSDT");
  const TopicId b = w.mark("ETHUSDT");
  const ConnId conn = delisted(w, a, b);
  w.tick(conn, {a}, 45s);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  w.feed.remove_topic(b, w.now);
  EXPECT_EQ(w.quote("ETHUSDT"), b) << "its id is free";
  EXPECT_FALSE(w.feed.retired(b));
  w.tick(conn, {a}, 1min);
}

TEST(VenueInstruments, a_line_of_retired_symbols_only_closes) {
  World w;
  const TopicId b = w.quote("ETHUSDT");
  w.feed.start(w.now);
  w.pass(1s);
  const ConnId conn = w.live({b});
  w.feed.note_silent(b, w.now, w.now);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  idle(w, 40s);
  w.feed.set_instrument(b, Reason::quarantined, "lists no symbol ETHUSDT", w.now);
  EXPECT_TRUE(w.port.was(w.port.closed, conn));
  w.pass(1min);
  EXPECT_EQ(w.port.dials.size(), 1U);
  w.feed.set_instrument(b, Reason::ok, {}, w.now);
  w.pass(1s);
  EXPECT_EQ(w.port.dials.size(), 2U);
}

}  // namespace
}  // namespace feedwatch::feed
