/// Invariants 1, 5 and 6 of the contract under random streams, ticks, silences and consumers.
#include <array>

#include "feedwatch/base/random.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class Invariants : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr std::size_t stream_count = 5;
  static constexpr Duration max_age = 5s;

  struct Model {
    StreamId stream;
    std::int64_t newest = 0;                   ///< last accepted value, by our own books
    MonoTime arrived{};                        ///< of it
    std::int64_t delivered = 0;                ///< last value the consumer was called with
    bool refused = false;                      ///< its last word was a refusal
    Duration receive{}, confirmed{}, level{};  ///< ages at the last look
    bool known = false;
    MonoTime looked{};
  };

  void SetUp() override {
    for (std::size_t i = 0; i < stream_count; ++i) add(i);
  }

  void add(std::size_t i) {
    Model& model = models[i];
    model = Model{};
    StreamOptions options = options_of("v/S" + std::to_string(i) + "/mark", tight());
    options.absent_is_unchanged = i % 2 == 0;
    options.event_time = i % 3 == 0 ? EventTime::publish : EventTime::trade;
    model.stream = monitor.add_stream(options, now).value();
    Callbacks callbacks;
    callbacks.on_price = [this, i](const Delivery& delivery) { on_delivery(models[i], delivery); };
    callbacks.on_refused = [this, i](const StreamKey&, const Refusal&) {
      models[i].refused = true;
    };
    const std::string name = "c" + std::to_string(i);
    monitor.subscribe(model.stream,
                      {.name = name, .delivery = DeliveryMode::in_line, .max_age = max_age},
                      callbacks);
  }

  void on_delivery(Model& model, const Delivery& delivery) {
    // Invariant 1: by our own stamps, not by what the monitor says of itself.
    EXPECT_LE(now - model.arrived, max_age);
    EXPECT_LE(delivery.price.event_age.value_or(0s), max_age);
    EXPECT_EQ(static_cast<std::int64_t>(delivery.price.prices.price.mantissa()), model.newest);
    EXPECT_LE(delivery.window.low, delivery.price.prices.price);
    EXPECT_GE(delivery.window.high, delivery.price.prices.price);
    model.delivered = model.newest;
    model.refused = false;
  }

  void send(Model& model) {
    Tick made;
    made.stream = model.stream;
    made.mono_recv = now - random.between(0s, random.below(10) == 0 ? 8s : 50ms);
    made.ts_recv = anchor.at(made.mono_recv);
    made.epoch = 1;
    made.fields.price = random.below(4) != 0;
    const auto price = static_cast<std::int64_t>(random.below(1'000));  // sometimes 0
    made.prices.price = Decimal{price, 0};
    if (random.below(2) == 0) made.ts_event = made.ts_recv - random.between(-2s, 3s);
    made.stalled = random.below(20) == 0;
    if (made.fields.price && price > 0) {
      model.newest = price;
      model.arrived = model.known ? std::max(model.arrived, made.mono_recv) : made.mono_recv;
      model.known = true;
    }
    const Outcome outcome = monitor.apply(made, now);
    renewed = outcome.type == Outcome::Type::accepted || outcome.type == Outcome::Type::confirmed;
    EXPECT_EQ(outcome.type == Outcome::Type::accepted, made.fields.price && price > 0);
  }

  void look(Model& model, bool may_shrink) {
    const Slot slot = monitor.unchecked_slot(model.stream);
    const Ages ages = ages_at(slot, now);
    ASSERT_EQ(ages.receive.has_value(), model.known);
    // Invariant 8 in small: the stored level is what a reader computes at this instant.
    EXPECT_EQ(slot.level, level_at(slot, now));
    const auto answer = monitor.price(model.stream, {.max_age = max_age}, now);
    if (answer) {
      EXPECT_LE(now - model.arrived, max_age);
    }
    if (!model.known) return;
    // Invariant 5: never negative, and they grow exactly as time does unless evidence came.
    EXPECT_GE(*ages.receive, 0s);
    EXPECT_GE(*ages.confirmed, 0s);
    EXPECT_LE(*ages.confirmed, *ages.receive);
    if (!may_shrink && model.looked != MonoTime{}) {
      EXPECT_EQ(*ages.receive, model.receive + (now - model.looked));
      EXPECT_EQ(*ages.confirmed, model.confirmed + (now - model.looked));
      EXPECT_EQ(*ages.level, model.level + (now - model.looked));
    }
    model.receive = *ages.receive;
    model.confirmed = *ages.confirmed;
    model.level = *ages.level;
    model.looked = now;
  }

  void run(Duration d) {
    const MonoTime end = now + d;
    while (monitor.next_deadline() <= end) {
      now = std::max(now, monitor.next_deadline());
      monitor.on_time(now);
      ASSERT_GT(monitor.next_deadline(), now);
    }
    now = end;
  }

  /// Invariant 6: a window has ended since the last tick, so who may have a price has the newest.
  void rested() {
    for (const Model& model : models) {
      const auto answer = monitor.price(model.stream, {.max_age = max_age}, now);
      if (!answer) continue;
      EXPECT_FALSE(model.refused);
      EXPECT_EQ(model.delivered, model.newest);
      ++compared;
    }
  }

  void step() {
    const std::size_t i = random.below(stream_count);
    renewed = false;
    if (random.below(200) == 0) {
      monitor.remove_stream(models[i].stream, now);
      add(i);
      renewed = true;
    } else if (random.below(3) != 0) {
      send(models[i]);
    } else {
      const MonoTime before = now;
      run(random.between(0s, random.below(20) == 0 ? 15s : 300ms));
      if (now - before >= 100ms) rested();
    }
    for (std::size_t j = 0; j < stream_count; ++j) look(models[j], j == i && renewed);
    std::vector<StreamChange> taken;
    monitor.take_changes(taken);
    for (const StreamChange& change : taken) EXPECT_LE(change.at, now);
  }

  MonoTime now = t0;
  Random random{GetParam()};
  bool renewed = false;
  int compared = 0;
  Monitor monitor{{.capacity = stream_count, .anchor = anchor}};
  std::array<Model, stream_count> models;
};

TEST_P(Invariants, HoldOverThousandsOfSteps) {
  for (int n = 0; n < 5'000 && !HasFailure(); ++n) step();
  EXPECT_GT(compared, 500) << "the world was too quiet to show anything";
  run(1min);
  for (const Model& model : models) EXPECT_TRUE(model.refused) << "everyone is told of silence";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Invariants, ::testing::Range<std::uint64_t>(1, 9));

TEST(InvariantSix, AConflatedConsumerEndsWithTheNewestValueAtTheWindowsEnd) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    Monitor monitor({.capacity = 1, .anchor = anchor});
    const StreamId s = monitor.add_stream(options_of("v/S/last"), t0).value();
    Recorder seen;
    monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
    MonoTime now = t0;
    std::int64_t newest = 0;
    for (std::uint64_t ticks = 1 + random.below(20); ticks > 0; --ticks) {
      newest = 1 + static_cast<std::int64_t>(random.below(100));
      Tick made;
      made.stream = s;
      made.prices.price = Decimal{newest, 0};
      made.fields.price = true;
      made.mono_recv = now;
      monitor.apply(made, now);
      now += random.between(0s, 60ms);
      monitor.on_time(now);
    }
    now += 100ms;
    monitor.on_time(now);
    ASSERT_FALSE(seen.prices.empty());
    EXPECT_EQ(seen.prices.back(), newest);
  }
}

}  // namespace
}  // namespace feedwatch
