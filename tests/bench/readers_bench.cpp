// What readers cost the writer. Two cores: the writer is pinned to the first, the readers to the
// second. On a shared machine a reader may lose its core; so the writer is measured in windows
// shorter than a time slice, and those in which the reader did not run are left out.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 2'000;
constexpr Duration window = 1ms;
constexpr std::size_t windows = 25;  ///< of one half of a pair
constexpr Duration patience = 5s;    ///< for so many good windows
constexpr double all_of_a_core = 0.95;
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
        for (std::size_t at = i; !stop_.load(std::memory_order_relaxed); ++at) {
          work(at);
          done_.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    while (running_.load() < threads) std::this_thread::yield();
  }
  ~Readers() { stop_ = true; }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  Duration cpu_of_first() {
    clockid_t clock{};
    pthread_getcpuclockid(threads_.front().native_handle(), &clock);
    return read(clock);
  }
  std::uint64_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> running_{0};
  std::atomic<std::uint64_t> done_{0};
  std::vector<std::jthread> threads_;  ///< last: joined before the rest goes
};

/// Writes for about `length`: CPU time and writes.
struct Written {
  Duration cpu{};
  std::size_t writes = 0;

  Written& operator+=(const Written& other) {
    cpu += other.cpu;
    writes += other.writes;
    return *this;
  }
  double each() const {
    return static_cast<double>(to_ns(cpu)) / static_cast<double>(std::max<std::size_t>(writes, 1));
  }
};

template <class Write>
Written write_for(Duration length, Write&& write) {
  constexpr std::size_t between_looks = 500;
  static std::size_t at = 0;
  Written written;
  const Duration end = wall_now() + length;
  const Duration before = cpu_now();
  do {
    for (std::size_t i = 0; i < between_looks; ++i) write(at++);
    written.writes += between_looks;
  } while (wall_now() < end);
  written.cpu = cpu_now() - before;
  return written;
}

/// CPU nanoseconds a write beside a reader that never rests; nothing where the machine did not let
/// it run.
template <class Write, class Read>
std::optional<double> writer_ns_beside(Write&& write, Read&& read_one) {
  Readers reader(1, read_one);
  Written sum;
  std::size_t good = 0;
  for (const Duration end = wall_now() + patience; good < windows && wall_now() < end;) {
    const Duration cpu = reader.cpu_of_first();
    const Duration wall = wall_now();
    const Written written = write_for(window, write);
    const double share = to_seconds(reader.cpu_of_first() - cpu) / to_seconds(wall_now() - wall);
    if (share < all_of_a_core) continue;
    sum += written;
    ++good;
  }
  if (good < windows) return std::nullopt;
  return sum.each();
}

struct Board {
  Board() : world({.streams = streams}), bare(streams), flow(streams, 1U << 16U, 4) {
    world.warm(now);
  }

  void write_bare(std::size_t at) {
    const Flow::Item& item = flow.at(at);
    bare.write(item.place, item.price, now);
  }

  void write(std::size_t at) {
    now += 100ns;
    const Flow::Item& item = flow.at(at);
    world.monitor().apply(world.stamped_tick(world.id(item.place), item.price, now), now);
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
  const MonoTime later = board.now + 100s;  // of no tick, and nothing is degraded yet
  Pairs pairs;
  for (auto _ : state) {
    const auto bare = writer_ns_beside([&](std::size_t at) { board.write_bare(at); },
                                       [&](std::size_t at) { board.read_bare(at); });
    const auto product = writer_ns_beside([&](std::size_t at) { board.write(at); },
                                          [&](std::size_t at) { board.read(at, later); });
    if (!bare || !product) return state.SkipWithError("no core was free for the reader");
    pairs.add(state, *bare, *product);
  }
  pairs.report(state);
}

/// Ten reads every millisecond are 10,000 a second and leave the second core to all sixteen.
void read_ten_and_rest(Board& board, std::size_t at, MonoTime when) {
  const Duration next = wall_now() / 1ms * 1ms + 1ms;
  for (std::size_t i = 0; i < 10; ++i) board.read(at * 10 + i, when);
  const Duration left = next - wall_now();
  if (left > Duration::zero()) std::this_thread::sleep_for(left);
}

void paced_readers(benchmark::State& state) {
  Board board;
  const Pinned pinned(writers_core);
  const MonoTime later = board.now + 100s;  // of no tick, and nothing is degraded yet
  const auto write = [&](std::size_t at) { board.write(at); };
  std::atomic<bool> reading{false};
  Readers readers(16, [&](std::size_t at) {
    reading.wait(false);
    read_ten_and_rest(board, at, later);
  });
  Duration spent{};
  Pairs pairs;
  for (auto _ : state) {
    Written alone;
    Written beside;
    for (std::size_t i = 0; i < windows; ++i) {
      reading = false;
      write_for(2 * window, write);  // the last of them goes to rest
      alone += write_for(10 * window, write);
      const Duration begin = wall_now();
      reading = true;
      reading.notify_all();
      beside += write_for(10 * window, write);
      spent += wall_now() - begin;
    }
    pairs.add(state, alone.each(), beside.each());
  }
  pairs.report(state);
  state.counters["reads_a_second_each"] =
      static_cast<double>(readers.done()) * 10 / 16 / to_seconds(spent);
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
