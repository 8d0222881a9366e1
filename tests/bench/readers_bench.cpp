// What readers cost the writer. Two cores: the writer is pinned to the first, the readers to the
// second.
#include <pthread.h>

#include <atomic>
#include <thread>

#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 2'000;
constexpr std::size_t batch = 200'000;
constexpr std::size_t writers_core = 0;
constexpr std::size_t readers_core = 1;
constexpr ReadOptions generous{.max_age = 1h};

void pin(std::size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/// The calling thread on one core while this lives.
class Pinned {
 public:
  explicit Pinned(std::size_t core) {
    pthread_getaffinity_np(pthread_self(), sizeof(before_), &before_);
    pin(core);
  }
  ~Pinned() { pthread_setaffinity_np(pthread_self(), sizeof(before_), &before_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  cpu_set_t before_{};
};

/// Threads on the readers' core that do `work(position)` over and over until this ends.
class Readers {
 public:
  template <class Work>
  Readers(std::size_t threads, Work work) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, work, i] {
        pin(readers_core);
        running_.fetch_add(1);
        for (std::size_t at = i; !stop_.load(std::memory_order_relaxed); ++at) work(at);
      });
    }
    while (running_.load() < threads) std::this_thread::yield();
  }
  ~Readers() { stop_ = true; }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> running_{0};
  std::vector<std::jthread> threads_;  ///< last: joined before the rest goes
};

struct Board {
  Board() : world({.streams = streams}), bare(streams), flow(streams, 1U << 16U, 4) {
    world.warm(now);
  }

  double write_bare() {
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; ++i) {
        const Flow::Item& item = flow.at(i);
        bare.write(item.place, item.price, now);
      }
    });
  }

  double write() {
    return cpu_ns_each(batch, [&] {
      for (std::size_t i = 0; i < batch; ++i) {
        now += 1us;
        const Flow::Item& item = flow.at(i);
        world.monitor().apply(world.stamped_tick(world.id(item.place), item.price, now), now);
      }
    });
  }

  void read_bare(std::size_t at) const {
    Words words = bare.read(flow.at(at * 7).place);
    benchmark::DoNotOptimize(words);
  }

  void read(std::size_t at, MonoTime when) {
    auto answer = world.monitor().price(world.id(flow.at(at * 7).place), generous, when);
    benchmark::DoNotOptimize(answer);
  }

  MonoTime now{1001s};
  World world;
  BareBoard bare;
  Flow flow;
};

void saturating_reader(benchmark::State& state) {
  Board board;
  const Pinned pinned(writers_core);
  const MonoTime later = board.now + 30min;
  Pairs pairs;
  for (auto _ : state) {
    double bare = 0;
    double product = 0;
    {
      const Readers readers(1, [&](std::size_t at) { board.read_bare(at); });
      bare = board.write_bare();
    }
    {
      const Readers readers(1, [&](std::size_t at) { board.read(at, later); });
      product = board.write();
    }
    pairs.add(state, bare, product);
  }
  pairs.report(state);
}

/// Ten reads every millisecond are 10,000 a second and leave the second core to all sixteen.
void read_ten_and_rest(Board& board, std::size_t at, MonoTime when) {
  for (std::size_t i = 0; i < 10; ++i) board.read(at * 10 + i, when);
  std::this_thread::sleep_for(1ms);
}

void paced_readers(benchmark::State& state) {
  Board board;
  const Pinned pinned(writers_core);
  const MonoTime later = board.now + 30min;
  const auto long_write = [&] {
    double sum = 0;
    for (int i = 0; i < 5; ++i) sum += board.write();
    return sum / 5;
  };
  long_write();
  Pairs pairs;
  for (auto _ : state) {
    const double alone = long_write();
    const Readers readers(16, [&](std::size_t at) { read_ten_and_rest(board, at, later); });
    pairs.add(state, alone, long_write());
  }
  pairs.report(state);
}

}  // namespace

std::vector<Figure> readers_figures() {
  return {
      {"reader_saturating", "tick beside one saturating reader (bare: seqlock beside its like)",
       "ns", at_most(1.2), 11, saturating_reader},
      {"readers_paced", "tick beside 16 readers of 10,000 reads/s (bare: without them)", "ns",
       at_most(1.1), 11, paced_readers},
  };
}

}  // namespace feedwatch::bench
