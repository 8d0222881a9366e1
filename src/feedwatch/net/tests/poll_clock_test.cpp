#include "feedwatch/net/poll_clock.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace feedwatch::net {
namespace {

constexpr MonoTime at(Duration d) {
  return MonoTime{1h + d};
}
constexpr WallAnchor anchor{.wall = WallTime{1000h}, .mono = MonoTime{1h}};

TEST(PollClock, AGapOfExactlyTheLimitIsNoStall) {
  PollClock poll(250ms);
  EXPECT_FALSE(poll.on_poll(at(0ms), at(0ms)));
  EXPECT_FALSE(poll.on_poll(at(250ms), at(250ms)));
  EXPECT_TRUE(poll.on_poll(at(500ms + 1ns), at(500ms + 1ns)));
  EXPECT_EQ(poll.previous(), at(250ms));
  EXPECT_EQ(poll.stalls(), 1U);
  EXPECT_EQ(poll.longest(), 250ms + 1ns);
}

TEST(PollClock, TheFirstPollIsNoStallHoweverLateItComes) {
  PollClock poll(250ms);
  EXPECT_FALSE(poll.on_poll(MonoTime{9h}, MonoTime{9h}));
}

TEST(PollClock, BusyAndIdleTimeDoNotAddUp) {
  PollClock poll(250ms);
  poll.on_poll(at(0ms), at(0ms));
  // 200 ms busy, then 90 ms of waiting in the poll itself: the sockets were seen at 200 ms.
  EXPECT_FALSE(poll.on_poll(at(200ms), at(290ms)));
}

TEST(PollClock, AStopInsideThePollCountsFromItsBeginning) {
  PollClock poll(250ms);
  poll.on_poll(at(0ms), at(0ms));
  EXPECT_TRUE(poll.on_poll(at(20ms), at(10s)));
  EXPECT_EQ(poll.previous(), at(20ms));
}

TEST(PollClock, TheNextOrdinaryPollIsNoStall) {
  PollClock poll(250ms);
  poll.on_poll(at(0ms), at(0ms));
  EXPECT_TRUE(poll.on_poll(at(400ms), at(400ms)));
  EXPECT_FALSE(poll.on_poll(at(401ms), at(402ms)));
  EXPECT_EQ(poll.stalls(), 1U);
}

TEST(SocketStamper, AnOrdinaryReadCarriesItsOwnTime) {
  PollClock poll(250ms);
  poll.on_poll(at(0ms), at(0ms));
  SocketStamper stamper;
  const ReadStamp stamp = stamper.on_bytes(100, poll, anchor, at(250ms));
  EXPECT_EQ(stamp.mono_recv, at(250ms));
  EXPECT_EQ(stamp.ts_recv, WallTime{1000h + 250ms});
  EXPECT_FALSE(stamp.stalled);
}

TEST(SocketStamper, EveryReadAfterAStallIsOldUntilTheSocketIsEmpty) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(0ms));
  poll.on_poll(at(400ms), at(400ms));
  for (const Duration d : {400ms, 410ms}) {
    const ReadStamp stamp = stamper.on_bytes(100, poll, anchor, at(d));
    EXPECT_EQ(stamp.mono_recv, at(0ms));
    EXPECT_EQ(stamp.ts_recv, WallTime{1000h});
    EXPECT_TRUE(stamp.stalled);
  }
  // Still not empty when the next, ordinary poll comes.
  poll.on_poll(at(420ms), at(420ms));
  EXPECT_TRUE(stamper.on_bytes(100, poll, anchor, at(421ms)).stalled);
  stamper.on_empty();
  const ReadStamp fresh = stamper.on_bytes(100, poll, anchor, at(430ms));
  EXPECT_EQ(fresh.mono_recv, at(430ms));
  EXPECT_FALSE(fresh.stalled);
}

TEST(SocketStamper, ASecondStallDoesNotMakeTheBacklogYounger) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(0ms));
  poll.on_poll(at(400ms), at(400ms));
  stamper.on_bytes(100, poll, anchor, at(400ms));
  poll.on_poll(at(900ms), at(900ms));
  EXPECT_EQ(stamper.on_bytes(100, poll, anchor, at(900ms)).mono_recv, at(0ms));
}

TEST(SocketStamper, ASocketServedLateInALongRoundWaitedSinceThePoll) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(5ms));
  const ReadStamp stamp = stamper.on_bytes(100, poll, anchor, at(5ms + 250ms + 1ns));
  EXPECT_EQ(stamp.mono_recv, at(5ms));
  EXPECT_TRUE(stamp.stalled);
}

TEST(SocketStamper, ASocketFirstReadableAfterTheStallIsFresh) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(0ms));
  poll.on_poll(at(400ms), at(400ms));  // this socket had nothing
  poll.on_poll(at(401ms), at(450ms));
  EXPECT_FALSE(stamper.on_bytes(100, poll, anchor, at(450ms)).stalled);
}

/// Rounds of 100 ms, none a stall: in each one socket is read once, `bytes` of them, and leaves
/// `waiting` behind.
class Rounds {
 public:
  ReadStamp next(std::size_t bytes, std::size_t waiting) {
    now_ += 100ms;
    EXPECT_FALSE(poll_.on_poll(now_, now_));
    const ReadStamp stamp = stamper_.on_bytes(bytes, poll_, anchor, now_);
    if (waiting == 0) {
      stamper_.on_empty();
    } else {
      stamper_.on_backlog(waiting, now_);
    }
    return stamp;
  }
  MonoTime now() const { return now_; }

 private:
  MonoTime now_ = at(0ms);
  PollClock poll_{250ms};
  SocketStamper stamper_;
};

TEST(SocketStamper, ABacklogIsAsOldAsItsBeginningHoweverShortTheRounds) {
  Rounds rounds;
  const MonoTime began = rounds.now() + 100ms;
  for (int i = 0; i < 3; ++i) {
    const ReadStamp stamp = rounds.next(100, 1000);
    EXPECT_EQ(stamp.mono_recv, rounds.now());
  }
  for (int i = 0; i < 7; ++i) {
    const ReadStamp stamp = rounds.next(100, 1000);
    EXPECT_EQ(stamp.mono_recv, began);
    EXPECT_TRUE(stamp.stalled);
  }
}

TEST(SocketStamper, OnceAllThatWaitedAtOneMomentIsReadNothingIsOlderThanThat) {
  Rounds rounds;
  rounds.next(100, 1000);
  const MonoTime seen = rounds.now();
  // The tenth read ends with the last byte that waited then; what follows came later.
  for (int i = 0; i < 10; ++i) {
    const ReadStamp stamp = rounds.next(100, 1500);
    EXPECT_LE(stamp.mono_recv, rounds.now());
  }
  const MonoTime seen_again = rounds.now();
  EXPECT_EQ(rounds.next(100, 1500).mono_recv, seen);
  EXPECT_LT(seen, seen_again);
  for (int i = 0; i < 13; ++i) EXPECT_EQ(rounds.next(100, 1500).mono_recv, seen);
  rounds.next(100, 1500);
  EXPECT_EQ(rounds.next(100, 1500).mono_recv, seen_again);
}

TEST(SocketStamper, ASocketThatKeepsUpIsFreshThoughNeverSeenEmpty) {
  Rounds rounds;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(rounds.next(1000, 900).stalled);
}

TEST(SocketStamper, ASocketDrainedInEachRoundIsFresh) {
  Rounds rounds;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(rounds.next(1000, 0).stalled);
}

}  // namespace
}  // namespace feedwatch::net
