#include <atomic>
#include <thread>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class MonitorTest : public World {};

TEST_F(MonitorTest, AddRefusesADuplicateAndAFullBoard) {
  Monitor small({.capacity = 1, .anchor = anchor});
  ASSERT_TRUE(small.add_stream(options_of("v/A/last"), t0).has_value());
  const auto twice = small.add_stream(options_of("v/A/last"), t0);
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().text().find("v/A/last"), std::string::npos);
  const auto full = small.add_stream(options_of("v/B/last"), t0);
  ASSERT_FALSE(full.has_value());
  EXPECT_NE(full.error().text().find("full"), std::string::npos);
}

TEST_F(MonitorTest, StaleIdsAreRefusedAfterTheirIndexIsReused) {
  Monitor small({.capacity = 1, .anchor = anchor});
  const StreamId old = small.add_stream(options_of("v/A/last"), t0).value();
  small.remove_stream(old, t0);
  EXPECT_EQ(small.price(old, {.max_age = 1h}, t0).error().code, RefusalCode::unconfigured);
  const StreamId fresh = small.add_stream(options_of("v/B/last"), t0).value();
  EXPECT_EQ(fresh.index(), old.index());
  EXPECT_NE(fresh, old);
  Tick made = tick(fresh, 100);
  small.apply(made, t0);
  EXPECT_EQ(small.price(old, {.max_age = 1h}, t0).error().code, RefusalCode::old_epoch);
  EXPECT_TRUE(small.price(fresh, {.max_age = 1h}, t0).has_value());
  EXPECT_FALSE(small.unchecked_slot(old).occupied);
  made.stream = old;
  EXPECT_EQ(small.apply(made, t0).rejection, Rejection::unknown_symbol);
  small.remove_stream(old, t0);
  EXPECT_EQ(small.size(), 1U);
  EXPECT_TRUE(small.options(old).key.symbol.empty());
  EXPECT_EQ(small.options(fresh).key.symbol, "B");
}

TEST_F(MonitorTest, IdsOutsideTheBoardAreRefused) {
  const StreamId beyond{1'000};
  EXPECT_EQ(monitor.price(beyond, {.max_age = 1h}, now).error().code, RefusalCode::unconfigured);
  EXPECT_FALSE(monitor.unchecked_slot(beyond).occupied);
  monitor.on_epoch(beyond, 1, now);
  monitor.set_policy(beyond, tight(), now);
}

TEST_F(MonitorTest, EmbeddedUseNeedsNoFeed) {
  const StreamKey key = StreamKey::parse("v/BTC/last").value();
  EXPECT_EQ(monitor.staleness(key, now), Duration::max());
  EXPECT_EQ(monitor.update_price(key, Decimal{5, 0}, {.mono_recv = now}).rejection,
            Rejection::unknown_symbol);
  add("v/BTC/last");
  EXPECT_EQ(monitor.staleness(key, now), Duration::max()) << "never received is infinity";
  EXPECT_EQ(monitor.update_price(key, Decimal{5, 0}, {.mono_recv = now}).type,
            Outcome::Type::accepted);
  EXPECT_EQ(monitor.staleness(key, now + 7s), 7s);
  const auto answer = monitor.price(key, {.max_age = 7s}, now + 7s);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->prices.price, (Decimal{5, 0}));
  EXPECT_EQ(answer->ts_recv, anchor.at(now));
}

TEST_F(MonitorTest, TheEndsOfTimeOverflowNothing) {
  const StreamKey key = StreamKey::parse("v/BTC/last").value();
  const StreamId s = add("v/BTC/last", tight());
  const MonoTime last = MonoTime::max() - ns;
  monitor.update_price(key, Decimal{5, 0}, {.mono_recv = MonoTime::min()});
  EXPECT_LT(monitor.unchecked_slot(s).ts_recv, WallTime{});
  EXPECT_EQ(monitor.staleness(key, last), Duration::max());
  EXPECT_EQ(monitor.price(s, {.max_age = 1h}, last).error().code, RefusalCode::stale);
  monitor.on_time(last);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
  monitor.update_price(key, Decimal{5, 0}, {.mono_recv = last});
  EXPECT_EQ(monitor.unchecked_slot(s).ts_recv, WallTime::max());
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  monitor.update_price(key, Decimal{5, 0}, {.mono_recv = MonoTime::max()});
  monitor.on_time(MonoTime::max());
  EXPECT_EQ(monitor.next_deadline(), never_mono);
}

TEST_F(MonitorTest, APriceThatWaitedInTheProgramIsDeliveredWithItsAge) {
  const StreamKey key = StreamKey::parse("v/BTC/last").value();
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 5s},
                    seen.callbacks());
  const MonoTime received = now;
  wait(30s);
  monitor.update_price(key, Decimal{5, 0}, {.mono_recv = received, .now = now});
  EXPECT_TRUE(seen.prices.empty());
  EXPECT_EQ(seen.refusals.size(), 1U);
}

