// Deadlines where they are easily lost, late, out of order or too many: hosts that have been up or
// asleep for months, clocks that went ahead, consumers stricter than their stream.
#include "feedwatch/freshness/deadline_wheel.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {
namespace {

class Deadlines : public World {
 protected:
  void drain() {
    while (monitor.next_deadline() <= now) monitor.on_time(now);
  }
  /// Ten seconds of a tick each millisecond.
  void hear(StreamId stream) {
    for (int i = 0; i < 10'000; ++i) {
      now += 1ms;
      send(stream, 100 + i % 3);
      drain();
    }
  }
  std::vector<StreamChange> of(const std::vector<StreamChange>& all, StreamId id) {
    std::vector<StreamChange> mine;
    for (const auto& c : all)
      if (c.stream == id && c.type == StreamChange::Type::level) mine.push_back(c);
    return mine;
  }
};

/// Machine asleep for a month; add_stream() comes before on_time().
TEST_F(Deadlines, AddStreamAfterAMonthOfSleepHidesNoStaleStream) {
  for (const Duration sleep : {24h * 2, 24h * 30, 24h * 45}) {
    SCOPED_TRACE(sleep / 24h);
    World::SetUp();
    Monitor m{{.capacity = 64, .anchor = anchor}};
    MonoTime t = t0;
    const StreamId s = m.add_stream(options_of("v/A/last", tight()), t).value();
    const auto make = [&](std::int64_t price) { return tick_of(s, price, t); };
    for (int i = 0; i < 100; ++i) {
      m.apply(make(100 + i % 3), t);
      while (m.next_deadline() <= t) m.on_time(t);
      t += 100ms;
    }
    std::vector<StreamChange> taken;
    m.take_changes(taken);
    taken.clear();

    t += sleep;
    m.add_stream(options_of("v/B/last", tight()), t).value();
    m.apply(make(101), t);
    while (m.next_deadline() <= t) m.on_time(t);
    m.take_changes(taken);
    std::vector<Level> to;
    for (const auto& c : of(taken, s)) to.push_back(c.to);
    EXPECT_EQ(to, (std::vector<Level>{Level::degraded, Level::stale, Level::healthy}));
  }
}

/// The same with on_time() cut short by its own limit, as its comment allows.
TEST_F(Deadlines, OnTimeWithALimitAfterAMonthOfSleepHidesNone) {
  const StreamId a = add("v/A/last", tight());
  const StreamId b = add("v/B/last", tight());
  for (int i = 0; i < 100; ++i) {
    send(a, 100 + i % 3);
    send(b, 100 + i % 3);
    run(100ms);
  }
  changes();
  now += 24h * 30;
  monitor.on_time(now, 1);
  monitor.on_time(now, 1);
  send(b, 101);
  drain();
  std::vector<Level> to;
  for (const auto& c : of(changes(), b)) to.push_back(c.to);
  EXPECT_EQ(to, (std::vector<Level>{Level::degraded, Level::stale, Level::healthy}));
}

/// Each refusal brings the stream's deadline forward, and back again.
TEST_F(Deadlines, AStrictConsumerLeavesFewEntriesBehindWhateverTheLimits) {
  const Policy far{.degraded_after = 24h, .stale_after = 48h, .suspect_after = 24h};
  for (const Policy& policy : {far, Policy{}}) {
    const StreamId s = add("v/A/last", policy);
    Recorder seen;
    monitor.subscribe(
        s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 100ms, .min_interval = 0ms},
        seen.callbacks());
    for (int i = 0; i < 10'000; ++i) {
      send(s, 100 + i % 3);
      run(200ms);
    }
    EXPECT_EQ(seen.refusals.size(), 10'000U);
    EXPECT_LT(monitor.deadlines_held(), 100U) << "a few for each stream";
    monitor.remove_stream(s, now);
  }
}

/// The wheel stands in the future (one on_time() too far ahead); then time is as before.
TEST_F(Deadlines, TicksBehindTheWheelLeaveNoEntries) {
  const StreamId s = add("v/A/last");
  send(s, 1);
  const StreamId b = add("v/B/last");
  (void)b;
  now = t0 + 1h;
  drain();
  now = t0 + 1s;
  hear(s);
  EXPECT_LT(monitor.deadlines_held(), 100U) << "a few for each stream";
}
TEST_F(Deadlines, ManyTicksOfOneMomentLeaveNoEntries) {
  const StreamId s = add("v/A/last", tight());
  Recorder seen;
  monitor.subscribe(
      s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 0ms, .min_interval = 0ms},
      seen.callbacks());
  send(s, 1);
  drain();
  for (int round = 0; round < 3; ++round) {
    run(10ms);
    send(s, 2);
    monitor.on_time(now);
    std::vector<Tick> batch;
    for (int i = 0; i < 10'000; ++i) batch.push_back(tick(s, 100 + i % 3));
    monitor.apply(batch, now);
    EXPECT_LT(monitor.deadlines_held(), 100U) << "a few for each stream";
  }
}
/// An embedding program whose "monotonic" clock is nanoseconds since 1970.
TEST_F(Deadlines, MomentsSince1970LeaveNoEntries) {
  now = mono_from_ns(1'790'000'000'000'000'000);
  const StreamId s = add("v/A/last");
  hear(s);
  EXPECT_LT(monitor.deadlines_held(), 100U) << "a few for each stream";
}

/// What is overtaken in the one wheel must not let it run ahead of the other.
TEST_F(Deadlines, AConsumerHearsOfTheLevelBeforeAPriceOfThatLevel) {
  for (const bool reentrant : {false, true}) {
    SCOPED_TRACE(reentrant);
    Monitor m{{.capacity = 64, .anchor = anchor}};
    MonoTime t = t0;
    const auto at = [&](StreamId id, std::int64_t price) { m.apply(tick_of(id, price, t), t); };
    const StreamId a = m.add_stream(options_of("v/A/last", tight()), t).value();
    const StreamId b = m.add_stream(options_of("v/B/last", tight()), t).value();
    const StreamId c = m.add_stream(options_of("v/C/last", tight()), t).value();
    Recorder none;
    int calls = 0;
    Callbacks bring;
    bring.on_price = [&](const Delivery&) {
      if (++calls == 3 && reentrant) at(b, 7);
    };
    m.subscribe(
        a, {.name = "a", .delivery = DeliveryMode::in_line, .max_age = 1h, .min_interval = 100ms},
        bring);
    m.subscribe(
        b, {.name = "b", .delivery = DeliveryMode::in_line, .max_age = 1h, .min_interval = 200ms},
        none.callbacks());
    std::vector<std::string> heard;
    Callbacks both;
    both.on_price = [&](const Delivery& d) {
      heard.push_back(d.price.level == Level::healthy ? "healthy price" : "degraded price");
    };
    both.on_level = [&](const StreamKey&, Level, Level to) {
      heard.push_back(to == Level::healthy    ? "healthy"
                      : to == Level::degraded ? "degraded"
                                              : "other");
    };
    m.subscribe(c,
                {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 1h, .min_interval = 9s},
                both);
    at(a, 1), at(b, 1), at(c, 1);
    t += 1s;
    while (m.next_deadline() <= t) m.on_time(t);
    at(c, 2);
    at(a, 2), at(b, 2);
    t += 1ms;
    at(a, 3), at(b, 3);
    t = t0 + 9500ms;  // we were away
    while (m.next_deadline() <= t) m.on_time(t);
    EXPECT_EQ(heard,
              (std::vector<std::string>{"healthy", "healthy price", "degraded", "degraded price"}));
  }
}

/// Other limits are true from the moment they are set, not earlier.
TEST_F(Deadlines, ANewPolicyIsTrueFromTheMomentItIsSet) {
  const StreamId s = add("v/A/last");
  for (int i = 0; i < 100; ++i) {
    Tick made = tick(s, 100 + i % 3);
    made.snapshot = true;  // the long way
    send(made);
    now += 1s;
  }
  now += 20s;
  changes();
  monitor.set_policy(s, tight(), now);
  for (const auto& c : changes()) {
    EXPECT_GE(c.at, now) << static_cast<int>(c.type);
  }
}

/// An alarm with which the verdict never agrees would keep the owner from ever waiting again.
TEST_F(Deadlines, AnAlarmThatTheVerdictDoesNotConfirmEnds) {
  Policy never;
  never.degraded_after = never.stale_after = never.suspect_after = Duration::max();
  const StreamId s = add("v/A/last", never);
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = Duration::max()},
                    seen.callbacks());
  Tick made = tick(s, 1);
  made.mono_recv = MonoTime::min();
  send(made);
  int calls = 0;
  while (monitor.next_deadline() <= now && ++calls < 100) monitor.on_time(now);
  EXPECT_LT(calls, 100) << "the owner's loop never waits again";
}

