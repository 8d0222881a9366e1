/// A price on its way through the monitor enters no kernel and looks at no clock; nor does the
/// guard enter a kernel, who looks at one.
#include <unistd.h>

#include <ctime>

#include "feedwatch/base/tests/without_calls.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(undefined_behavior_sanitizer)
#define FEEDWATCH_CALLS_OF_OTHERS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FEEDWATCH_CALLS_OF_OTHERS 1
#endif

namespace feedwatch {
namespace {

using namespace test;
using testing::Clocks;
using testing::Confined;
using testing::run_confined;

#ifdef FEEDWATCH_CALLS_OF_OTHERS
constexpr bool plain_build = false;
#else
constexpr bool plain_build = true;
#endif

/// What the program's own clock does (embed/system_clock.cpp), which stands above the core.
class BootClock final : public Clock {
 public:
  MonoTime now() const override {
    timespec at{};
    ::clock_gettime(CLOCK_BOOTTIME, &at);  // clock-ok: what is tested is what it costs
    return MonoTime{std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec}} +
           shift_;
  }
  WallTime wall_now() const override { return {}; }
  /// Goes on from `start`.
  void set(MonoTime start) { shift_ += start - now(); }

 private:
  Duration shift_{};
};

class HeldClock final : public Clock {
 public:
  explicit HeldClock(const MonoTime& now) : now_(now) {}
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return {}; }

 private:
  const MonoTime& now_;
};

/// Two kinds of streams, each with an in-line and a queued consumer.
class SystemCalls : public World {
 protected:
  void SetUp() override {
    if (!plain_build) GTEST_SKIP() << "sanitizers make system calls of their own";
    StreamOptions ordered = options_of("v/BTC/mark", tight());
    ordered.seq_orders = true;
    ordered.absent_is_unchanged = true;
    ordered.event_time = EventTime::publish;
    streams = {add(ordered), add("v/ETH/last")};
    Callbacks callbacks;
    callbacks.on_price = [this](const Delivery&) { ++calls; };
    for (const StreamId stream : streams) {
      monitor.subscribe(stream, {.name = "in line", .delivery = DeliveryMode::in_line}, callbacks);
      monitor.subscribe(stream, {.name = "queued"}, callbacks);
    }
    queue = monitor.queue("queued");
    taken.reserve(1'000);
    pass(5'000, held);  // whatever allocates has done so
  }
  /// So many ticks, timers and the queue's thread included.
  bool pass(int ticks, const Clock& clock, Duration apart = 10ms) {
    bool good = true;
    for (int i = 0; i < ticks; ++i) {
      now += apart;
      good = good && send_any(i);
      if (monitor.next_deadline() <= now) monitor.on_time(now);
      if (i % 5 == 0) queue->run(clock, 100);
    }
    taken.clear();
    monitor.take_changes(taken);
    return good;
  }

  /// Mostly the common tick; one in ten is of those that take the long way.
  bool send_any(int i) {
    Tick made = tick(streams[i % 2 == 0 ? 0 : 1], 100 + i % 7);
    made.ts_event = made.ts_recv - 3ms;
    made.seq = ++seq;
    made.stalled = i % 50 == 0;
    made.snapshot = i % 50 == 10;
    if (i % 50 == 20) made.seq = seq - 10;                // older
    if (i % 50 == 30) made.prices.price = Decimal{0, 0};  // rejected
    if (i % 50 == 40) made.fields.price = false;          // confirmed
    if (i % 1'000 == 999) now += 4s;                      // it waited: degraded, then healthy again
    const Outcome::Type type = monitor.apply(made, now).type;
    return type == Outcome::Type::accepted || i % 10 == 0;
  }

  const HeldClock held{now};
  BootClock boot;
  std::vector<StreamId> streams;
  std::shared_ptr<ConsumerQueue> queue;
  std::vector<StreamChange> taken;
  std::uint64_t seq = 0;
  std::uint64_t calls = 0;
};

/// The child may only compute; what it computed is in its exit code.
void expect_unnoticed(const Confined& ended) {
  if (!ended.possible) GTEST_SKIP() << "this kernel or processor cannot forbid it";
  EXPECT_EQ(ended.signal, 0) << (ended.signal == SIGSYS ? "it made a system call"
                                                        : "it read a clock");
  EXPECT_TRUE(ended.returned_true);
}

TEST_F(SystemCalls, TheTicksWayMakesNoneAndReadsNoClock) {
  expect_unnoticed(run_confined(
      [this] {
        const std::uint64_t before = calls;
        const auto intake = monitor.intake_counters();
        if (!pass(100'000, held) || calls - before <= 10'000) return false;
        const auto& after = monitor.intake_counters();
        return after.older > intake.older && after.confirmed > intake.confirmed && !taken.empty();
      },
      Clocks::forbidden));
}

TEST_F(SystemCalls, AGuardsReadsAndAQueuesCallsMakeNoneThoughTheyReadTheClock) {
  Decisions decisions;
  Guard guard(monitor, decisions, "stop", boot);
  const StreamKey key = monitor.options(streams[0]).key;
  boot.set(now);
  expect_unnoticed(run_confined([&] {
    std::uint64_t prices = 0;
    const std::uint64_t before = calls;
    for (int i = 0; i < 100'000; ++i) {
      now = boot.now();
      pass(2, boot, 0ns);
      prices += guard.price(streams[0], {.max_age = 1min}).has_value() ? 1U : 0U;
      prices += guard.price(key, {.max_age = 1min}).has_value() ? 1U : 0U;
      prices += guard.price(streams[1], {.max_age = 0s}).has_value() ? 1U : 0U;
    }
    return prices >= 200'000 && calls > before;
  }));
}

TEST_F(SystemCalls, OneWouldBeCaught) {
  const Confined ended = run_confined([] { return ::getppid() > 0; });
  if (!ended.possible) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(ended.signal, SIGSYS);
}

TEST_F(SystemCalls, AClockWouldBeCaught) {
  const Confined ended =
      run_confined([this] { return boot.now() > MonoTime{}; }, Clocks::forbidden);
  if (!ended.possible) GTEST_SKIP() << "this kernel or processor cannot forbid it";
  EXPECT_NE(ended.signal, 0) << "neither a system call nor the time stamp counter?";
}

}  // namespace
}  // namespace feedwatch
