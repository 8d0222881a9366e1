// Deadlines of a million streams: what it costs to find that a stream is still alive, and how fast
// a million that fell silent together are told.
#include <algorithm>

#include "feedwatch/base/random.hpp"
#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 1'000'000;
constexpr Duration step = 10ms;
constexpr std::size_t steps = 1s / step;
constexpr std::size_t ticks_per_step = streams / steps;
constexpr std::size_t slice = 4096;
constexpr Policy tight{.degraded_after = 3s, .stale_after = 10s, .suspect_after = 3s};

/// Every stream once a second, in an order of its own that has nothing to do with memory.
std::vector<std::uint32_t> order_of_ticks() {
  std::vector<std::uint32_t> order(streams);
  for (std::uint32_t i = 0; i < streams; ++i) order[i] = i;
  Random random(2);
  for (std::size_t i = streams; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

/// Every stream once in each second. The order turns, so that a stream is not heard, and its line
/// of memory warm, in the very moment its deadline comes round.
class Second {
 public:
  /// CPU time of `settle`, which does after each step what has become due.
  template <class Hear, class Settle>
  Duration run(const std::vector<std::uint32_t>& order, Hear&& hear, Settle&& settle) {
    Duration cpu{};
    for (std::size_t i = 0; i < steps; ++i) {
      for (std::size_t k = 0; k < ticks_per_step; ++k) {
        hear(order[(i * ticks_per_step + k + turned_) % streams], now_ + between * k);
      }
      now_ += step;
      const Duration before = cpu_now();
      settle(now_);
      cpu += cpu_now() - before;
    }
    turned_ = (turned_ + turn) % streams;
    return cpu;
  }

 private:
  static constexpr auto between = step / ticks_per_step;
  static constexpr std::size_t turn = streams / 100 * 31;
  MonoTime now_{1000s};
  std::size_t turned_ = 0;
};

double ns_each(Duration cpu, std::size_t count) {
  return static_cast<double>(to_ns(cpu)) / static_cast<double>(std::max<std::size_t>(count, 1));
}

/// The bare wheel tells how many deadlines came round; both get the same ticks, so as many came
/// round in the monitor, which does not say. Half a pair is three seconds, the limit: within one,
/// they come in bunches.
void rechecks(benchmark::State& state) {
  const std::vector<std::uint32_t> order = order_of_ticks();
  World world({.streams = streams, .policy = tight});
  BareWheel wheel(streams, tight.degraded_after);
  Second product;
  Second bare;
  const Decimal price{6'500'010, 2};
  std::size_t looked_at = 0;
  const auto product_second = [&] {
    return product.run(
        order,
        [&](std::uint32_t place, MonoTime at) {
          world.monitor().apply(world.stamped_tick(world.id(place), price, at), at);
        },
        [&](MonoTime at) {
          while (world.monitor().next_deadline() <= at) world.monitor().on_time(at, slice);
        });
  };
  const auto bare_second = [&] {
    return bare.run(
        order, [&](std::uint32_t place, MonoTime at) { wheel.heard(place, at); },
        [&](MonoTime at) { looked_at += wheel.advance(at); });
  };
  bare_second();
  for (const std::uint32_t stream : order) wheel.begin(stream);
  product_second();
  for (int i = 0; i < 4; ++i) {
    bare_second();
    product_second();
  }

  Pairs pairs;
  for (auto _ : state) {
    looked_at = 0;
    Duration bare_cpu{};
    Duration cpu{};
    for (int i = 0; i < 3; ++i) bare_cpu += bare_second();
    for (int i = 0; i < 3; ++i) cpu += product_second();
    pairs.add(state, ns_each(bare_cpu, looked_at), ns_each(cpu, looked_at));
  }
  pairs.report(state);
  state.counters["came_round_a_second"] = static_cast<double>(looked_at) / 3;
  std::vector<StreamChange> changes;
  world.monitor().take_changes(changes);
  if (wheel.late() > 0 || changes.size() > streams) state.SkipWithError("streams fell silent");
}

struct Wave {
  double all_ms = 0;
  double longest_slice_ms = 0;
};

double ms(Duration duration) {
  return static_cast<double>(to_ns(duration)) / 1e6;
}

/// From the deadline until the last change has been taken, in the slices of the engine: between two
/// of them it turns to its sockets, so a slice is how long a tick may wait. CPU time: what a thread
/// with a core of its own takes, whatever else runs here.
Wave take_wave(Monitor& monitor, MonoTime now, std::vector<StreamChange>& changes) {
  Wave wave;
  const Duration begin = cpu_now();
  Duration slice_begin = begin;
  while (monitor.next_deadline() <= now) {
    monitor.on_time(now, slice);
    monitor.take_changes(changes);
    const Duration slice_end = cpu_now();
    wave.longest_slice_ms = std::max(wave.longest_slice_ms, ms(slice_end - slice_begin));
    slice_begin = slice_end;
  }
  wave.all_ms = ms(cpu_now() - begin);
  return wave;
}

std::size_t gone_stale(const std::vector<StreamChange>& changes) {
  return static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(), [](const auto& change) {
        return change.type == StreamChange::Type::level && change.to == Level::stale;
      }));
}

/// All streams are heard at one moment and never again: degraded at 3 s, untimed, stale at 10 s.
std::vector<Wave> waves(benchmark::State& state) {
  World world({.streams = streams, .policy = tight});
  std::vector<StreamChange> changes;
  changes.reserve(streams * 4);
  MonoTime now{1000s};
  std::vector<Wave> all;
  for (auto _ : state) {
    now += 1s;
    world.warm(now);
    now += 5s;
    world.settle(now);
    now += 6s;
    changes.clear();
    all.push_back(take_wave(world.monitor(), now, changes));
    state.SetIterationTime(all.back().all_ms / 1e3);
    if (gone_stale(changes) != streams) state.SkipWithError("not every stream became stale");
  }
  return all;
}

template <class Member>
void report_median(benchmark::State& state, Member member) {
  std::vector<double> values;
  for (const Wave& wave : waves(state)) values.push_back(wave.*member);
  report_value(state, median(values));
}

void stale_wave(benchmark::State& state) {
  report_median(state, &Wave::all_ms);
}

void stale_slice(benchmark::State& state) {
  report_median(state, &Wave::longest_slice_ms);
}

}  // namespace

std::vector<Figure> deadline_figures() {
  return {
      {"recheck_1m", "deadline re-check, 1,000,000 streams at 1 Hz, limit 3 s", "ns", at_most(2.0),
       5, rechecks},
      {"stale_wave_1m", "1,000,000 go stale at once: until all changes are taken", "ms",
       at_most(250), 5, stale_wave},
      {"stale_slice_1m", "… longest slice of 4,096, the delay of a tick", "ms", at_most(5), 5,
       stale_slice},
  };
}

}  // namespace feedwatch::bench
