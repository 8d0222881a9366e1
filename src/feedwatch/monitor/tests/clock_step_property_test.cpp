/// Clocks that step and hosts that sleep: one script of ticks is played twice, with and without,
/// and whoever acts on ages must not see a difference, or see older prices, never younger ones.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <ostream>
#include <vector>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {

/// One tick and the time that passes before it.
struct Beat {
  Duration gap{};
  Duration transit{};
  std::int64_t price = 1;
  bool timed = true;
};

void showValue(const Beat& beat, std::ostream& out) {
  out << "after " << beat.gap.count() << " ns " << beat.price
      << (beat.timed ? " under way for " : " without time, ") << beat.transit.count() << " ns";
}

/// What somebody saw who looked after every beat and at every change.
struct Sight {
  Level level = Level::unknown;
  std::optional<Duration> receive, confirmed, event, judged;
  MonoTime level_since{};
  std::size_t calls = 0;
  std::size_t refusals = 0;
  std::int64_t last = 0;
  friend bool operator==(const Sight&, const Sight&) = default;
};

void showValue(const Sight& sight, std::ostream& out) {
  out << to_text(sight.level) << " since " << to_ns(sight.level_since) << ", " << sight.calls
      << " calls, " << sight.refusals << " refusals, last " << sight.last;
  if (sight.receive) out << ", receive age " << sight.receive->count();
  if (sight.event) out << ", event age " << sight.event->count();
}

}  // namespace feedwatch::test

