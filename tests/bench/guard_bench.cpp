// Reading a price to act on it: the verdict of one slot at this very moment, by a guard of the
// monitor's own process and by a reader in another one, beside the same baseline.
#include <cstdlib>

#include "feedwatch/board.h"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/shm/reader.hpp"
#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/shared_world.hpp"
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

/// By a handle that was found once, as a program that trades would.
double reader_ns(const shm::Reader& reader, const std::vector<shm::Handle>& handles,
                 const Flow& flow) {
  constexpr shm::Question question{.read = {.max_age = 1h}};
  std::size_t refused = 0;
  const double each = cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      auto answer = reader.price(handles[flow.at(i).place], question);
      refused += answer ? 0U : 1U;
      benchmark::DoNotOptimize(answer);
    }
  });
  if (refused > 0) std::abort();
  return each;
}

double c_reader_ns(const fw_board* board, const std::vector<shm::Handle>& handles,
                   const Flow& flow) {
  fw_read_options options = FW_READ_OPTIONS_INIT;
  options.max_age_ns = to_ns(Duration{1h});
  options.without_text = 1;
  int refused = 0;
  const double each = cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      fw_price price;
      price.size = sizeof price;
      refused |= fw_board_price(board, handles[flow.at(i).place].value, &options, &price);
      benchmark::DoNotOptimize(price);
    }
  });
  if (refused != FW_OK) std::abort();
  return each;
}

std::vector<shm::Handle> handles_of(const shm::Reader& reader) {
  std::vector<shm::Handle> handles;
  for (std::size_t place = 0; place < streams; ++place) {
    handles.push_back(reader.find(SharedWorld::stream(place)).value());
  }
  return handles;
}

void other_process(benchmark::State& state, bool by_c) {
  const SharedWorld world(streams);
  if (!world.lives()) return state.SkipWithError("no board in /dev/shm");
  const auto reader = shm::Reader::open(world.path());
  const std::unique_ptr<fw_board, void (*)(fw_board*)> c_reader(
      fw_board_open(world.path().c_str(), nullptr), fw_board_close);
  if (!reader || !c_reader) return state.SkipWithError("the board does not open");
  const std::vector<shm::Handle> handles = handles_of(**reader);
  BareBoard board(streams);
  const Flow flow(streams, 1U << 16U, 3);
  Pairs pairs;
  for (auto _ : state) {
    const double bare = bare_ns(board, flow);
    pairs.add(
        state, bare,
        by_c ? c_reader_ns(c_reader.get(), handles, flow) : reader_ns(**reader, handles, flow));
  }
  pairs.report(state);
}

void by_reader(benchmark::State& state) {
  other_process(state, false);
}

void by_c_interface(benchmark::State& state) {
  other_process(state, true);
}

}  // namespace

std::vector<Figure> guard_figures() {
  return {
      {"guard_read", "guard read, same process, clock included", "ns", at_most(1.5), 11,
       same_process},
      {"guard_read_shared", "guard read, other process, clock included", "ns", at_most(1.5), 11,
       by_reader},
      {"guard_read_c",
       "… by the C interface, without the price as text",
       "ns",
       {},
       11,
       by_c_interface},
  };
}

}  // namespace feedwatch::bench
