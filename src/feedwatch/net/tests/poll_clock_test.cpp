#include "feedwatch/net/poll_clock.hpp"

#include <gtest/gtest.h>

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
  const ReadStamp stamp = stamper.on_bytes(poll, anchor, at(250ms));
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
    const ReadStamp stamp = stamper.on_bytes(poll, anchor, at(d));
    EXPECT_EQ(stamp.mono_recv, at(0ms));
    EXPECT_EQ(stamp.ts_recv, WallTime{1000h});
    EXPECT_TRUE(stamp.stalled);
  }
  // Still not empty when the next, ordinary poll comes.
  poll.on_poll(at(420ms), at(420ms));
  EXPECT_TRUE(stamper.on_bytes(poll, anchor, at(421ms)).stalled);
  stamper.on_empty();
  const ReadStamp fresh = stamper.on_bytes(poll, anchor, at(430ms));
  EXPECT_EQ(fresh.mono_recv, at(430ms));
  EXPECT_FALSE(fresh.stalled);
}

TEST(SocketStamper, ASecondStallDoesNotMakeTheBacklogYounger) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(0ms));
  poll.on_poll(at(400ms), at(400ms));
  stamper.on_bytes(poll, anchor, at(400ms));
  poll.on_poll(at(900ms), at(900ms));
  EXPECT_EQ(stamper.on_bytes(poll, anchor, at(900ms)).mono_recv, at(0ms));
}

TEST(SocketStamper, ASocketServedLateInALongRoundWaitedSinceThePoll) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(5ms));
  const ReadStamp stamp = stamper.on_bytes(poll, anchor, at(5ms + 250ms + 1ns));
  EXPECT_EQ(stamp.mono_recv, at(5ms));
  EXPECT_TRUE(stamp.stalled);
}

TEST(SocketStamper, ASocketFirstReadableAfterTheStallIsFresh) {
  PollClock poll(250ms);
  SocketStamper stamper;
  poll.on_poll(at(0ms), at(0ms));
  poll.on_poll(at(400ms), at(400ms));  // this socket had nothing
  poll.on_poll(at(401ms), at(450ms));
  EXPECT_FALSE(stamper.on_bytes(poll, anchor, at(450ms)).stalled);
}

}  // namespace
}  // namespace feedwatch::net
