/// No accepted price is older than the limit and no refusal for age is younger, on random slots;
/// and what says when a refusal begins agrees with what refuses.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "feedwatch/board/judge.hpp"

namespace feedwatch {
namespace {

constexpr MonoTime t0 = mono_from_ns(1'000'000'000'000);

Duration up_to(Duration most) {
  return Duration{*rc::gen::inRange<std::int64_t>(0, to_ns(most) + 1)};
}
bool often() {
  return *rc::gen::inRange(0, 16) != 0;
}
bool seldom() {
  return !often();
}
bool either() {
  return *rc::gen::arbitrary<bool>();
}

/// The size of all ages and limits of one case, so that they meet.
Duration any_scale() {
  return *rc::gen::element<Duration>(3ns, 1us, 30s, 1h);
}

Slot any_slot(Duration scale) {
  Slot slot;
  slot.occupied = often();
  slot.received = often();
  slot.carried = t0 + up_to(scale);
  slot.confirmed = slot.carried + (either() ? 0s : up_to(scale));
  slot.first_deadline = t0 + up_to(scale);
  slot.stale_after = up_to(scale) * 4;
  slot.degraded_after = std::min(up_to(scale), slot.stale_after);
  slot.has_event_time = often();
  slot.clock_suspect = seldom();
  // As they are stored: what is ahead, or has no venue time, has no journey.
  const bool timed = slot.has_event_time && !slot.clock_suspect;
  slot.transit = timed ? up_to(scale) : 0s;
  slot.confirmed_transit = slot.confirmed == slot.carried ? slot.transit : up_to(scale);
  slot.event_time_is_publish = either();
  slot.confirm_counts = either();
  slot.gate_closed = seldom();
  slot.recovering = seldom();
  slot.frozen = seldom();
  slot.level = *rc::gen::element(Level::unknown, Level::healthy, Level::degraded, Level::stale);
  return slot;
}

ReadOptions any_options(Duration scale) {
  return {
      .max_age = *rc::gen::element<Duration>(0s, up_to(scale), 4 * up_to(scale), Duration::max()),
      .basis = *rc::gen::element(Basis::both, Basis::receive, Basis::event),
      .accept_confirmed = either()};
}

/// The age a guard judges, as semantics §3 says it.
Duration guard_age(const Slot& slot, const ReadOptions& options, MonoTime now) {
  if (options.accept_confirmed && !slot.frozen) {
    const Duration journey = options.basis == Basis::receive ? Duration{} : slot.confirmed_transit;
    return now - slot.confirmed + journey;
  }
  const Duration receive = now - slot.carried;
  const bool timed = slot.has_event_time && !slot.clock_suspect;
  return options.basis == Basis::receive || !timed ? receive : receive + slot.transit;
}

/// The age the level judges.
Duration level_age(const Slot& slot, MonoTime now) {
  const bool confirmed = slot.confirm_counts && !slot.frozen;
  const Duration silent = now - (confirmed ? slot.confirmed : slot.carried);
  if (!slot.event_time_is_publish) return silent;
  return silent + (confirmed ? slot.confirmed_transit : slot.transit);
}

RC_GTEST_PROP(JudgeProperty, NothingAcceptedIsOlderAndNothingTooOldIsYounger, ()) {
  const Duration scale = any_scale();
  const Slot slot = any_slot(scale);
  const ReadOptions options = any_options(scale);
  const MonoTime now = slot.confirmed + up_to(scale);
  const auto answer = judge(slot, options, now);
  RC_CLASSIFY(answer.has_value(), "accepted");
  if (answer) {
    RC_ASSERT(slot.occupied && slot.received && !slot.gate_closed);
    RC_ASSERT(guard_age(slot, options, now) <= options.max_age);
    RC_ASSERT(level_age(slot, now) <= slot.stale_after);
    RC_ASSERT(answer->level == level_at(slot, now));
    RC_ASSERT(answer->receive_age == now - slot.carried);
    RC_ASSERT(answer->confirmed_age == now - slot.confirmed);
    RC_ASSERT(answer->event_age.value_or(answer->receive_age) >= answer->receive_age);
    return;
  }
  const Refusal& refusal = answer.error();
  RC_CLASSIFY(refusal.code == RefusalCode::too_old, "too old");
  if (refusal.code == RefusalCode::too_old) {
    RC_ASSERT(refusal.age == guard_age(slot, options, now));
    RC_ASSERT(*refusal.age > options.max_age);
  }
  if (refusal.code == RefusalCode::stale && !slot.recovering) {
    RC_ASSERT(refusal.age == level_age(slot, now));
    RC_ASSERT(*refusal.age > slot.stale_after);
  }
  if (refusal.code == RefusalCode::never_received) RC_ASSERT(now > slot.first_deadline);
}

RC_GTEST_PROP(JudgeProperty, SaysExactlyWhenARefusalBegins, ()) {
  const Duration scale = any_scale();
  const Slot slot = any_slot(scale);
  const ReadOptions options = any_options(scale);
  const MonoTime from = refused_from(slot, options);
  const auto accepts = [&](MonoTime at) { return judge(slot, options, at).has_value(); };
  const MonoTime some = slot.confirmed + up_to(scale);
  if (from == MonoTime::min()) {
    RC_TAG("at any time");
    RC_ASSERT(!accepts(slot.confirmed));
    RC_ASSERT(!accepts(some));
    return;
  }
  if (!slot.received) {
    RC_TAG("never received");
    RC_ASSERT(judge(slot, options, from - 1ns).error().code == RefusalCode::unknown);
    RC_ASSERT(judge(slot, options, from).error().code == RefusalCode::never_received);
    return;
  }
  RC_ASSERT(from != never_mono);  // every price is stale one day
  RC_ASSERT(!accepts(from));
  RC_ASSERT(accepts(some) == (some < from));
  if (from > slot.confirmed) {
    RC_TAG("both sides");
    RC_ASSERT(accepts(from - 1ns));
    RC_ASSERT(accepts(slot.confirmed));
  }
}

RC_GTEST_PROP(JudgeProperty, NeverGivesAPriceOfTheFuture, ()) {
  const Slot slot = any_slot(any_scale());
  const MonoTime before = slot.confirmed - 1ns - up_to(1h);
  RC_ASSERT(!judge(slot, any_options(1h), before));
}

}  // namespace
}  // namespace feedwatch
