/// What consumers are called with, against a throttle written as plainly as semantics §6 says it:
/// every tick looks at every consumer, and each keeps its own window.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <deque>
#include <ostream>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {

struct Step {
  std::size_t stream = 0;
  std::int64_t price = 1;
  Duration waited{};  ///< between arrival and processing
  Duration transit{};
  Duration then{};  ///< time passes after it
};

void showValue(const Step& step, std::ostream& out) {
  out << step.stream << ": " << step.price << " waited " << step.waited.count() << " transit "
      << step.transit.count() << " then " << step.then.count();
}

/// One call, or one word of refusal (count 0).
struct Call {
  std::int64_t at = 0;
  std::int64_t price = 0, low = 0, high = 0;
  std::uint32_t count = 0;
  RefusalCode refusal = RefusalCode::unconfigured;
  friend bool operator==(const Call&, const Call&) = default;
};

void showValue(const Call& call, std::ostream& out) {
  out << call.at << ": " << call.price << " [" << call.low << ", " << call.high << "] of "
      << call.count << " " << to_text(call.refusal);
}

}  // namespace feedwatch::test

namespace rc {

template <>
struct Arbitrary<feedwatch::test::Step> {
  static Gen<feedwatch::test::Step> arbitrary() {
    using feedwatch::Duration;
    using feedwatch::test::Step;
    const auto ms = [](std::int64_t most) {
      return gen::map(gen::inRange<std::int64_t>(0, most),
                      [](std::int64_t count) { return Duration{count * 1'000'000}; });
    };
    const auto rarely = [](Gen<Duration> some) {
      return gen::weightedOneOf<Duration>({{9, gen::just(Duration{})}, {1, std::move(some)}});
    };
    return gen::build<Step>(
        gen::set(&Step::stream, gen::inRange<std::size_t>(0, 2)),
        gen::set(&Step::price, gen::inRange<std::int64_t>(1, 100)),
        gen::set(&Step::waited, rarely(ms(1'500))), gen::set(&Step::transit, rarely(ms(1'500))),
        gen::set(&Step::then, gen::oneOf(gen::just(Duration{}), ms(40), ms(40), ms(1'500))));
  }
};

}  // namespace rc

namespace feedwatch {
namespace {

using namespace test;

std::int64_t number(const Decimal& decimal) {
  return static_cast<std::int64_t>(decimal.mantissa());
}

/// One (consumer, stream) as semantics §6 describes it.
class PlainThrottle {
 public:
  PlainThrottle(const ConsumerOptions& options, StreamId stream)
      : options_(options), stream_(stream) {}

  void on_price(const Monitor& monitor, std::int64_t price, MonoTime now) {
    ++received;
    if (verdict(monitor, now)) {
      if (!seen_.empty()) ++conflated;
      seen_.push_back(price);
    } else {
      refused += seen_.empty() ? 1U : 2U;
      seen_.clear();
    }
    look(monitor, now);
  }
  /// Something may be due, or the verdict another one.
  void look(const Monitor& monitor, MonoTime now) {
    const auto price = verdict(monitor, now);
    const bool due = !seen_.empty() && due_ <= now;
    if (!price) {
      if (due) {
        ++refused;
        seen_.clear();
      }
      const bool told = std::exchange(episode_, price.error().code != RefusalCode::unknown);
      if (episode_ && !told) calls.push_back({to_ns(now), 0, 0, 0, 0, price.error().code});
      return;
    }
    episode_ = false;
    if (!due) return;
    calls.push_back({to_ns(now), number(price->prices.price), std::ranges::min(seen_),
                     std::ranges::max(seen_), static_cast<std::uint32_t>(seen_.size())});
    seen_.clear();
    due_ = now + options_.min_interval;
    ++delivered;
  }
  /// When there is something to do if nothing comes.
  MonoTime due(const Monitor& monitor) const {
    const Slot slot = monitor.unchecked_slot(stream_);
    const MonoTime refused_at =
        episode_ ? never_mono : refused_from(slot, {.max_age = options_.max_age});
    return std::min(seen_.empty() ? never_mono : due_, refused_at);
  }
  std::size_t pending() const { return seen_.empty() ? 0 : 1; }

  std::vector<Call> calls;
  std::uint64_t received = 0, conflated = 0, delivered = 0, refused = 0;

 private:
  std::expected<Price, Refusal> verdict(const Monitor& monitor, MonoTime now) const {
    return monitor.price(stream_, {.max_age = options_.max_age}, now);
  }

  ConsumerOptions options_;
  StreamId stream_;
  std::deque<std::int64_t> seen_;
  MonoTime due_ = MonoTime::min();
  bool episode_ = false;
};

/// Two streams, several consumers, virtual time to the nanosecond.
class Conflation : private Clock {
 public:
  static constexpr std::size_t stream_count = 2;

  explicit Conflation(const std::vector<ConsumerOptions>& consumers) {
    for (std::size_t i = 0; i < stream_count; ++i) {
      StreamOptions options = options_of("v/S" + std::to_string(i) + "/last", tight());
      options.event_time = EventTime::trade;
      streams_.push_back(monitor_.add_stream(options, now_).value());
    }
    for (const ConsumerOptions& options : consumers) subscribe(options);
  }

  void run(const Step& step) {
    Tick tick;
    tick.stream = streams_[step.stream];
    tick.prices.price = Decimal{step.price, 0};
    tick.fields.price = true;
    tick.mono_recv = now_ - step.waited;
    tick.ts_recv = anchor.at(tick.mono_recv);
    tick.ts_event = tick.ts_recv - step.transit;
    tick.epoch = 1;
    monitor_.apply(tick, now_);
    for (Subject& subject : subjects_) {
      if (subject.stream == step.stream) subject.model.on_price(monitor_, step.price, now_);
    }
    run_queues();
    pass(step.then);
  }

  /// All have said the same, and every price has one fate.
  void check() {
    for (const Subject& subject : subjects_) {
      RC_ASSERT(subject.calls == subject.model.calls);
      const DeliveryCounters c = counters_of(subject);
      RC_ASSERT(c.received == subject.model.received);
      RC_ASSERT(c.delivered == subject.model.delivered);
      RC_ASSERT(c.refused == subject.model.refused);
      RC_ASSERT(c.conflated == subject.model.conflated);
      RC_ASSERT(c.pending == subject.model.pending());
      RC_ASSERT(c.received == c.delivered + c.conflated + c.refused + c.failed + c.pending);
    }
  }
  void pass(Duration duration) {
    const MonoTime end = now_ + duration;
    for (;;) {
      MonoTime next = monitor_.next_deadline();
      for (const Subject& subject : subjects_) next = std::min(next, subject.model.due(monitor_));
      if (next > end) break;
      now_ = std::max(now_, next);
      monitor_.on_time(now_);
      run_queues();
      for (Subject& subject : subjects_) subject.model.look(monitor_, now_);
    }
    now_ = end;
  }

 private:
  struct Subject {
    ConsumerOptions options;
    std::size_t stream;
    PlainThrottle model;
    std::vector<Call> calls;
  };

  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return anchor.at(now_); }

  void subscribe(const ConsumerOptions& options) {
    for (std::size_t i = 0; i < stream_count; ++i) {
      subjects_.push_back({options, i, PlainThrottle(options, streams_[i]), {}});
    }
    Callbacks callbacks;
    callbacks.on_price = [this, name = options.name](const Delivery& delivery) {
      subject(name, delivery.stream)
          .calls.push_back({to_ns(now_), number(delivery.price.prices.price),
                            number(delivery.window.low), number(delivery.window.high),
                            delivery.window.count});
    };
    callbacks.on_refused = [this, name = options.name](const auto& stream, const Refusal& refusal) {
      subject(name, stream).calls.push_back({to_ns(now_), 0, 0, 0, 0, refusal.code});
    };
    monitor_.subscribe_matching("v/S*", options, callbacks);
    if (auto queue = monitor_.queue(options.name)) queues_.push_back(std::move(queue));
  }
  template <class Stream>
  Subject& subject(const std::string& name, const Stream& stream) {
    return *std::ranges::find_if(subjects_, [&](const Subject& known) {
      return known.options.name == name && stream.symbol() == "S" + std::to_string(known.stream);
    });
  }
  DeliveryCounters counters_of(const Subject& subject) const {
    for (const DeliveryCounters& counters : monitor_.delivery_counters()) {
      const bool same = counters.stream.symbol == "S" + std::to_string(subject.stream);
      if (counters.consumer == subject.options.name && same) return counters;
    }
    return {};
  }
  void run_queues() {
    for (const auto& queue : queues_) queue->run(*this, 1000);
  }

  MonoTime now_ = t0;
  Monitor monitor_{{.capacity = 8, .anchor = anchor}};
  std::vector<StreamId> streams_;
  std::deque<Subject> subjects_;
  std::vector<std::shared_ptr<ConsumerQueue>> queues_;
};

std::vector<ConsumerOptions> some_consumers() {
  const auto one_of = [](auto... values) { return *rc::gen::element(Duration{values}...); };
  std::vector<ConsumerOptions> consumers;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    ConsumerOptions options;
    options.name = "c" + std::to_string(i);
    options.delivery = *rc::gen::element(DeliveryMode::queued, DeliveryMode::in_line);
    options.priority = *rc::gen::inRange(0, 3);
    options.max_age = one_of(0ms, 500ms, 1s, 5s, 1h);
    options.min_interval = one_of(0ms, 30ms, 100ms, 1s);
    consumers.push_back(options);
  }
  return consumers;
}

RC_GTEST_PROP(ConflationProperty, IsWhatAPlainThrottleSays, ()) {
  Conflation world(some_consumers());
  for (const Step& step : *rc::gen::container<std::vector<Step>>(rc::gen::arbitrary<Step>())) {
    world.run(step);
    world.check();
  }
  world.pass(20s);
  world.check();
}

TEST(ConflationProperty, HoldsOverLongRuns) {
  Random random(7);
  std::vector<ConsumerOptions> consumers;
  const std::array intervals{Duration{0}, Duration{30ms}, Duration{100ms}, Duration{1s}};
  for (int i = 0; i < 8; ++i) {
    consumers.push_back({.name = "c" + std::to_string(i),
                         .delivery = i % 2 == 0 ? DeliveryMode::queued : DeliveryMode::in_line,
                         .priority = i % 3,
                         .max_age = i < 4 ? Duration{1s} : Duration{5s},
                         .min_interval = intervals[static_cast<std::size_t>(i % 4)]});
  }
  Conflation world(consumers);
  const auto some = [&](std::uint64_t ms) {
    return Duration{static_cast<std::int64_t>(random.below(ms) * 1'000'000)};
  };
  for (int i = 0; i < 20'000; ++i) {
    Step step;
    step.stream = random.below(2);
    step.price = 1 + static_cast<std::int64_t>(random.below(100));
    if (random.below(20) == 0) step.waited = some(1'500);
    if (random.below(20) == 0) step.transit = some(1'500);
    if (random.below(3) > 0) step.then = some(random.below(50) == 0 ? 3'000 : 40);
    world.run(step);
  }
  world.pass(20s);
  world.check();
}

}  // namespace
}  // namespace feedwatch
