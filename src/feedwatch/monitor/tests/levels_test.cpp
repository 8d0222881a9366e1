#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;
using Type = StreamChange::Type;

class Levels : public World {};

TEST_F(Levels, ComeTrueByTheTimerAtTheExactNanosecond) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  changes();
  run(180s);
  EXPECT_TRUE(levels().empty()) << "180 s is healthy";
  run(ns);
  auto seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].to, Level::degraded);
  EXPECT_EQ(seen[0].at, t0 + 180s + ns);
  EXPECT_EQ(seen[0].reason, Reason::silent);
  run(120s - ns);
  EXPECT_TRUE(levels().empty()) << "300 s is degraded";
  run(ns);
  seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].from, Level::degraded);
  EXPECT_EQ(seen[0].to, Level::stale);
  EXPECT_EQ(seen[0].at, t0 + 300s + ns);
}

TEST_F(Levels, ALateTimerStillTellsWhenEachBecameTrue) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  changes();
  wait(1h);
  EXPECT_EQ(refusal(s, Duration::max()), RefusalCode::stale) << "no timer has run";
  monitor.on_time(now);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].at, t0 + 180s + ns);
  EXPECT_EQ(seen[1].at, t0 + 300s + ns);
}

TEST_F(Levels, ATickThatComesFirstTellsTheOutageItEnds) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  changes();
  wait(400s);
  send(s, 101);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].to, Level::degraded);
  EXPECT_EQ(seen[1].to, Level::stale);
  EXPECT_EQ(seen[2].to, Level::healthy);
  EXPECT_EQ(seen[2].at, now);
  EXPECT_EQ(seen[2].reason, Reason::ok);
}

TEST_F(Levels, TicksMoveNoDeadlineAndAddNone) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  const MonoTime armed = monitor.next_deadline();
  for (int i = 0; i < 100; ++i) {
    wait(10ms);
    send(s, 100 + i);
    EXPECT_EQ(monitor.next_deadline(), armed);
  }
  now = armed;
  monitor.on_time(now);
  EXPECT_GT(monitor.next_deadline(), now) << "re-armed where it truly lies";
  EXPECT_EQ(changes().size(), 1U) << "only unknown -> healthy";
}

TEST_F(Levels, UnknownEndsByATick) {
  const StreamId s = add("v/BTC/mark");
  EXPECT_EQ(refusal(s, 1h), RefusalCode::unknown);
  send(s, 100);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].from, Level::unknown);
  EXPECT_EQ(seen[0].to, Level::healthy);
}

TEST_F(Levels, NeverReceivedTenSecondsAfterTheAcknowledgement) {
  const StreamId s = add("v/BTC/mark");
  run(2s);
  monitor.on_acknowledged(s, now);
  run(10s);
  EXPECT_TRUE(levels().empty());
  run(ns);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].to, Level::stale);
  EXPECT_EQ(seen[0].reason, Reason::never_received);
  EXPECT_EQ(seen[0].at, t0 + 12s + ns);
  EXPECT_EQ(refusal(s, 1h), RefusalCode::never_received);
  EXPECT_EQ(monitor.suspect_since(s), t0 + 12s + ns);
}

TEST_F(Levels, NeverReceivedThirtySecondsAfterItWasWanted) {
  const StreamId s = add("v/BTC/mark");
  run(25s);
  monitor.on_acknowledged(s, now);  // + 10 s would be later than 30 s
  run(5s);
  EXPECT_TRUE(levels().empty());
  run(ns);
  EXPECT_EQ(levels().size(), 1U);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
}

TEST_F(Levels, AnotherAcknowledgementIsNoEvidence) {
  const StreamId s = add("v/BTC/mark");
  monitor.on_acknowledged(s, now);
  run(9s);
  monitor.on_acknowledged(s, now);
  run(1s + ns);
  EXPECT_EQ(levels().size(), 1U);
}

TEST_F(Levels, SuspicionComesFirstAndEndsByEvidence) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  changes();
  run(3s);
  EXPECT_FALSE(monitor.suspect_since(s));
  run(ns);
  EXPECT_EQ(monitor.suspect_since(s), t0 + 3s + ns);
  auto seen = changes();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, Type::suspect);
  EXPECT_EQ(seen[0].to, Level::healthy);
  send(s, 100);
  EXPECT_FALSE(monitor.suspect_since(s));
  seen = changes();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, Type::cleared);
}

