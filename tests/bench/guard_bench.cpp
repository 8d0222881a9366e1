// Reading a price to act on it: the verdict of one slot at this very moment. A reader of another
// process (shared memory) belongs here, beside the same baseline.
#include <cstdlib>

#include "feedwatch/guard/guard.hpp"
#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 2'000;
constexpr std::size_t batch = 400'000;
constexpr PriceRequest generous{.max_age = 1h};

double bare_ns(const BareBoard& board, const Flow& flow) {
  return cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      Words words = board.read(flow.at(i).place);
      MonoTime now = boot_now();
      benchmark::DoNotOptimize(words);
      benchmark::DoNotOptimize(now);
    }
  });
}

double guard_ns(Guard& guard, const World& world, const Flow& flow) {
  std::size_t refused = 0;
  const double each = cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      auto answer = guard.price(world.id(flow.at(i).place), generous);
      refused += answer ? 0U : 1U;
      benchmark::DoNotOptimize(answer);
    }
  });
  if (refused > 0) std::abort();  // a refusal is another path: nothing would be measured
  return each;
}

void same_process(benchmark::State& state) {
  World world({.streams = streams, .start = boot_now()});
  world.warm(boot_now());
  BareBoard board(streams);
  const Flow flow(streams, 1U << 16U, 3);
  Decisions decisions;
  const HostClock clock;
  Guard guard(world.monitor(), decisions, "strategy", clock);
  Pairs pairs;
  for (auto _ : state) {
    const double bare = bare_ns(board, flow);
    pairs.add(state, bare, guard_ns(guard, world, flow));
  }
  pairs.report(state);
}

}  // namespace

std::vector<Figure> guard_figures() {
  return {{"guard_read", "guard read, same process, clock included", "ns", at_most(1.5), 11,
           same_process}};
}

}  // namespace feedwatch::bench
