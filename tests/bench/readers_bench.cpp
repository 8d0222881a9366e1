// What readers cost the writer. Two cores: the writer is pinned to the first, the readers to the
// second. On a shared machine a reader may lose its core; so the writer is measured in windows
// shorter than a time slice, and those in which the reader did not run are left out.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
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
constexpr std::size_t flow_length = 1U << 16U;
constexpr Duration between_ticks = 100ns;

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
  // On lines of their own: beside what the writer keeps on its stack they would slow it down.
  alignas(128) std::atomic<bool> stop_{false};
  std::atomic<std::size_t> running_{0};
  std::atomic<std::uint64_t> done_{0};
  alignas(128) std::vector<std::jthread> threads_;  ///< last: joined before the rest goes
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
  static std::size_t reached = 0;
  Written written;
  const Duration end = wall_now() + length;
  const Duration before = cpu_now();
  do {
    for (std::size_t i = 0; i < between_looks; ++i) write(reached + i);
    reached += between_looks;
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

/// Cells as the board has them, with its names before them, so that the board's own view reads
/// them: what a reader costs two writers is compared only if it is the same reader.
class BareCells {
 public:
  explicit BareCells(std::span<std::byte> board) {
    const std::size_t offset = reinterpret_cast<board::Header*>(board.data())->cells_offset;
    cells_ = reinterpret_cast<board::Cell*>(board.data() + offset);
  }
  void write(std::size_t place, const Decimal& price, MonoTime now) {
    board::Cell& cell = cells_[place];
    bare_write(cell.sequence, cell.words, price, now);
  }

 private:
  board::Cell* cells_;
};

/// A board of its own and how others see it.
struct Viewed {
  Viewed() : memory(board::heap_memory(PriceBoard::bytes_for(streams))), bytes(memory->bytes()) {}
  board::View view() const { return board::View(bytes); }

  std::unique_ptr<board::Memory> memory;  ///< until a board takes it
  std::span<std::byte> bytes;
};

struct Boards {
  Boards()
      : world({.streams = streams}, {.memory = std::move(of_world.memory)}),
        product(std::move(of_product.memory), streams, {}),
        other(std::move(of_bare.memory), streams, {}),
        bare(of_bare.bytes),
        flow(streams, flow_length, 4) {
    world.warm(start);
    for (std::size_t place = 0; place < streams; ++place) {
      const Slot slot = world.monitor().unchecked_slot(world.id(place));
      const StreamKey key{"binance-usdm", symbol_of(place), Kind::last};
      for (PriceBoard* board : {&product, &other}) {
        const StreamId id = board->claim(key).value();
        if (id != world.id(place)) std::abort();
        board->write(id, slot);
      }
    }
  }

  /// Of the tick `at`. Kept nowhere: a store between two cells would be one more that waits for
  /// them.
  MonoTime moment(std::size_t at) const {
    return start + static_cast<std::int64_t>(at) * between_ticks;
  }

  void write_bare(std::size_t at) {
    const Flow::Item& item = flow.at(at);
    bare.write(item.place, item.price, moment(at));
  }

  /// The words that a common tick changes, as the monitor writes them.
  void write_words(std::size_t at) {
    namespace word = board::word;
    const Flow::Item& item = flow.at(at);
    const auto stamp = static_cast<std::uint64_t>(to_ns(moment(at)));
    const auto price = std::bit_cast<std::array<std::uint64_t, 2>>(item.price);
    const std::uint64_t ticks = product.words(item.place)[word::ticks] + 1;
    PriceBoard::Rewrite slot(product, item.place);
    slot.put(word::price, price[0]);
    slot.put(word::price + 1, price[1]);
    for (const std::size_t moment : {word::carried, word::confirmed, word::changed, word::ts_recv,
                                     word::ts_event, word::transit, word::confirmed_transit}) {
      slot.put(moment, stamp);
    }
    slot.put(word::seq, at);
    slot.put(word::ticks, ticks);
  }

  /// All words, as any other tick has it.
  void write_slot(std::size_t at) {
    const Flow::Item& item = flow.at(at);
    next.prices.price = item.price;
    next.carried = next.confirmed = next.changed = moment(at);
    next.ticks = at;
    product.write(world.id(item.place), next);
  }

  void tick(std::size_t at) {
    const Flow::Item& item = flow.at(at);
    const MonoTime now = moment(at);
    world.monitor().apply(world.stamped_tick(world.id(item.place), item.price, now), now);
  }

  void price(std::size_t at, MonoTime when) {
    auto answer = world.monitor().price(world.id(flow.at(at * 7).place), generous, when);
    benchmark::DoNotOptimize(answer);
  }

  std::vector<StreamId> to_read() const {
    std::vector<StreamId> ids;
    for (std::size_t i = 0; i < flow_length; ++i) ids.push_back(world.id(flow.at(i * 7).place));
    return ids;
  }

  MonoTime start{1001s};
  Viewed of_world, of_product, of_bare;
  World world;
  PriceBoard product;
  PriceBoard other;  ///< gives the bare cells their names
  BareCells bare;
  Flow flow;
  Slot next;  ///< what the board's writer is given: its price and stamps change
};

/// Reads the slots of a board in random order. All it looks at besides is its own: on a cache line
/// with what the writer changes, it would cost more than the slots.
class SlotReader {
 public:
  SlotReader(const board::View& view, const Boards& boards) : view_(view), ids_(boards.to_read()) {}
  void operator()(std::size_t at) const {
    SlotRoom room;
    bool whole = view_.read(ids_[at % flow_length], room.slot);
    benchmark::DoNotOptimize(whole);
    benchmark::DoNotOptimize(room);
  }

 private:
  board::View view_;
  std::vector<StreamId> ids_;
};

/// A writer beside a reader that never rests, against the bare writer beside its like.
template <class Write>
void beside_saturating_reader(benchmark::State& state, Boards& boards, const Viewed& written,
                              Write&& write) {
  const Pinned pinned(writers_core);
  Pairs pairs;
  for (auto _ : state) {
    const auto beside = [&](const Viewed& read, auto&& writer) {
      return writer_ns_beside(writer, SlotReader(read.view(), boards));
    };
    const auto bare = beside(boards.of_bare, [&](std::size_t at) { boards.write_bare(at); });
    const auto product = beside(written, write);
    if (!bare || !product) return state.SkipWithError("no core was free for the reader");
    pairs.add(state, *bare, *product);
  }
  pairs.report(state);
}

void words_beside_saturating_reader(benchmark::State& state) {
  Boards boards;
  beside_saturating_reader(state, boards, boards.of_product,
                           [&](std::size_t at) { boards.write_words(at); });
}

void slot_beside_saturating_reader(benchmark::State& state) {
  Boards boards;
  beside_saturating_reader(state, boards, boards.of_product,
                           [&](std::size_t at) { boards.write_slot(at); });
}

void tick_beside_saturating_reader(benchmark::State& state) {
  Boards boards;
  beside_saturating_reader(state, boards, boards.of_world,
                           [&](std::size_t at) { boards.tick(at); });
}

/// Ten reads every millisecond are 10,000 a second and leave the second core to all sixteen.
void read_ten_and_rest(Boards& boards, std::size_t at, MonoTime when) {
  const Duration next = wall_now() / 1ms * 1ms + 1ms;
  for (std::size_t i = 0; i < 10; ++i) boards.price(at * 10 + i, when);
  const Duration left = next - wall_now();
  if (left > Duration::zero()) std::this_thread::sleep_for(left);
}

void paced_readers(benchmark::State& state) {
  Boards boards;
  const Pinned pinned(writers_core);
  const MonoTime later = boards.start + 100s;  // of no tick, and nothing is degraded yet
  const auto write = [&](std::size_t at) { boards.tick(at); };
  std::atomic<bool> reading{false};
  Readers readers(16, [&](std::size_t at) {
    reading.wait(false);
    read_ten_and_rest(boards, at, later);
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
      {"reader_saturating",
       "board write beside a saturating reader (bare: seqlock beside the same)", "ns", at_most(1.2),
       11, words_beside_saturating_reader},
      {"reader_saturating_slot",
       "… of all words of a slot",
       "ns",
       {},
       11,
       slot_beside_saturating_reader},
      {"reader_saturating_tick",
       "… the whole tick (bare: a seqlock beside the same)",
       "ns",
       {},
       11,
       tick_beside_saturating_reader},
      {"readers_paced", "tick beside 16 readers of 10,000 reads/s (bare: without them)", "ns",
       at_most(1.1), 11, paced_readers},
  };
}

}  // namespace feedwatch::bench
