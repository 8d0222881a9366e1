// Bytes a stream and bytes a subscription, each measured in a process of its own: a heap that other
// figures have used would hide what it reuses.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "tests/bench/allocations.hpp"
#include "tests/bench/command.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 1'000'000;

struct Use {
  std::int64_t heap = 0;
  std::int64_t resident = 0;
};

Use use() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  statm >> pages >> pages;
  return {heap_bytes(), pages * sysconf(_SC_PAGESIZE)};
}

/// What was asked for or what became resident, whichever is more: pages mapped beside the heap are
/// in the second, pages not yet touched in the first.
double growth_each(const Use& before, const Use& after) {
  const std::int64_t grown = std::max(after.heap - before.heap, after.resident - before.resident);
  return static_cast<double>(grown) / static_cast<double>(streams);
}

/// A monitor alone, without the tables a World keeps beside it.
struct Lone {
  explicit Lone(MonoTime now) : monitor(MonitorOptions{.capacity = streams}) {
    for (std::size_t place = 0; place < streams; ++place) {
      StreamOptions options;
      options.key = StreamKey{"binance-usdm", symbol_of(place), Kind::last};
      options.event_time = EventTime::publish;
      const auto id = monitor.add_stream(options, now);
      if (!id) std::abort();
      tick(*id, now);
    }
  }

  void tick(StreamId stream, MonoTime now) {
    Tick tick;
    tick.stream = stream;
    tick.prices.price = Decimal{6'500'010, 2};
    tick.fields.price = true;
    tick.mono_recv = now;
    tick.ts_event = WallTime{};
    monitor.apply(tick, now);
  }

  StreamId id(std::size_t place) const {
    return *monitor.find(StreamKey{"binance-usdm", symbol_of(place), Kind::last});
  }

  Monitor monitor;
};

double bytes_a_stream() {
  const Use before = use();
  const Lone lone(MonoTime{1000s});
  return growth_each(before, use());
}

/// `ticks` prices of each stream, a millisecond apart.
double bytes_a_subscription(const ConsumerOptions& options, int ticks) {
  const MonoTime now{1000s};
  Lone lone(now);
  std::uint64_t delivered = 0;
  const Use before = use();
  for (std::size_t place = 0; place < streams; ++place) {
    Callbacks callbacks;
    callbacks.on_price = [&delivered](const Delivery&) { ++delivered; };
    lone.monitor.subscribe(lone.id(place), options, std::move(callbacks));
  }
  for (int i = 1; i <= ticks; ++i) {
    for (std::size_t place = 0; place < streams; ++place) lone.tick(lone.id(place), now + i * 1ms);
  }
  return growth_each(before, use());
}

void by_child(benchmark::State& state, const std::string& what) {
  const std::string self = "/proc/" + std::to_string(getpid()) + "/exe";
  std::optional<double> bytes;
  for (auto _ : state) {
    bytes = number_said_by(self + " --memory=" + what);
    state.SetIterationTime(1);
  }
  if (bytes) {
    report_value(state, *bytes);
  } else {
    state.SkipWithError("the measuring process failed");
  }
}

void stream_bytes(benchmark::State& state) {
  by_child(state, "stream");
}

void subscription_bytes(benchmark::State& state) {
  by_child(state, "subscription");
}

void pending_bytes(benchmark::State& state) {
  by_child(state, "pending");
}

double bytes_of(const std::string& what) {
  if (what == "stream") return bytes_a_stream();
  if (what == "subscription") return bytes_a_subscription({.name = "trailing_stop"}, 1);
  // The first price is called with, the second waits for the end of the window.
  return bytes_a_subscription({.name = "trailing_stop", .delivery = DeliveryMode::in_line}, 2);
}

}  // namespace

int measure_memory(const std::string& what) {
  if (what != "stream" && what != "subscription" && what != "pending") return 2;
  std::printf("%.1f\n", bytes_of(what));
  return 0;
}

std::vector<Figure> memory_figures() {
  return {
      {"bytes_stream", "memory a stream, 1,000,000 of them", "B", at_most(320), 1, stream_bytes},
      {"bytes_subscription", "memory a subscription, 1,000,000 of them", "B", at_most(96), 1,
       subscription_bytes},
      {"bytes_pending", "… while a price waits for its window's end", "B", {}, 1, pending_bytes},
  };
}

}  // namespace feedwatch::bench
