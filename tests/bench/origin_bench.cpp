// Against the algorithm this product replaces (origin_price_monitor.py): CPU a tick, each in its
// own process, in turns.
#include <algorithm>
#include <optional>
#include <vector>

#include "tests/bench/clocks.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 2'000;
constexpr std::size_t batch = 400'000;
constexpr std::size_t ticks_a_read = 32;
constexpr Watchers within_window{.consumers = 3};
constexpr Watchers every_tick{.consumers = 3, .min_interval = {}, .in_line = true};

std::optional<double> origin_ns(const std::string& what) {
  return number_said_by(std::string("python3 " FEEDWATCH_ORIGIN_DRIVER " --bare ") + what);
}

/// The same ticks to the product, a read at a time; `between` of its time pass from one to the
/// next.
double product_ns(World& world, Flow& flow, MonoTime& now, Duration between) {
  std::vector<Tick> ticks(ticks_a_read);
  return cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; i += ticks_a_read) {
      for (Tick& tick : ticks) {
        now += between;
        const Flow::Item& item = flow.next();
        world.fill_stamped(tick, world.find(item.symbol), item.price, now);
      }
      world.monitor().apply(ticks, now);
    }
  });
}

void against(benchmark::State& state, const std::string& what, const Watchers& watchers,
             Duration between) {
  World world({.streams = streams});
  world.subscribe(watchers);
  Flow flow(streams, 1U << 16U, 5);
  MonoTime now{1001s};
  world.warm(now);
  Pairs pairs;
  for (auto _ : state) {
    const std::optional<double> origin = origin_ns(what);
    if (!origin) return state.SkipWithError("python3 did not run the original's algorithm");
    pairs.add(state, *origin, product_ns(world, flow, now, between));
  }
  pairs.report_as_gain(state);
  state.counters["delivered"] = static_cast<double>(world.delivered());
}

void throttled(benchmark::State& state) {
  against(state, "throttled", within_window, Duration{10});
}

void throttled_routed(benchmark::State& state) {
  against(state, "routed_throttled", within_window, Duration{10});
}

void delivered(benchmark::State& state) {
  against(state, "delivered", every_tick, 1us);
}

void delivered_routed(benchmark::State& state) {
  against(state, "routed_delivered", every_tick, 1us);
}

}  // namespace

std::vector<Figure> origin_figures() {
  return {
      {"origin_throttled", "throttled tick (bare: the original's algorithm, Python)", "ns",
       at_least(10), 7, throttled},
      {"origin_throttled_routed",
       "… the original behind its event router",
       "ns",
       {},
       7,
       throttled_routed},
      {"origin_delivered", "tick with three in-line deliveries (bare: the same)", "ns",
       at_least(15), 7, delivered},
      {"origin_delivered_routed",
       "… the original behind its event router",
       "ns",
       {},
       7,
       delivered_routed},
  };
}

}  // namespace feedwatch::bench
