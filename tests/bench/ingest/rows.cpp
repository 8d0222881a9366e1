#include "tests/bench/ingest/rows.hpp"

#include <stdexcept>
#include <vector>

#include "tests/bench/ingest/turns.hpp"

namespace feedwatch::bench::ingest {
namespace {

constexpr int turns = 7;
constexpr int latency_turns = 9;

/// What is measured in one turn may fail; the row says so, the others go on.
template <class Measure>
void guarded(benchmark::State& state, Measure&& measure) {
  try {
    measure();
  } catch (const std::exception& failure) {
    state.SkipWithError(failure.what());
  }
}

enum class Told : unsigned char { ratio, gain };

template <Client other, Shape shape, bool tls, Told told>
void cpu(benchmark::State& state) {
  Pairs pairs;
  guarded(state, [&] {
    const Load load{.shape = shape, .tls = tls};
    for (auto _ : state) {
      const double bare = cpu_ns(other, load);
      pairs.add(state, bare, cpu_ns(Client::product, load));
    }
    told == Told::gain ? pairs.report_as_gain(state) : pairs.report(state);
  });
}

using enum Client;
using enum Shape;
using enum Told;

enum class Percentile : unsigned char { p50, p99, p999 };

double of(const Ages& ages, Percentile percentile) {
  if (percentile == Percentile::p50) return ages.p50;
  return percentile == Percentile::p99 ? ages.p99 : ages.p999;
}

/// The bare loop and the product, one after the other.
struct BothAges {
  Ages bare, own;
};

/// The rows of one rate look at the same runs; the first of them makes them.
template <bool busy, int per_second>
const BothAges& nth_run(std::size_t n) {
  static std::vector<BothAges> runs;
  while (runs.size() <= n) {
    const Ages bare = latencies(scan, busy, per_second);
    runs.push_back({bare, latencies(product, busy, per_second)});
  }
  return runs[n];
}

template <bool busy, int per_second, Percentile percentile>
void latency(benchmark::State& state) {
  Pairs pairs;
  guarded(state, [&] {
    std::size_t n = 0;
    for (auto _ : state) {
      const BothAges& run = nth_run<busy, per_second>(n++);
      pairs.add(state, of(run.bare, percentile), of(run.own, percentile));
    }
    pairs.report(state);
  });
}

template <double Memory::* when>
void megabytes(benchmark::State& state) {
  guarded(state, [&] {
    double seen = 0;
    for (auto _ : state) {
      seen = memory().*when;
      state.SetIterationTime(1);
    }
    report_value(state, seen);
  });
}

}  // namespace

std::vector<Figure> cpu_figures() {
  return {
      {"book_ticker", "bookTicker (bare: simdjson on demand)", "ns", at_most(1.3), turns,
       cpu<simdjson, book_ticker, false, ratio>},
      {"book_ticker_scan", "… bare: scan by hand", "ns", at_most(1.6), turns,
       cpu<scan, book_ticker, false, ratio>},
      {"mark_price", "markPrice, two prices (bare: simdjson on demand)", "ns", at_most(1.3), turns,
       cpu<simdjson, mark_price, false, ratio>},
      {"mark_price_scan", "… bare: scan by hand", "ns", at_most(1.6), turns,
       cpu<scan, mark_price, false, ratio>},
      {"bybit_ticker", "Bybit ticker delta (bare: simdjson on demand)", "ns", at_most(1.3), turns,
       cpu<simdjson, bybit_ticker, false, ratio>},
      {"bybit_ticker_scan", "… bare: scan by hand", "ns", at_most(1.6), turns,
       cpu<scan, bybit_ticker, false, ratio>},
      {"bybit_book", "Bybit orderbook.1 (bare: simdjson on demand)", "ns", at_most(1.3), turns,
       cpu<simdjson, bybit_book, false, ratio>},
      {"bybit_book_scan", "… bare: scan by hand", "ns", at_most(1.6), turns,
       cpu<scan, bybit_book, false, ratio>},
      {"agg_trade", "aggTrade (bare: simdjson on demand)", "ns", at_most(1.3), turns,
       cpu<simdjson, agg_trade, false, ratio>},
      {"agg_trade_scan", "… bare: scan by hand", "ns", at_most(1.6), turns,
       cpu<scan, agg_trade, false, ratio>},
      {"ticker_24h", "24hrTicker, ignored by its head (bare: simdjson, stored)", "ns", at_most(1.3),
       turns, cpu<simdjson, ticker_24h, false, ratio>},
      {"book_ticker_tls", "bookTicker, TLS, one record each (bare: simdjson)", "ns", at_most(1.3),
       turns, cpu<simdjson, book_ticker, true, ratio>},
      {"beast_book_ticker", "bookTicker (bare: Beast asynchronous + simdjson)", "ns", at_least(6),
       turns, cpu<beast, book_ticker, false, gain>},
      {"beast_agg_trade", "aggTrade (bare: the same)", "ns", at_least(6), turns,
       cpu<beast, agg_trade, false, gain>},
      {"beast_bybit_ticker", "Bybit ticker delta (bare: the same)", "ns", at_least(4), turns,
       cpu<beast, bybit_ticker, false, gain>},
      {"beast_ticker_24h", "24hrTicker, ignored by its head (bare: the same, stored)", "ns",
       at_least(4), turns, cpu<beast, ticker_24h, false, gain>},
      {"beast_tls", "bookTicker, TLS, one record each (bare: the same)", "ns", at_least(1.5), turns,
       cpu<beast, book_ticker, true, gain>},
  };
}

std::vector<Figure> peer_figures() {
  return {
      {"ccxt", "bookTicker (bare: ccxt watchBidsAsks)", "ns", at_least(45), turns,
       cpu<ccxt, book_ticker, false, gain>},
      {"ws", "bookTicker (bare: npm ws + JSON.parse)", "ns", at_least(13), turns,
       cpu<ws, book_ticker, false, gain>},
      {"python", "bookTicker (bare: Python websockets + json)", "ns", at_least(40), turns,
       cpu<python, book_ticker, false, gain>},
  };
}

std::vector<Figure> latency_figures() {
  using enum Percentile;
  return {
      {"latency_5k_p50", "send to callback, 5,000/s, p50 (bare: blocking loop)", "us", at_most(1.5),
       latency_turns, latency<false, 5'000, p50>},
      {"latency_50k_p50", "… 50,000/s, p50", "us", at_most(1.5), latency_turns,
       latency<false, 50'000, p50>},
      {"latency_50k_p99", "… 50,000/s, p99", "us", at_most(1.5), latency_turns,
       latency<false, 50'000, p99>},
      {"latency_50k_p999",
       "… 50,000/s, p99.9",
       "us",
       {},
       latency_turns,
       latency<false, 50'000, p999>},
      {"busy_5k_p50", "poll = busy: 5,000/s, p50 (bare: spinning loop)", "us", at_most(1.5),
       latency_turns, latency<true, 5'000, p50>},
      {"busy_50k_p50", "… 50,000/s, p50", "us", at_most(1.5), latency_turns,
       latency<true, 50'000, p50>},
      {"busy_50k_p99", "… 50,000/s, p99", "us", at_most(1.5), latency_turns,
       latency<true, 50'000, p99>},
      {"busy_50k_p999", "… 50,000/s, p99.9", "us", {}, latency_turns, latency<true, 50'000, p999>},
  };
}

std::vector<Figure> memory_figures() {
  return {
      {"memory", "anonymous memory, 2,001 streams, 8 lines, TLS", "MB", at_most(25), 1,
       megabytes<&Memory::steady>},
      {"memory_big_frame", "… after a frame of 5 MB", "MB", at_most(25), 1,
       megabytes<&Memory::after_big_frame>},
  };
}

}  // namespace feedwatch::bench::ingest