namespace rc {

template <>
struct Arbitrary<feedwatch::test::Beat> {
  static Gen<feedwatch::test::Beat> arbitrary() {
    using feedwatch::Duration;
    using feedwatch::test::Beat;
    const auto up_to = [](std::int64_t most) {
      return gen::map(gen::inRange<std::int64_t>(0, most + 1),
                      [](std::int64_t count) { return Duration{count}; });
    };
    constexpr std::int64_t ms = 1'000'000;
    return gen::build<Beat>(
        gen::set(&Beat::gap, gen::oneOf(up_to(50 * ms), up_to(1'200 * ms), up_to(12'000 * ms))),
        gen::set(&Beat::transit, gen::oneOf(up_to(20 * ms), up_to(20 * ms), up_to(6'000 * ms))),
        gen::set(&Beat::price, gen::inRange<std::int64_t>(1, 1'000)),
        gen::set(&Beat::timed, gen::map(gen::inRange(0, 8), [](int n) { return n != 0; })));
  }
};

}  // namespace rc

namespace feedwatch {
namespace {

using namespace test;

using Script = std::vector<Beat>;
using Steps = std::function<void(Tick&, std::size_t)>;  ///< what a clock does to the n-th tick

/// A monitor of its own that plays scripts.
class Stage : public World {
 public:
  using World::monitor, World::now, World::price, World::run, World::send, World::tick, World::wait;

  explicit Stage(EventTime event_time, Basis basis = Basis::both) {
    StreamOptions options = options_of("v/BTC/last", tight());
    options.event_time = event_time;
    stream = add(options);
    monitor.subscribe(
        stream, {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 5s, .basis = basis},
        seen.callbacks());
  }
  void TestBody() override {}

  void beat(const Beat& beat, std::size_t number, const Steps& steps) {
    run(beat.gap);
    Tick made = tick(stream, beat.price);
    if (beat.timed) made.ts_event = made.ts_recv - beat.transit;
    steps(made, number);
    send(made);
  }
  Sight look() const {
    const Slot slot = monitor.unchecked_slot(stream);
    const Ages ages = ages_at(slot, now);
    return {.level = slot.level,
            .receive = ages.receive,
            .confirmed = ages.confirmed,
            .event = ages.event,
            .judged = ages.level,
            .level_since = slot.level_since,
            .calls = seen.prices.size(),
            .refusals = seen.refusals.size(),
            .last = seen.prices.empty() ? 0 : seen.prices.back()};
  }
  std::vector<Sight> play(const Script& script, const Steps& steps) {
    std::vector<Sight> sights;
    for (std::size_t i = 0; i < script.size(); ++i) {
      beat(script[i], i, steps);
      sights.push_back(look());
    }
    run(20s);
    sights.push_back(look());
    return sights;
  }

  StreamId stream;
  Recorder seen;
};

void as_it_is(Tick&, std::size_t) {}

/// An hour, forwards or backwards, from one of the ticks on; sometimes back again.
struct Step {
  std::size_t first = *rc::gen::inRange<std::size_t>(0, 10);
  std::size_t last = *rc::gen::element<std::size_t>(first + 2, 1'000);
  Duration by = *rc::gen::element<Duration>(1h, -1h);
  bool holds(std::size_t number) const { return number >= first && number < last; }
};

EventTime any_event_time() {
  return *rc::gen::element(EventTime::publish, EventTime::trade);
}

RC_GTEST_PROP(ClockStepProperty, OurWallChangesNoAgeNoLevelAndNoDelivery, (const Script& script)) {
  // The stamps follow the anchor, which was taken before the step: a monitor that had been anchored
  // after it differs in both stamps alike, and in nothing it decides.
  const EventTime event_time = any_event_time();
  const Duration by = *rc::gen::element<Duration>(1h, -1h);
  Stage plain(event_time);
  Stage stepped(event_time);
  const auto both = [by](Tick& tick, std::size_t) {
    tick.ts_recv += by;
    if (tick.ts_event) *tick.ts_event += by;
  };
  RC_ASSERT(plain.play(script, as_it_is) == stepped.play(script, both));
}

RC_GTEST_PROP(ClockStepProperty, WithoutVenueTimeNoWallIsEverLookedAt, (Script script)) {
  for (Beat& beat : script) beat.timed = false;
  const Step step;
  Stage plain(EventTime::none);
  Stage stepped(EventTime::none);
  const auto wall = [&step](Tick& tick, std::size_t number) {
    if (step.holds(number)) tick.ts_recv += step.by;
  };
  RC_ASSERT(plain.play(script, as_it_is) == stepped.play(script, wall));
}

RC_GTEST_PROP(ClockStepProperty, AVenuesTradeTimeMovesNoLevelAndNobodyWhoJudgesByReceipt,
              (const Script& script)) {
  const Step step;
  Stage plain(EventTime::trade, Basis::receive);
  Stage stepped(EventTime::trade, Basis::receive);
  const auto venue = [&step](Tick& tick, std::size_t number) {
    if (step.holds(number) && tick.ts_event) *tick.ts_event += step.by;
  };
  auto expected = plain.play(script, as_it_is);
  auto found = stepped.play(script, venue);
  RC_ASSERT(expected.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i].event = expected[i].event;  // the one age that is about the venue's clock
    RC_ASSERT(found[i] == expected[i]);
  }
}

RC_GTEST_PROP(ClockStepProperty, AVenueClockAheadIsNotBelievedAndJudgedByReceipt,
              (const Script& script)) {
  // Ahead from the first tick on: not one stamp is believed, so it is as if there were none.
  Stage untimed(EventTime::publish);
  Stage ahead(EventTime::publish);
  const auto none = [](Tick& tick, std::size_t) { tick.ts_event.reset(); };
  const auto hour = [](Tick& tick, std::size_t) {
    if (tick.ts_event) *tick.ts_event += 1h;
  };
  RC_ASSERT(untimed.play(script, none) == ahead.play(script, hour));
  RC_ASSERT(ahead.monitor.clock_offset(ahead.stream) == 0s);
}

RC_GTEST_PROP(ClockStepProperty, AVenueClockBehindMakesPricesOlderNeverYounger,
              (const Script& script)) {
  Stage plain(EventTime::publish);
  Stage behind(EventTime::publish);
  const auto hour = [](Tick& tick, std::size_t) {
    if (tick.ts_event) *tick.ts_event -= 1h;
  };
  for (std::size_t i = 0; i < script.size(); ++i) {
    plain.beat(script[i], i, as_it_is);
    behind.beat(script[i], i, hour);
    const Sight expected = plain.look();
    const Sight found = behind.look();
    RC_ASSERT(found.receive == expected.receive);
    RC_ASSERT(*found.judged >= *expected.judged);
    RC_ASSERT(found.event.has_value() == expected.event.has_value());
    if (!found.event) continue;
    RC_ASSERT(*found.event >= *expected.event);
    RC_ASSERT(found.level == Level::stale);
  }
}

RC_GTEST_PROP(ClockStepProperty, ASuspendMakesPricesOlderNeverYounger,
              (const Script& script, const Beat& waiting)) {
  const EventTime event_time = any_event_time();
  Stage host(event_time);
  host.beat({.price = 7}, 0, as_it_is);
  for (std::size_t i = 0; i < script.size(); ++i) host.beat(script[i], i + 1, as_it_is);
  const Sight before = host.look();
  const MonoTime asleep = host.now;
  const Duration slept{*rc::gen::inRange<std::int64_t>(1, to_ns(3h))};
  host.wait(slept);  // nobody ran a timer meanwhile
  const Sight after = host.look();
  RC_ASSERT(*after.receive == *before.receive + slept);
  RC_ASSERT(*after.judged == *before.judged + slept);
  RC_ASSERT(!before.event || *after.event == *before.event + slept);
  if (slept > 5s) RC_ASSERT(!host.price(host.stream, 5s));

  // What waited in the socket carries the time of the poll before the host slept.
  Tick late = host.tick(host.stream, waiting.price);
  late.mono_recv = asleep;
  late.ts_recv = anchor.at(asleep);
  late.stalled = true;
  host.send(late);
  RC_ASSERT(*host.look().receive == slept);
  if (slept > 5s) {
    RC_ASSERT(!host.price(host.stream, 5s));
    RC_ASSERT(host.look().calls == before.calls);
  }
  host.run(0ns);
  RC_ASSERT(host.look().level == level_at(host.monitor.unchecked_slot(host.stream), host.now));
}

}  // namespace
}  // namespace feedwatch