/// The same with the default policy: a broken venue stamp and a consumer that takes any age.
TEST_F(Deadlines, AVenueStampOfTheYear1677DoesNotKeepTheOwnerBusyForEver) {
  StreamOptions options = options_of("v/A/last");
  options.event_time = EventTime::trade;
  const StreamId s = add(options);
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = Duration::max()},
                    seen.callbacks());
  Tick made = tick(s, 1);
  made.ts_event = WallTime::min();
  send(made);
  now += 10s;
  int calls = 0;
  while (monitor.next_deadline() <= now && ++calls < 100) monitor.on_time(now);
  EXPECT_LT(calls, 100) << "the owner's loop never waits again";
}

/// An alarm "at once" is armed for MonoTime::min(), long before where the wheel stands.
TEST_F(Deadlines, WhoeverSubscribesToARefusedStreamIsToldAtOnceWhateverTheUptime) {
  for (const Duration up : {24h * 1, 24h * 20, 24h * 30, 24h * 200}) {
    SCOPED_TRACE(up / 24h);
    for (const bool gate : {true, false}) {
      SCOPED_TRACE(gate ? "resume gate closed" : "insists on venue time, and there is none");
      Monitor m{{.capacity = 8, .anchor = anchor}};
      MonoTime t = t0 + up;
      const StreamId s = m.add_stream(options_of("v/A/last"), t).value();
      m.apply(tick_of(s, 1, t), t);
      if (gate) m.on_line_lost(s, t);
      Recorder seen;
      m.subscribe(s,
                  {.name = "c",
                   .delivery = DeliveryMode::in_line,
                   .max_age = 1h,
                   .basis = gate ? Basis::both : Basis::event},
                  seen.callbacks());
      for (const MonoTime end = t + 5s; t < end; t += 10ms) {
        while (m.next_deadline() <= t) m.on_time(t);
      }
      EXPECT_EQ(seen.refusals.size(), 1U) << "within 5 s (contract: 50 ms)";
    }
  }
}
/// A host slept; how many calls of on_time() it takes to catch up.
class Sleep : public ::testing::Test {
 protected:
  void begin(int streams, const Policy& policy, Duration interval) {
    for (int i = 0; i < streams; ++i) {
      const StreamOptions options = options_of("v/S" + std::to_string(i) + "/last", policy);
      ids.push_back(monitor.add_stream(options, now).value());
      monitor.subscribe(ids.back(),
                        {.name = "c",
                         .delivery = DeliveryMode::in_line,
                         .max_age = 72h,
                         .min_interval = interval},
                        {});
    }
    send(1);
    send(2);
  }
  void send(std::int64_t price) {
    for (const StreamId id : ids) monitor.apply(tick_of(id, price, now), now);
  }
  std::size_t turns() {
    std::size_t count = 0;
    for (; monitor.next_deadline() <= now; ++count) monitor.on_time(now);
    return count;
  }

  MonoTime now = t0;
  Monitor monitor{{.capacity = 4096, .anchor = anchor}};
  std::vector<StreamId> ids;
};

TEST_F(Sleep, CostsNoMoreTurnsWhenPricesComeBeforeTheTimers) {
  begin(2000, {}, 100ms);
  now += 1s;
  turns();
  for (const Duration slept : {Duration{1h}, Duration{24h}, Duration{24h * 30}}) {
    SCOPED_TRACE(slept / 1h);
    now += slept;
    send(3);
    send(4);  // waits for the end of its window
    EXPECT_LE(turns(), 20U);
  }
}

TEST_F(Sleep, CostsNoMoreTurnsWithLongWindows) {
  begin(2000, {.degraded_after = 72h, .stale_after = 72h, .suspect_after = 72h}, 24h);
  now += 8h;
  EXPECT_LE(turns(), 20U);
}

}  // namespace
}  // namespace feedwatch::test