TEST_F(MonitorTest, WithoutAClockOfItsOwnAPriceIsJudgedAtTheNewestMomentTold) {
  const StreamKey key = StreamKey::parse("v/BTC/last").value();
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 5s},
                    seen.callbacks());
  monitor.update_price(key, Decimal{5, 0}, {.mono_recv = now});
  monitor.on_time(now + ns);
  monitor.update_price(key, Decimal{6, 0}, {.mono_recv = now});
  EXPECT_TRUE(seen.refusals.empty()) << "nobody's clock went backwards";
  run(100ms);
  monitor.on_time(now + 30s);
  const auto refused = seen.refusals.size();
  monitor.update_price(key, Decimal{7, 0}, {.mono_recv = now + 1s});
  EXPECT_EQ(seen.prices.back(), 6);
  EXPECT_EQ(seen.refusals.size(), refused) << "still the same episode";
}

TEST_F(MonitorTest, WhatWasLearntOfAClockOutlivesTheLastStreamOfIt) {
  const StreamId s = add("v/BTC/last");
  monitor.restore_clock_offset({"v", -2s});
  monitor.remove_stream(s, now);
  ASSERT_EQ(monitor.clock_offsets().size(), 1U);
  EXPECT_EQ(monitor.clock_offset(add("v/ETH/last")), -2s);
}

TEST_F(MonitorTest, ARefusedPriceIsNotConfirmedByWhatFollowsIt) {
  StreamOptions options = options_of("v/BTC/last");
  options.absent_is_unchanged = true;
  const StreamId s = add(options);
  Tick without = tick(s, 1);
  without.fields = {};
  const auto confirmed = [&] {
    without.mono_recv = now;
    return send(without).type == Outcome::Type::confirmed;
  };
  send(s, 100);
  EXPECT_TRUE(confirmed());
  EXPECT_EQ(send(s, 0).rejection, Rejection::not_positive);
  EXPECT_FALSE(confirmed()) << "the venue has said 0 since";
  send(s, 101);
  EXPECT_TRUE(confirmed());
  monitor.on_undecodable(s, now);
  EXPECT_FALSE(confirmed()) << "nobody knows what the venue has said since";
  send(s, 101);
  EXPECT_TRUE(confirmed());
}

TEST_F(MonitorTest, EmbeddedQuotesTakeBothSidesAndCountCrossedOnes) {
  const StreamKey key = StreamKey::parse("v/BTC/quote").value();
  add("v/BTC/quote");
  monitor.update_quote(key, Decimal{7, 0}, Decimal{6, 0}, {.mono_recv = now});
  EXPECT_EQ(monitor.price(key, {.max_age = 1s}, now)->prices.ask, (Decimal{6, 0}));
  EXPECT_EQ(monitor.intake_counters().crossed_quotes, 1U);
}

TEST_F(MonitorTest, AConfirmationRenewsTheFeedButNotThePrice) {
  StreamOptions options = options_of("v/BTC/last");
  options.absent_is_unchanged = true;
  const StreamId s = add(options);
  send(s, 100);
  wait(100s);
  Tick delta = tick(s, 1);
  delta.fields = {};
  EXPECT_EQ(send(delta).type, Outcome::Type::confirmed);
  const Slot slot = monitor.unchecked_slot(s);
  EXPECT_EQ(slot.carried, t0);
  EXPECT_EQ(slot.confirmed, now);
  EXPECT_EQ(*ages_at(slot, now).level, 0s);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
  EXPECT_EQ(slot.prices.price, (Decimal{100, 0}));
}

TEST_F(MonitorTest, AKeepAliveRepeatConfirmsAndCarriesNothing) {
  StreamOptions options = options_of("v/BTC/last");
  options.repeat_confirms = true;
  const StreamId s = add(options);
  Tick made = tick(s, 100);
  made.seq = 4;
  send(made);
  wait(3s);
  made.mono_recv = now;
  EXPECT_EQ(send(made).type, Outcome::Type::repeat);
  EXPECT_EQ(monitor.unchecked_slot(s).carried, t0);
  EXPECT_EQ(monitor.unchecked_slot(s).confirmed, now);
}

TEST_F(MonitorTest, TransitMakesTheEventAgeAndIsFixedAtAcceptance) {
  const StreamId s = add("v/BTC/last");
  Tick made = tick(s, 100);
  made.ts_event = made.ts_recv - 3s;
  send(made);
  wait(2s);
  const auto answer = price(s, 5s);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->receive_age, 2s);
  EXPECT_EQ(*answer->event_age, 5s);
  wait(ns);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
}

TEST_F(MonitorTest, AStampAheadOfToleranceIsJudgedByReceiveAgeAlone) {
  const StreamId s = add("v/BTC/last");
  Tick made = tick(s, 100);
  made.ts_event = made.ts_recv + 1s;
  send(made);
  EXPECT_FALSE(monitor.unchecked_slot(s).clock_suspect);
  made.ts_event = made.ts_recv + 1s + ns;
  send(made);
  EXPECT_TRUE(monitor.unchecked_slot(s).clock_suspect);
  EXPECT_FALSE(price(s, 1s)->event_age.has_value());
  EXPECT_EQ(monitor.intake_counters().clock_suspects, 1U);
}

