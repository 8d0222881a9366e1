// What protecting positions costs a tick, beside loops over all positions of its stream. One table,
// exit code 0 whatever it says.
// usage: protect_bench [--json | --markdown] [--quick | --runs N] [--benchmark_filter=REGEX]
#include <cstdio>
#include <exception>
#include <memory>

#include "tests/bench/clocks.hpp"
#include "tests/bench/program.hpp"
#include "tests/bench/protect/loops.hpp"
#include "tests/bench/protect/product.hpp"
#include "tests/bench/protect/whole.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t batch = 200'000;
constexpr std::size_t quarter_second = ticks_per_second / 4;
constexpr int minute = 4 * 60;  // quarters of a second
constexpr Crowd the_crowd{.positions = 100'000};

double ns_each(Product& product, Market& market, std::size_t count) {
  const std::vector<Traded> ticks = market.next(count);
  const double each = cpu_ns_each(count, [&] { product.tell(ticks); });
  product.replace_closed(market);
  return each;
}

/// Percent of a core, of a minute in which every timer of a minute comes round.
void share(benchmark::State& state, bool kept) {
  Market market(the_crowd.streams);
  Product product(the_crowd, Rules::both, market);
  std::vector<double> shares;
  for (auto _ : state) {
    double busy = 0;
    for (int i = 0; i < minute; ++i) {
      busy += ns_each(product, market, quarter_second) * quarter_second;
      if (kept) busy += cpu_ns_each(1, [&] { product.read_changed(); });
    }
    state.SetIterationTime(busy / 1e9);
    shares.push_back(busy / 60e9 * 100);
  }
  report_value(state, median(shares));
}

/// The same with everything between the decoder and the disk; the crowd settles for half a minute
/// first.
void share_whole(benchmark::State& state) {
  constexpr int quarters = 4 * 20;
  constexpr std::size_t together = 10;
  Market market(the_crowd.streams);
  Whole whole(the_crowd, market);
  const auto quarter = [&] {
    const std::vector<Traded> ticks = market.next(quarter_second);
    const double each = cpu_ns_each(quarter_second, [&] { whole.tell(ticks, together); });
    whole.replace_closed(market);
    return each * quarter_second;
  };
  for (int i = 0; i < 4 * 35; ++i) quarter();
  std::vector<double> shares;
  for (auto _ : state) {
    double busy = 0;
    for (int i = 0; i < quarters; ++i) busy += quarter();
    state.SetIterationTime(busy / 1e9);
    shares.push_back(busy / (quarters * 0.25e9) * 100);
  }
  report_value(state, median(shares));
}

void share_decided(benchmark::State& state) {
  share(state, false);
}
void share_kept(benchmark::State& state) {
  share(state, true);
}

/// Of 1,000 ticks.
void touched(benchmark::State& state, const Crowd& crowd, Rules rules) {
  Market market(crowd.streams);
  Product product(crowd, rules, market);
  const std::uint64_t before = product.touched();
  std::uint64_t ticks = 0;
  for (auto _ : state) {
    state.SetIterationTime(ns_each(product, market, batch) / 1e9);
    ticks += batch;
  }
  report_value(
      state, static_cast<double>(product.touched() - before) * 1'000 / static_cast<double>(ticks));
}
void touched_both(benchmark::State& state) {
  touched(state, the_crowd, Rules::both);
}
template <std::size_t positions>
void touched_stops(benchmark::State& state) {
  touched(state, {.positions = positions}, Rules::trailing);
}

/// `bare_batch`: ticks of the loop, which a large crowd makes slow.
template <class Loop, Rules rules, std::size_t positions, std::size_t streams,
          std::size_t bare_batch>
void beside(benchmark::State& state) {
  const Crowd crowd{.positions = positions, .streams = streams};
  Market market(crowd.streams);
  Market loop_market(crowd.streams);
  Product product(crowd, rules, market);
  Loop loop(crowd);
  loop.tell(loop_market.next(crowd.streams * 2));
  Pairs pairs;
  for (auto _ : state) {
    const std::vector<Traded> ticks = loop_market.next(bare_batch);
    const double bare = cpu_ns_each(bare_batch, [&] { loop.tell(ticks); });
    pairs.add(state, bare, ns_each(product, market, batch));
  }
  pairs.report(state);
}

template <std::size_t positions>
void numbers(benchmark::State& state) {
  beside<NumberLoop, Rules::trailing, positions, 2'000, 100'000>(state);
}
template <std::size_t positions, std::size_t bare_batch>
void machines(benchmark::State& state) {
  beside<MachineLoop, Rules::both, positions, 2'000, bare_batch>(state);
}

std::vector<Figure> all_figures() {
  return {
      {"share", "100,000 positions, 2,000 streams, 100,000 ticks/s: of a core", "%", at_most(50), 3,
       share_decided},
      {"share_kept", "… what has changed read 4 times a second", "%", at_most(50), 3, share_kept},
      {"share_whole", "… from the monitor over the tap and the control to a journal", "%",
       at_most(50), 3, share_whole},
      {"touched", "… positions looked at, of 1,000 ticks", "", {}, 5, touched_both},
      {"numbers_1k",
       "tick, 1,000 trailing stops (bare: a loop over whole numbers)",
       "ns",
       {},
       7,
       numbers<1'000>},
      {"numbers_10k", "… 10,000", "ns", {}, 7, numbers<10'000>},
      {"numbers_100k", "… 100,000", "ns", {}, 7, numbers<100'000>},
      {"numbers_1m", "… 1,000,000", "ns", {}, 5, numbers<1'000'000>},
      {"numbers_1_stream",
       "… 100,000 of one stream",
       "ns",
       {},
       5,
       beside<NumberLoop, Rules::trailing, 100'000, 1, 2'000>},
      {"touched_1k",
       "1,000 trailing stops: looked at, of 1,000 ticks",
       "",
       {},
       5,
       touched_stops<1'000>},
      {"touched_10k", "… 10,000", "", {}, 5, touched_stops<10'000>},
      {"touched_100k", "… 100,000", "", {}, 5, touched_stops<100'000>},
      {"touched_1m", "… 1,000,000", "", {}, 5, touched_stops<1'000'000>},
      {"machines_1k",
       "tick, 1,000 with both rules (bare: the same rules, each told)",
       "ns",
       {},
       7,
       machines<1'000, 100'000>},
      {"machines_10k", "… 10,000", "ns", {}, 7, machines<10'000, 50'000>},
      {"machines_100k", "… 100,000", "ns", {}, 5, machines<100'000, 10'000>},
      {"machines_1m", "… 1,000,000", "ns", {}, 5, machines<1'000'000, 4'000>},
  };
}

}  // namespace
}  // namespace feedwatch::bench

int main(int argc, char** argv) {
  try {
    return feedwatch::bench::print_table("protect_bench", feedwatch::bench::all_figures(), argc,
                                         argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "protect_bench: %s\n", failure.what());
    return 1;
  }
}
