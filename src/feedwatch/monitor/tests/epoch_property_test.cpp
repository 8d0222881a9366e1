/// Epochs and the resume gate against a model of four numbers, and ages that grow as time does
/// until something is accepted or confirmed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

/// What semantics §§3 and 5 say of subscriptions and lost lines.
struct PlainGate {
  std::uint32_t epoch = 0;
  bool received = false;
  bool carried_in_epoch = false;
  bool closed = false;
  MonoTime lost{};
  std::uint32_t epoch_at_loss = 0;

  bool offer(const Tick& tick) {
    if (tick.epoch < epoch) return false;
    if (tick.epoch > epoch && !tick.fields.price) return false;  // it begins with a price
    if (tick.epoch > epoch) epoch = tick.epoch, carried_in_epoch = false;
    if (!tick.fields.price) return false;
    received = carried_in_epoch = true;
    if (closed && (epoch > epoch_at_loss || tick.mono_recv > lost)) closed = false;
    return true;
  }
  void begin(std::uint32_t next) {
    if (next > epoch) epoch = next, carried_in_epoch = false;
  }
  void lose(MonoTime now) {
    closed = true;
    lost = now;
    epoch_at_loss = epoch;
  }
};

class EpochProperty : public World {
 protected:
  void begin() {
    StreamOptions options = options_of("v/BTC/last");
    options.absent_is_unchanged = true;
    options.seq_orders = *rc::gen::arbitrary<bool>();
    stream = add(options);
  }
  /// A tick of the current epoch, one before or the next, that arrived now or a while ago.
  Tick any_tick() {
    Tick made = tick(stream, ++price_);
    const std::uint32_t old = plain.epoch == 0 ? 0 : plain.epoch - 1;
    made.epoch = *rc::gen::weightedElement<std::uint32_t>(
        {{2, old}, {8, plain.epoch}, {2, plain.epoch + 1}});
    made.fields.price = *rc::gen::inRange(0, 4) != 0;
    made.mono_recv -= *rc::gen::element<Duration>(0s, 0s, 0s, 1ns, 40ms, 3s);
    made.seq = static_cast<std::uint64_t>(price_);
    return made;
  }
  void step() {
    const int what = *rc::gen::inRange(0, 12);
    renewed = false;
    if (what == 0) {
      monitor.on_line_lost(stream, now);
      plain.lose(now);
    } else if (what == 1) {
      const auto next = plain.epoch + *rc::gen::inRange<std::uint32_t>(0, 3);
      monitor.on_epoch(stream, next, now);
      plain.begin(next);
    } else if (what < 5) {
      run(Duration{*rc::gen::inRange<std::int64_t>(0, to_ns(2s))});
    } else {
      offer(any_tick());
    }
    check_gate();
    check_ages();
  }
  void offer(const Tick& made) {
    const bool old = made.epoch < plain.epoch;
    const Slot before = monitor.unchecked_slot(stream);
    const bool expected = plain.offer(made);
    const Outcome outcome = send(made);
    RC_ASSERT((outcome.type == Outcome::Type::accepted) == expected);
    RC_ASSERT((outcome.rejection == Rejection::old_epoch) == old);
    renewed = expected || outcome.type == Outcome::Type::confirmed;
    if (outcome.type == Outcome::Type::confirmed) RC_ASSERT(plain.carried_in_epoch);
    if (expected) return;
    const Slot after = monitor.unchecked_slot(stream);
    RC_ASSERT(after.prices == before.prices && after.carried == before.carried);
    RC_ASSERT(after.epoch == before.epoch);
    if (old) RC_ASSERT(after.confirmed == before.confirmed);
  }
  void check_gate() {
    const auto answer = price(stream, 24h);
    RC_ASSERT(monitor.unchecked_slot(stream).gate_closed == plain.closed);
    if (!plain.received) {
      RC_ASSERT(!answer);
    } else if (plain.closed) {
      RC_ASSERT(answer.error().code == RefusalCode::awaiting_fresh);
    } else {
      RC_ASSERT(answer.has_value() || answer.error().code == RefusalCode::stale);
    }
  }
  void check_ages() {
    const Ages ages = ages_at(monitor.unchecked_slot(stream), now);
    RC_ASSERT(ages.receive.has_value() == plain.received);
    if (!plain.received) return;
    RC_ASSERT(*ages.receive >= 0s && *ages.confirmed >= 0s && *ages.level >= 0s);
    RC_ASSERT(*ages.confirmed <= *ages.receive);
    if (looked) {  // news make nothing older than it would be without them
      RC_ASSERT(*ages.receive <= *looked->receive + (now - looked_at));
      RC_ASSERT(*ages.confirmed <= *looked->confirmed + (now - looked_at));
    }
    if (!renewed && looked) {
      RC_ASSERT(*ages.receive == *looked->receive + (now - looked_at));
      RC_ASSERT(*ages.confirmed == *looked->confirmed + (now - looked_at));
      RC_ASSERT(*ages.level == *looked->level + (now - looked_at));
    }
    looked = ages;
    looked_at = now;
  }

  StreamId stream;
  PlainGate plain;
  bool renewed = false;
  std::optional<Ages> looked;
  MonoTime looked_at{};

 private:
  std::int64_t price_ = 0;
};

RC_GTEST_FIXTURE_PROP(EpochProperty, GateAndAgesAreThoseOfTheModel, ()) {
  begin();
  int closed = 0;
  for (int steps = *rc::gen::inRange(1, 60); steps > 0; --steps) {
    step();
    closed += plain.closed && plain.received ? 1 : 0;
  }
  RC_CLASSIFY(closed > 0, "waited for a fresh price");
}

RC_GTEST_FIXTURE_PROP(EpochProperty, NoConsumerIsCalledWhileTheGateIsClosed, ()) {
  begin();
  Recorder seen;
  monitor.subscribe(
      stream,
      {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 5s, .min_interval = 100ms},
      seen.callbacks());
  for (int steps = *rc::gen::inRange(1, 60); steps > 0; --steps) {
    const bool was_closed = plain.closed;
    const std::size_t calls = seen.prices.size();
    step();
    if (was_closed && plain.closed) RC_ASSERT(seen.prices.size() == calls);
  }
}

}  // namespace
}  // namespace feedwatch
