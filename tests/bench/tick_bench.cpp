// The tick path: from the bytes of a symbol to a stored, judged, perhaps delivered price. Nothing
// is due: every tick falls into the throttle window its stream's first tick opened.
#include "tests/bench/allocations.hpp"
#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t few = 2'000;
constexpr std::size_t many = 1'000'000;
constexpr std::size_t batch = 400'000;
constexpr std::size_t ticks_a_read = 32;
constexpr Duration between_ticks{10};  // all batches of a figure fit into one window of 100 ms
constexpr Watchers three{.consumers = 3};

struct BareWorld {
  explicit BareWorld(std::size_t streams) : table(streams), board(streams), heard(streams) {
    for (std::size_t place = 0; place < streams; ++place) {
      table.insert(symbol_of(place), static_cast<std::uint32_t>(place));
    }
  }

  BareTable table;
  BareBoard board;
  std::vector<MonoTime> heard;  ///< all that a lazy wheel is told of a tick
};

/// A world, its baseline, and the ticks both get.
struct Track {
  explicit Track(std::size_t streams)
      : world({.streams = streams}), bare(streams), flow(streams, 1U << 20U, 1) {}

  void open_windows() { world.warm(now); }

  double bare_ns() {
    std::size_t at = position;
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; ++i) {
        const Flow::Item& item = flow.at(at++);
        const std::uint32_t place = bare.table.find(item.symbol);
        bare.board.write(place, item.price, now);
        bare.heard[place] = now;
      }
    });
  }

  double bare_write_ns() {
    std::size_t at = position;
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; ++i) {
        const Flow::Item& item = flow.at(at++);
        bare.board.write(item.place, item.price, now);
      }
    });
  }

  /// Both halves of a pair get the same ticks, and no two pairs do.
  template <class Apply>
  double product_ns(Apply&& apply) {
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; ++i) {
        now += between_ticks;
        apply(flow.at(position++));
      }
    });
  }

  /// As the engine does it: all ticks of one read are found and put together, then applied.
  template <class MakeTick>
  double reads_ns(MakeTick&& make_tick) {
    ticks.assign(ticks_a_read, Tick{});
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; i += ticks_a_read) {
        for (Tick& tick : ticks) {
          now += between_ticks;
          make_tick(tick, flow.at(position++));
        }
        world.monitor().apply(ticks, now);
      }
    });
  }

  double symbol_to_store_ns() {
    return reads_ns([this](Tick& tick, const Flow::Item& item) {
      world.fill_stamped(tick, world.find(item.symbol), item.price, now);
    });
  }

  double store_ns() {
    return reads_ns([this](Tick& tick, const Flow::Item& item) {
      world.fill_stamped(tick, world.id(item.place), item.price, now);
    });
  }

  double one_by_one_ns() {
    return product_ns([this](const Flow::Item& item) {
      const StreamId stream = world.find(item.symbol);
      world.monitor().apply(world.stamped_tick(stream, item.price, now), now);
    });
  }

  World world;
  BareWorld bare;
  Flow flow;
  std::vector<Tick> ticks;
  MonoTime now{1001s};
  std::size_t position = 0;
};

/// From the bytes of a symbol to the store, and what it is bare.
template <class Product>
void by_symbol(std::size_t streams, benchmark::State& state, Product&& product_ns) {
  Track track(streams);
  track.world.subscribe(three);
  track.open_windows();
  Pairs pairs;
  for (auto _ : state) {
    const double bare = track.bare_ns();
    pairs.add(state, bare, product_ns(track));
  }
  pairs.report(state);
}

void few_streams(benchmark::State& state) {
  by_symbol(few, state, [](Track& track) { return track.symbol_to_store_ns(); });
}

void few_streams_unstamped(benchmark::State& state) {
  by_symbol(few, state, [](Track& track) {
    return track.reads_ns([&](Tick& tick, const Flow::Item& item) {
      track.world.fill(tick, track.world.find(item.symbol), item.price, track.now);
    });
  });
}

void few_streams_one_by_one(benchmark::State& state) {
  by_symbol(few, state, [](Track& track) { return track.one_by_one_ns(); });
}

void few_streams_allocations(benchmark::State& state) {
  Track track(few);
  track.world.subscribe(three);
  track.open_windows();
  track.symbol_to_store_ns();
  const std::uint64_t before = allocations();
  for (auto _ : state) state.SetIterationTime(track.symbol_to_store_ns() / 1e9);
  report_value(state, static_cast<double>(allocations() - before));
}

template <class Find>
double find_ns(const Flow& flow, Find&& find) {
  return cpu_ns_each(batch, [&] {
    for (std::size_t i = 0; i < batch; ++i) {
      auto found = find(flow.at(i).symbol);
      benchmark::DoNotOptimize(found);
    }
  });
}

void symbol_lookup(benchmark::State& state) {
  const Track track(few);
  Pairs pairs;
  for (auto _ : state) {
    const double bare =
        find_ns(track.flow, [&](auto symbol) { return track.bare.table.find(symbol); });
    pairs.add(state, bare,
              find_ns(track.flow, [&](auto symbol) { return track.world.find(symbol).index(); }));
  }
  pairs.report(state);
}

/// The million: its baseline is one slot write that misses the caches, so the stream is known
/// already.
void many_streams_watched_by(const Watchers& watchers, benchmark::State& state) {
  Track track(many);
  track.world.subscribe(watchers);
  track.open_windows();
  Pairs pairs;
  for (auto _ : state) {
    const double bare = track.bare_write_ns();
    pairs.add(state, bare, track.store_ns());
  }
  pairs.report(state);
}

void many_streams(benchmark::State& state) {
  many_streams_watched_by(three, state);
}

void many_streams_unwatched(benchmark::State& state) {
  many_streams_watched_by({}, state);
}

void many_streams_by_symbol(benchmark::State& state) {
  by_symbol(many, state, [](Track& track) { return track.symbol_to_store_ns(); });
}

}  // namespace

std::vector<Figure> tick_figures() {
  return {
      {"tick_2k", "tick, 2,000 streams, 3 consumers, nothing due", "ns", at_most(2.0), 11,
       few_streams},
      {"tick_2k_unstamped", "… without a venue time", "ns", {}, 11, few_streams_unstamped},
      {"tick_2k_single", "… one by one, not a read at once", "ns", {}, 11, few_streams_one_by_one},
      {"tick_2k_allocations", "… allocations in 4,400,000 ticks", "", at_most(0), 11,
       few_streams_allocations},
      {"symbol_lookup", "… its symbol lookup alone", "ns", {}, 11, symbol_lookup},
      {"tick_1m", "tick, 1,000,000 streams, 3 consumers, random order", "ns", at_most(1.3), 11,
       many_streams},
      {"tick_1m_unwatched", "… without consumers", "ns", {}, 11, many_streams_unwatched},
      {"tick_1m_by_symbol",
       "… 3 consumers, symbol lookup in both",
       "ns",
       {},
       11,
       many_streams_by_symbol},
  };
}

}  // namespace feedwatch::bench