TEST_F(Levels, RecoverTicksHoldTheLevelAndTheGuard) {
  Policy policy = tight();
  policy.recover_ticks = 3;
  const StreamId s = add("v/BTC/mark", policy);
  send(s, 100);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy) << "unknown needs one tick only";
  run(11s);
  changes();
  for (int i = 0; i < 2; ++i) {
    send(s, 100);
    EXPECT_EQ(refusal(s, 1h), RefusalCode::stale);
    EXPECT_TRUE(levels().empty());
    wait(100ms);
  }
  send(s, 100);
  EXPECT_FALSE(refusal(s, 1h).has_value());
  EXPECT_EQ(levels().size(), 1U);
}

TEST_F(Levels, TheFeedsReasonStandsBeforeOurs) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  changes();
  monitor.set_feed_reason(s, Reason::disconnected, now);
  auto seen = changes();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, Type::reason);
  EXPECT_EQ(seen[0].to, Level::healthy);
  run(11s);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::disconnected);
  monitor.set_feed_reason(s, Reason::ok, now);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::silent);
}

TEST_F(Levels, AFeedThatCallsItOurStallIsNoEndlessExcuse) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  monitor.set_feed_reason(s, Reason::self_stall, now);
  run(11s);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::self_stall);
}

TEST_F(Levels, LateOnlyByTransitIsVenueLag) {
  StreamOptions options = options_of("v/BTC/mark", tight());
  options.event_time = EventTime::publish;
  const StreamId s = add(options);
  Tick late = tick(s, 100);
  late.ts_event = late.ts_recv - 4s;
  send(late);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::degraded);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::venue_lag);
}

TEST_F(Levels, AnOrdinaryJourneyThatTipsASilentStreamOverIsNoVenueLag) {
  StreamOptions options = options_of("v/BTC/mark", tight());
  options.event_time = EventTime::publish;
  const StreamId s = add(options);
  Tick usual = tick(s, 100);
  usual.ts_event = usual.ts_recv - 10ms;
  send(usual);
  run(tight().degraded_after);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::degraded);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::silent);
}

TEST_F(Levels, SilenceIsSilenceWhereSuspicionComesWithTheLimit) {
  Policy policy = tight();
  policy.degraded_after = policy.suspect_after;
  StreamOptions options = options_of("v/BTC/mark", policy);
  options.event_time = EventTime::publish;
  const StreamId s = add(options);
  Tick usual = tick(s, 100);
  usual.ts_event = usual.ts_recv - 11ms;
  send(usual);
  run(policy.degraded_after);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::degraded);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::silent);
}

TEST_F(Levels, ALateFeedThatFallsSilentIsCalledSilent) {
  Policy policy = tight();
  policy.stale_after = 60s;
  StreamOptions options = options_of("v/BTC/mark", policy);
  options.event_time = EventTime::publish;
  const StreamId s = add(options);
  Tick late = tick(s, 100);
  late.ts_event = late.ts_recv - 4s;
  send(late);
  run(3s);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::venue_lag);
  run(10s);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::silent);
}

TEST_F(Levels, ASlowLineAgesPricesButMissesNoPeriod) {
  StreamOptions options = options_of("v/BTC/mark", tight());
  options.event_time = EventTime::publish;
  const StreamId s = add(options);
  for (int i = 0; i < 30; ++i, run(1s)) {
    Tick slow = tick(s, 100);
    slow.lag = 2500ms;
    slow.ts_event = slow.ts_recv - 1250ms;  // half of the round trip
    send(slow);
    EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).receive, 2500ms);
    EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).event, 2500ms) << "the lag counts once";
    EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  }
  for (const StreamChange& change : changes()) EXPECT_NE(change.type, Type::suspect);
  EXPECT_EQ(monitor.clock_offset(s), 0s) << "nothing is learnt of the venue's clock meanwhile";
}

TEST_F(Levels, OurOwnStallAccusesNobody) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  changes();
  wait(1s);
  const MonoTime last_poll = now;
  wait(400s);  // suspended; the frame was in the socket all the time
  Tick waited = tick(s, 101);
  waited.mono_recv = last_poll;
  waited.stalled = true;
  send(waited);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::self_stall);
  EXPECT_EQ(refusal(s, 1h), RefusalCode::stale);
  EXPECT_FALSE(monitor.suspect_since(s)) << "nobody is accused";
  wait(10ms);
  send(s, 102);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
}

TEST_F(Levels, SilenceAfterAStallIsSilence) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  wait(400s);
  Tick waited = tick(s, 101);
  waited.mono_recv = t0;
  waited.stalled = true;
  send(waited);
  changes();
  const MonoTime awake = now;
  run(10s);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::self_stall);
  run(ns);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::silent);
  EXPECT_EQ(monitor.suspect_since(s), awake + 3s + ns);
}

