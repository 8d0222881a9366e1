#include <gtest/gtest.h>

#include "feedwatch/feed/tests/small_venue.hpp"

/// Doubled lines: which copy is the primary, and what happens to the other.
namespace feedwatch::feed {
namespace {

using test::Recorder;
using test::SmallVenue;

/// Quotes that come each second, on two lines that stand.
struct Doubled : testing::Test {
  explicit Doubled(bool comparable = false) : venue(venues::BeatScope::none) {
    if (comparable) venue.make_comparable();
    for (const char* symbol : {"S", "T", "U"}) {
      topics.push_back(feed.add_topic({0, symbol}, true, now));
    }
    feed.start(now);
    pass(1s);
    a = port.dials.at(0).conn;
    open(a);
    tick(a);
    pass(2s);
    b = port.dials.at(1).conn;
    open(b);
  }

  void pass(Duration duration) {
    for (Duration passed{}; passed < duration; passed += 100ms) {
      now += 100ms;
      while (feed.next_deadline(now) <= now) feed.on_time(now);
      for (; ponged < port.pings.size(); ++ponged) {
        feed.on_pong(port.pings[ponged].conn, port.pings[ponged].text, now, now);
      }
    }
  }
  void open(ConnId conn) {
    for (const DialPhase phase :
         {DialPhase::connecting, DialPhase::securing, DialPhase::upgrading, DialPhase::open}) {
      feed.on_phase(conn, phase, now);
    }
    feed.on_ack(conn, {.request_id = {}, .ok = true, .message = {}}, now);
  }
  Session::Data data(ConnId conn, TopicId topic) {
    feed.on_frames(conn, 1, now);
    const Session::Data data = feed.on_data(conn, topic, now);
    if (data.first) feed.on_evidence(conn, topic, now);
    if (data.accused && !data.first) feed.on_copy_speaks(conn, topic, now);
    return data;
  }
  void tick(ConnId conn) {
    for (const TopicId topic : topics) data(conn, topic);
  }
  /// Both lines, or those named, bring all topics each second.
  void run(Duration duration, const std::vector<ConnId>& lines) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      pass(1s);
      for (const ConnId line : lines) tick(line);
    }
  }
  std::size_t resubscribed(ConnId conn) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        port.sent, [&](const auto& sent) { return sent.conn == conn && sent.text == "unsub"; }));
  }

  SmallVenue venue;
  Recorder port;
  MonoTime now = mono_from_ns(1'000'000'000'000);
  std::size_t ponged = 0;
  VenueFeed feed{{.venue = "v",
                  .codec = &venue,
                  .ws_urls = {"ws://x"},
                  .ca_file = {},
                  .lines = 2,
                  .session = {}},
                 port};
  std::vector<TopicId> topics;
  ConnId a, b;
};

struct ComparableCopies : Doubled {
  ComparableCopies() : Doubled(true) {}
};

TEST_F(Doubled, EachLineHasItsNameAndAllTopics) {
  ASSERT_EQ(port.lines.size(), 2U);
  EXPECT_EQ(port.lines.at("v/r#1a").topics, 3U);
  EXPECT_EQ(port.lines.at("v/r#1b").topics, 3U);
  EXPECT_EQ(feed.line_name(topics[0]), "v/r#1a");
}

TEST_F(Doubled, OnlyThePrimarysEpochIsTheStreams) {
  const Session::Data first = data(b, topics[0]);
  EXPECT_TRUE(first.doubled);
  EXPECT_FALSE(first.primary);
  EXPECT_EQ(first.copy, 1);
  EXPECT_TRUE(data(a, topics[0]).primary);
  EXPECT_TRUE(port.taken_over.empty());
}

TEST_F(ComparableCopies, AllLinesCountByOneEpoch) {
  const std::uint32_t epoch = data(a, topics[0]).epoch;
  const Session::Data other = data(b, topics[0]);
  EXPECT_EQ(other.epoch, epoch);
  EXPECT_NE(other.line_epoch, epoch);
}

TEST_F(Doubled, TheOtherLineTakesOverAtOnceWithALaterEpoch) {
  run(2s, {a, b});
  const std::uint32_t before = data(a, topics[0]).epoch;
  feed.on_closed(a, {.detail = "reset"}, now);
  EXPECT_TRUE(port.lost.empty()) << "another line delivers it";
  ASSERT_EQ(port.taken_over.size(), 3U);
  EXPECT_EQ(port.taken_over[0].copy, 1);
  EXPECT_GT(port.taken_over[0].epoch, before);
  EXPECT_EQ(data(b, topics[0]).epoch, port.taken_over[0].epoch);
  EXPECT_EQ(feed.line_name(topics[0]), "v/r#1b");
  EXPECT_EQ(feed.reason(topics[0]), Reason::ok);
}

TEST_F(ComparableCopies, AnEpochOutlivesItsLine) {
  run(2s, {a, b});
  const std::uint32_t before = data(a, topics[0]).epoch;
  feed.on_closed(a, {.detail = "reset"}, now);
  EXPECT_EQ(port.taken_over.at(0).epoch, before);
  EXPECT_EQ(data(b, topics[0]).epoch, before) << "one order, and it goes on";
}

