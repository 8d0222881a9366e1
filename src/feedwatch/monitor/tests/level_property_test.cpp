/// Levels change at the nanosecond they become true, by timer and by reading alike, whatever the
/// limits, the journey and the rules of confirmation.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

Duration between(Duration least, Duration most) {
  return Duration{*rc::gen::inRange<std::int64_t>(to_ns(least), to_ns(most) + 1)};
}

/// What the channel and the policy are, and when the newest evidence came.
class LevelProperty : public World {
 protected:
  void begin() {
    StreamOptions options = options_of("v/BTC/last", limits());
    options.policy.recover_ticks = 1;  // more of them are the next property's
    publish = *rc::gen::arbitrary<bool>();
    confirms = *rc::gen::arbitrary<bool>();
    options.event_time = publish ? EventTime::publish : EventTime::trade;
    options.absent_is_unchanged = confirms;
    stream = add(options);
    policy = options.policy;
  }
  static Policy limits() {
    Policy made;
    made.stale_after = between(ns, *rc::gen::element<Duration>(1us, 50ms, 20s, 400s));
    made.degraded_after = between(0ns, made.stale_after);
    made.suspect_after = between(0ns, 500s);
    made.recover_ticks = *rc::gen::inRange(1, 5);
    return made;
  }
  /// A tick that has been under way for `transit`; without a price it only confirms.
  void hear(Duration transit, bool with_price) {
    Tick made = tick(stream, ++last_price);
    made.fields.price = with_price;
    made.ts_event = made.ts_recv - transit;
    send(made);
    if (with_price || confirms) heard = now, journey = publish ? transit : 0s;
  }
  Slot slot() const { return monitor.unchecked_slot(stream); }

  /// By the words of the contract, without a look at the code: equality passes.
  Level by_contract(MonoTime at) const {
    const Duration age = at - heard + journey;
    if (age > policy.stale_after) return Level::stale;
    return age > policy.degraded_after ? Level::degraded : Level::healthy;
  }
  /// First moment past the limit.
  MonoTime past(Duration limit) const { return heard + (limit - journey) + ns; }

  void check_boundary(MonoTime at) {
    if (at <= now) return;
    run(at - ns - now);
    changes();
    const Level before = by_contract(at - ns);
    RC_ASSERT(slot().level == before);
    RC_ASSERT(level_at(slot(), at - ns) == before);
    RC_ASSERT(level_at(slot(), at) == by_contract(at));  // a reader does not wait for the timer
    RC_ASSERT(monitor.next_deadline() == at);            // and the timer is not a nanosecond late
    run(ns);
    const auto seen = levels();
    RC_ASSERT(seen.size() == 1U);
    RC_ASSERT(seen[0].from == before);
    RC_ASSERT(seen[0].to == by_contract(at));
    RC_ASSERT(seen[0].at == at);
    RC_ASSERT(slot().level == seen[0].to);
    RC_ASSERT(slot().level_since == at);
  }

  StreamId stream;
  Policy policy;
  bool publish = false;
  bool confirms = false;
  std::int64_t last_price = 0;
  MonoTime heard{};    ///< the newest evidence levels judge
  Duration journey{};  ///< its transit, where levels count it
};

RC_GTEST_FIXTURE_PROP(LevelProperty, ChangesAtItsNanosecond, ()) {
  begin();
  const Duration most = policy.stale_after + policy.stale_after / 4;
  hear(between(0ns, most), true);
  for (int more = *rc::gen::inRange(0, 3); more > 0; --more) {
    run(between(0ns, policy.stale_after));
    hear(between(0ns, most), *rc::gen::arbitrary<bool>());
  }
  RC_CLASSIFY(journey > policy.degraded_after, "late on arrival");
  RC_CLASSIFY(confirms, "confirmations count");
  if (policy.degraded_after < policy.stale_after) check_boundary(past(policy.degraded_after));
  check_boundary(past(policy.stale_after));
  run(1h);
  RC_ASSERT(slot().level == Level::stale);
  RC_ASSERT(monitor.price(stream, {.max_age = 2h}, now).error().code == RefusalCode::stale);
}

RC_GTEST_FIXTURE_PROP(LevelProperty, HealsWithTheLastOfRecoverTicksAndNotBefore, ()) {
  policy = limits();
  policy.stale_after = between(1s, 400s);
  policy.degraded_after = between(1s, policy.stale_after);
  StreamOptions options = options_of("v/BTC/last", policy);
  options.event_time = EventTime::publish;
  publish = true;
  stream = add(options);
  hear(0s, true);
  run(policy.stale_after + ns);
  Level level = Level::stale;
  int good = 0;
  // Fewer than the clock offset is learnt from, and at one moment: only journeys differ.
  for (int ticks = *rc::gen::inRange(1, 15); ticks > 0; --ticks) {
    hear(*rc::gen::element<Duration>(0s, policy.degraded_after, policy.degraded_after + ns,
                                     policy.stale_after, policy.stale_after + ns),
         true);
    const Level plain = by_contract(now);
    if (severity(plain) < severity(level)) {
      const bool enough = ++good == policy.recover_ticks;
      if (enough) level = plain, good = 0;
    } else {
      level = plain;
      good = 0;
    }
    RC_ASSERT(slot().level == level);
    RC_ASSERT(level_at(slot(), now) == level);
  }
  for (int i = 0; i < policy.recover_ticks; ++i) hear(0s, true);
  RC_ASSERT(slot().level == Level::healthy);
  check_boundary(past(policy.degraded_after));
}

RC_GTEST_FIXTURE_PROP(LevelProperty, WhatNeverCameIsStaleAtItsDeadline, ()) {
  policy = limits();
  policy.first_tick_wanted = between(1ns, 400s);
  policy.first_tick_after = between(1ns, 400s);
  stream = add("v/BTC/last", policy);
  MonoTime deadline = now + policy.first_tick_wanted;
  if (*rc::gen::arbitrary<bool>()) {
    run(between(0ns, policy.first_tick_wanted));
    monitor.on_acknowledged(stream, now);
    deadline = std::min(deadline, now + policy.first_tick_after);
    run(between(0ns, policy.first_tick_after));
    monitor.on_acknowledged(stream, now);  // a second one moves nothing
  }
  if (now > deadline) return;
  run(deadline - now);
  RC_ASSERT(slot().level == Level::unknown);
  RC_ASSERT(level_at(slot(), now) == Level::unknown);
  RC_ASSERT(level_at(slot(), now + ns) == Level::stale);
  RC_ASSERT(monitor.next_deadline() == now + ns);
  changes();
  run(ns);
  const auto seen = levels();
  RC_ASSERT(seen.size() == 1U);
  RC_ASSERT(seen[0].to == Level::stale);
  RC_ASSERT(seen[0].at == now);
  RC_ASSERT(seen[0].reason == Reason::never_received);
}

}  // namespace
}  // namespace feedwatch