TEST_F(MonitorTest, AHostileStampHarmsNothing) {
  const StreamId s = add("v/BTC/last");
  Tick made = tick(s, 100);
  for (const WallTime stamp : {WallTime::min(), WallTime::max()}) {
    made.ts_event = stamp;
    EXPECT_EQ(send(made).type, Outcome::Type::accepted);
    EXPECT_GE(*ages_at(monitor.unchecked_slot(s), now + 1h).level, 0s);
  }
  EXPECT_FALSE(price(s, 1s) && price(s, 1s)->event_age && *price(s, 1s)->event_age < 0s);
}

TEST_F(MonitorTest, TheClockOffsetIsLearntPerGroupWithoutFirstPushes) {
  StreamOptions a = options_of("v/A/last");
  StreamOptions b = options_of("v/B/last");
  StreamOptions c = options_of("v/C/last");
  c.clock_group = "v/other";
  const StreamId sa = add(a);
  const StreamId sb = add(b);
  const StreamId sc = add(c);
  // Five first pushes among thirty would be the 5 % quantile.
  for (int i = 0; i < 30; ++i, wait(1s)) {
    if (i % 6 == 0) ++epoch;
    Tick made = tick(sa, 100);
    made.ts_event = made.ts_recv + (i % 6 == 0 ? Duration{4s} : Duration{2s});
    send(made);
  }
  EXPECT_EQ(monitor.clock_offset(sa), -2s);
  EXPECT_EQ(monitor.clock_offset(sb), -2s) << "the same venue clock";
  EXPECT_EQ(monitor.clock_offset(sc), 0s);
  Tick made = tick(sb, 100);
  made.ts_event = made.ts_recv + 2s;
  send(made);
  EXPECT_FALSE(monitor.unchecked_slot(sb).clock_suspect);
}

TEST_F(MonitorTest, AFirstPushOfYesterdayProvesTheSubscription) {
  StreamOptions options = options_of("v/BTC/last");
  options.event_time = EventTime::trade;
  const StreamId s = add(options);
  Tick made = tick(s, 100);
  made.ts_event = made.ts_recv - 20h;
  const Outcome outcome = send(made);
  EXPECT_EQ(outcome.type, Outcome::Type::accepted);
  EXPECT_TRUE(outcome.backfill);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  EXPECT_EQ(refusal(s, 1h), RefusalCode::too_old) << "the feed is well, the price is old";
  EXPECT_FALSE(send(made).backfill) << "only the first of an epoch";
}

TEST_F(MonitorTest, AgesNeverGrowByATickWithAnEarlierStamp) {
  const StreamId s = add("v/BTC/last");
  Tick early = tick(s, 99);
  wait(2s);
  send(s, 100);
  EXPECT_EQ(send(early).type, Outcome::Type::accepted);
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).receive, 0s);
  Tick future = tick(s, 101);
  future.mono_recv = now + 1h;
  send(future);
  EXPECT_EQ(monitor.unchecked_slot(s).carried, now) << "nothing arrives after it is processed";
}

TEST_F(MonitorTest, AnEpochKeepsTheEvidenceOfAge) {
  const StreamId s = add("v/BTC/last", tight());
  send(s, 100);
  run(5s);
  monitor.on_epoch(s, 2, now);
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).level, 5s);
  EXPECT_TRUE(monitor.suspect_since(s).has_value());
  EXPECT_EQ(send(s, 101).rejection, Rejection::old_epoch);
  EXPECT_TRUE(monitor.suspect_since(s).has_value());
  epoch = 2;
  send(s, 100);
  EXPECT_FALSE(monitor.suspect_since(s).has_value());
}

TEST_F(MonitorTest, ChangedTellsOnlyOfAnotherValue) {
  const StreamId s = add("v/BTC/last");
  send(s, 100);
  wait(1s);
  send(s, 100);
  EXPECT_EQ(monitor.unchecked_slot(s).changed, t0);
  wait(1s);
  send(s, 101);
  EXPECT_EQ(monitor.unchecked_slot(s).changed, now);
}

TEST_F(MonitorTest, ReadersFindStreamsWhileTheyComeAndGo) {
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  const StreamId steady = add("v/steady/last");
  send(steady, 100);
  const MonoTime at = now;
  std::thread reader([&] {
    const StreamKey key = StreamKey::parse("v/steady/last").value();
    const StreamKey passing = StreamKey::parse("v/passing/last").value();
    while (!done.load()) {
      const auto answer = monitor.price(key, {.max_age = 1h}, at + 1s);
      if (!answer || answer->prices.price != Decimal{100, 0}) ++wrong;
      if (monitor.price(passing, {.max_age = 1h}, at + 1s)) ++wrong;
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    const StreamId passing = add("v/passing/last");
    monitor.remove_stream(passing, now);
    changes();
  }
  done = true;
  reader.join();
  EXPECT_EQ(wrong.load(), 0U);
}

}  // namespace
}  // namespace feedwatch