TEST_F(ComparableCopies, WhatTheStreamsCountByNeverFalls) {
  run(2s, {a, b});
  std::uint32_t told = data(a, topics[0]).epoch;
  const auto rises = [&](ConnId conn) {
    const std::uint32_t epoch = data(conn, topics[0]).epoch;
    EXPECT_GE(epoch, told);
    told = epoch;
  };
  for (int round = 0; round < 3; ++round) {
    for (ConnId* line : {&a, &b}) {
      feed.on_closed(*line, {.detail = "reset"}, now);
      run(1s, {line == &a ? b : a});
      *line = port.dials.back().conn;
      open(*line);
      rises(*line), rises(line == &a ? b : a);
      run(31s, {a, b});
      rises(b), rises(a);
    }
  }
}

TEST_F(ComparableCopies, ATopicThatWasLostBeginsAnew) {
  const std::uint32_t before = data(a, topics[0]).epoch;
  feed.on_closed(a, {.detail = "reset"}, now);
  ASSERT_EQ(port.lost.size(), 3U);
  tick(b);
  EXPECT_GT(data(b, topics[0]).epoch, before);
}

TEST_F(Doubled, ALostCopyIsTold) {
  run(2s, {a, b});
  feed.on_closed(b, {.detail = "reset"}, now);
  ASSERT_EQ(port.copies_lost.size(), 3U);
  EXPECT_EQ(port.copies_lost[0].second, 1);
  EXPECT_TRUE(port.lost.empty());
}

TEST_F(Doubled, WithoutALineToStandInTheTopicIsLost) {
  feed.on_closed(a, {.detail = "reset"}, now);
  EXPECT_EQ(port.lost.size(), 3U) << "the other one has brought nothing yet";
  tick(b);
  EXPECT_EQ(port.taken_over.size(), 3U) << "and takes over when it does";
}

TEST_F(Doubled, ALineThatComesBackStandsBy) {
  run(2s, {a, b});
  feed.on_closed(a, {.detail = "reset"}, now);
  run(3s, {b});
  const ConnId again = port.dials.back().conn;
  ASSERT_NE(again, b);
  open(again);
  EXPECT_FALSE(data(again, topics[0]).primary);
  EXPECT_EQ(port.taken_over.size(), 3U) << "nothing is handed back";
}

TEST_F(Doubled, ACopySilentBesideTheOtherIsRepairedAlone) {
  run(2s, {a, b});
  for (int second = 0; second < 6; ++second) {
    pass(1s);
    tick(a);
    data(b, topics[0]), data(b, topics[1]);  // all but U
  }
  EXPECT_EQ(resubscribed(b), 1U);
  EXPECT_EQ(resubscribed(a), 0U);
  EXPECT_TRUE(port.lost.empty());
  EXPECT_EQ(port.reasons[topics[2]], Reason::ok) << "its stream is well";
}

TEST_F(Doubled, APrimarySilentBesideTheOtherIsReplacedByIt) {
  run(2s, {a, b});
  run(5s, {b});
  EXPECT_EQ(port.taken_over.size(), 3U);
  EXPECT_EQ(feed.line_name(topics[0]), "v/r#1b");
  EXPECT_TRUE(port.lost.empty());
}

TEST_F(Doubled, StandsInOnlyIfItDelivers) {
  EXPECT_FALSE(feed.stand_in(topics[0], 1, now - 3s, now)) << "no data of it yet";
  run(1s, {a, b});
  EXPECT_TRUE(feed.stand_in(topics[0], 1, now - 3s, now));
  EXPECT_EQ(feed.primary(topics[0]), 1);
  EXPECT_FALSE(feed.stand_in(topics[0], 1, now - 3s, now)) << "it is the primary";
}

TEST_F(Doubled, SpeakingAgainEndsTheAccusation) {
  run(2s, {a, b});
  feed.stand_in(topics[0], 1, now - 3s, now);
  data(a, topics[0]);
  pass(1s);
  EXPECT_EQ(resubscribed(a), 0U);
  EXPECT_TRUE(port.repairs.empty());
}

TEST_F(Doubled, ATopicIsExhaustedWhenAllItsCopiesAre) {
  run(2s, {a, b});
  for (int second = 0; second < 90; ++second) {
    pass(1s);
    for (const ConnId line : {a, b}) data(line, topics[0]), data(line, topics[1]);
    if (second == 3) feed.on_suspect(topics[2], now - 3s, RepairStep::resubscribe, now);
    if (second == 20) {
      EXPECT_FALSE(port.exhausted);
    }
  }
  EXPECT_TRUE(port.exhausted);
}

TEST_F(Doubled, GoesFromBothLines) {
  run(1s, {a, b});
  for (const TopicId topic : topics) feed.remove_topic(topic, now);
  EXPECT_TRUE(port.was(port.closed, a));
  EXPECT_TRUE(port.was(port.closed, b));
}

TEST_F(Doubled, WhatRestSaysHoldsForAllCopies) {
  run(1s, {a, b});
  feed.set_instrument(topics[0], Reason::venue_halt, "halted", now);
  feed.note_silent(topics[0], now - 3s, now);
  feed.on_suspect(topics[0], now - 3s, RepairStep::replace_line, now);
  pass(5s);
  EXPECT_TRUE(port.repairs.empty());
  EXPECT_EQ(port.reasons[topics[0]], Reason::venue_halt);
}

}  // namespace
}  // namespace feedwatch::feed
