/// Differential: callbacks that bring ticks, subscribe, unsubscribe, give a stream's place away and
/// throw, in the middle of a delivery. Ticks that go the short way are delivered by another path
/// than those that go the long way; two monitors that are told the same make the same calls.
#include <algorithm>
#include <stdexcept>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {
namespace {

constexpr std::size_t stream_count = 3;
constexpr std::size_t consumer_count = 6;

/// What its callbacks do is drawn from a source of its own: alike as long as the calls are.
class Unruly : private Clock {
 public:
  Unruly(std::uint64_t seed, bool short_way)
      : random_(seed),
        monitor_({.capacity = stream_count,
                  .anchor = anchor,
                  .memory = nullptr,
                  .identity = {},
                  .short_way = short_way}) {
    for (std::size_t i = 0; i < stream_count; ++i) ids_.push_back(begin_stream());
    for (std::size_t c = 0; c < consumer_count; ++c) {
      if (c % 2 == 0) {
        monitor_.subscribe_matching("v/*", options_of_consumer(c), callbacks_of(c));
      } else {
        for (const StreamId id : ids_) subscribe(c, id);
      }
    }
  }

  void step() {
    const MonoTime then = now_ + Duration{1ms} * static_cast<int>(random_.below(30));
    while (monitor_.next_deadline() <= then) {
      now_ = std::max(now_, monitor_.next_deadline());
      monitor_.on_time(now_);
    }
    now_ = std::max(now_, then);
    tick(any_stream());
    if (random_.below(4) != 0) run_queues();
    if (random_.below(50) == 0) subscribe(random_.below(consumer_count), any_stream());
  }
  std::vector<std::string> said() { return std::exchange(log_, {}); }
  /// Every price has one fate; what is counted is what was called.
  std::vector<std::string> counted() const {
    std::vector<std::string> all;
    for (const DeliveryCounters& c : monitor_.delivery_counters()) {
      EXPECT_EQ(c.received, c.conflated + c.delivered + c.refused + c.failed + c.pending);
      std::string text = c.consumer + " " + c.stream.text();
      for (const std::uint64_t n : {c.received, c.conflated, c.delivered, c.refused, c.failed,
                                    c.pending, c.episodes, c.notices_failed}) {
        text += " " + std::to_string(n);
      }
      all.push_back(text);
    }
    std::ranges::sort(all);
    return all;
  }

 private:
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return anchor.at(now_); }

  StreamId begin_stream() {
    const std::string name = "v/S" + std::to_string(++begun_) + "/last";
    return monitor_.add_stream(options_of(name), now_).value();
  }
  StreamId any_stream() { return ids_[random_.below(ids_.size())]; }
  static ConsumerOptions options_of_consumer(std::size_t c) {
    constexpr std::array<Duration, consumer_count> intervals{0ms, 0ms, 20ms, 0ms, 0ms, 50ms};
    return {.name = "c" + std::to_string(c),
            .delivery = c == 3 ? DeliveryMode::queued : DeliveryMode::in_line,
            .priority = static_cast<int>(c % 3),
            .max_age = c == 4 ? 25ms : 5s,
            .min_interval = intervals[c]};
  }
  void subscribe(std::size_t c, StreamId stream) {
    const Subscription made = monitor_.subscribe(stream, options_of_consumer(c), callbacks_of(c));
    if (made) handles_.push_back(made);
  }
  Callbacks callbacks_of(std::size_t c) {
    const std::string name = "c" + std::to_string(c);
    Callbacks callbacks;
    callbacks.on_price = [this, name](const Delivery& delivery) {
      const Window& window = delivery.window;
      note(name + " " + delivery.price.prices.price.to_string() + " in " + window.low.to_string() +
               ".." + window.high.to_string() + " of " + std::to_string(window.count),
           delivery.stream);
      act();
    };
    callbacks.on_refused = [this, name](const StreamName& stream, const Refusal& refusal) {
      note(name + " " + std::string(to_text(refusal.code)), stream);
      act();
    };
    callbacks.on_level = [this, name](const StreamName& stream, Level, Level to) {
      note(name + " " + std::string(to_text(to)), stream);
      act();
    };
    callbacks.on_detached = [this, name](const StreamName& stream) {
      note(name + " left", stream);
    };
    return callbacks;
  }
  void note(const std::string& what, const StreamName& stream) {
    log_.push_back(std::string(stream.text()) + ": " + what);
  }

  void tick(StreamId stream) {
    Tick made;
    made.stream = stream;
    made.prices.price = Decimal{static_cast<std::int64_t>(1 + random_.below(1000)), 0};
    made.fields.price = true;
    made.mono_recv = random_.below(8) == 0 ? now_ - 30ms : now_;
    made.ts_recv = anchor.at(made.mono_recv);
    monitor_.apply(made, now_);
  }
  void act() {
    if (depth_ > 2) return;
    ++depth_;
    switch (random_.below(24)) {
      case 0:
      case 1:
        tick(any_stream());
        break;
      case 2:
        now_ += 1ms;
        tick(any_stream());
        break;
      case 3:
        if (!handles_.empty()) monitor_.unsubscribe(handles_[random_.below(handles_.size())]);
        break;
      case 4:
        subscribe(random_.below(consumer_count), any_stream());
        break;
      case 5:
        if (random_.below(4) == 0) give_place_away();
        break;
      case 6:
        --depth_;
        throw std::runtime_error("consumer");
      default:
        break;
    }
    --depth_;
  }
  void give_place_away() {
    StreamId& id = ids_[random_.below(ids_.size())];
    monitor_.remove_stream(id, now_);
    // Unless a callback about its end was quicker.
    if (monitor_.size() < stream_count) id = begin_stream();
  }
  void run_queues() {
    for (std::size_t c = 0; c < consumer_count; ++c) {
      if (const auto queue = monitor_.queue("c" + std::to_string(c))) queue->run(*this, 100);
    }
  }

  std::vector<std::string> log_;  // outlives the monitor, whose end is told too
  MonoTime now_ = t0;
  Random random_;
  int begun_ = 0;
  int depth_ = 0;
  std::vector<StreamId> ids_;
  std::vector<Subscription> handles_;
  Monitor monitor_;
};

TEST(Reentrant, BothWaysMakeTheSameCalls) {
  std::size_t calls = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Unruly quick(seed, true);
    Unruly slow(seed, false);
    for (int i = 0; i < 150; ++i) {
      quick.step();
      slow.step();
      const auto said = quick.said();
      ASSERT_EQ(said, slow.said()) << "seed " << seed << " step " << i;
      ASSERT_EQ(quick.counted(), slow.counted()) << "seed " << seed << " step " << i;
      calls += said.size();
    }
  }
  EXPECT_GT(calls, 100'000U);
}

}  // namespace
}  // namespace feedwatch::test