TEST_F(Levels, TwentyRejectionsInARowAreRejecting) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  changes();
  for (int i = 0; i < 19; ++i) send(s, 0);
  EXPECT_FALSE(monitor.unchecked_slot(s).rejecting);
  monitor.on_undecodable(s, now);
  EXPECT_TRUE(monitor.unchecked_slot(s).rejecting);
  auto seen = changes();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, Type::rejecting);
  EXPECT_TRUE(seen[0].active);
  EXPECT_EQ(seen[0].reason, Reason::rejecting);
  send(s, 100);
  seen = changes();
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().type, Type::rejecting);
  EXPECT_FALSE(seen.back().active);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::ok);
}

TEST_F(Levels, FiveSecondsOfNothingButRejectionsAreRejecting) {
  const StreamId s = add("v/BTC/mark");
  send(s, 0);
  wait(5s - ns);
  send(s, 0);
  EXPECT_FALSE(monitor.unchecked_slot(s).rejecting);
  wait(ns);
  send(s, 0);
  EXPECT_TRUE(monitor.unchecked_slot(s).rejecting);
}

TEST_F(Levels, AGoodTickBetweenRejectionsEndsTheRun) {
  const StreamId s = add("v/BTC/mark");
  for (int i = 0; i < 19; ++i) send(s, 0);
  send(s, 100);
  for (int i = 0; i < 19; ++i) send(s, 0);
  EXPECT_FALSE(monitor.unchecked_slot(s).rejecting);
}

TEST_F(Levels, APolicyChangeIsTrueFromItsOwnMoment) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  wait(60s);
  changes();
  monitor.set_policy(s, tight(), now);
  auto seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].to, Level::stale);
  EXPECT_EQ(seen[0].at, now) << "a minute ago other limits were in force";
  monitor.set_policy(s, Policy{}, now);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  EXPECT_FALSE(refusal(s, 60s).has_value());
  run(120s + ns);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::degraded);
}

TEST_F(Levels, RemovalEndsTheLevelAndAddingAgainBeginsUnknown) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  run(20s);
  changes();
  monitor.remove_stream(s, now);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].from, Level::stale);
  EXPECT_EQ(seen[0].to, Level::unknown);
  EXPECT_EQ(seen[0].reason, Reason::unconfigured);
  run(1h);
  EXPECT_EQ(monitor.next_deadline(), never_mono) << "nothing of it is left to wait for";
  EXPECT_TRUE(changes().empty());
  const StreamId again = add("v/BTC/mark", tight());
  EXPECT_EQ(monitor.unchecked_slot(again).level, Level::unknown);
  EXPECT_FALSE(monitor.suspect_since(again));
}

TEST_F(Levels, EqualDeadlinesComeInOrderOfStream) {
  std::vector<StreamId> streams;
  for (const char* name : {"v/C/mark", "v/A/mark", "v/B/mark"})
    streams.push_back(add(name, tight()));
  for (const StreamId s : {streams[2], streams[0], streams[1]}) send(s, 100);
  changes();
  wait(1h);
  monitor.on_time(now);
  const auto seen = levels();
  ASSERT_EQ(seen.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(seen[i].stream, streams[i / 2]);
}

TEST_F(Levels, ASliceOfDeadlinesStopsAtItsLimit) {
  for (int i = 0; i < 10; ++i) send(add("v/S" + std::to_string(i) + "/mark", tight()), 100);
  changes();
  wait(1h);
  std::size_t slices = 0;
  std::size_t seen = 0;
  while (monitor.next_deadline() <= now) {
    monitor.on_time(now, 4);
    ++slices;
    const std::size_t told = levels().size();
    EXPECT_LE(told, 2U * 4U) << "each stream becomes degraded and stale";
    seen += told;
  }
  EXPECT_EQ(seen, 20U);
  EXPECT_GE(slices, 3U);
}

TEST_F(Levels, ChangesNobodyTakesAreBoundedAndCounted) {
  Monitor idle({.capacity = 1, .anchor = anchor});
  const StreamId s = idle.add_stream(options_of("v/BTC/mark", tight()), t0).value();
  MonoTime at = t0;
  for (int i = 0; i < 20'000; ++i, at += 60s) {
    Tick made;
    made.stream = s;
    made.prices.price = Decimal{1, 0};
    made.fields.price = true;
    made.mono_recv = at;
    idle.apply(made, at);
  }
  std::vector<StreamChange> taken;
  idle.take_changes(taken);
  EXPECT_LE(taken.size(), 65'536U);
  EXPECT_GT(idle.intake_counters().changes_dropped, 0U);
  EXPECT_EQ(taken.back().to, Level::healthy) << "the newest are kept";
}

}  // namespace
}  // namespace feedwatch
