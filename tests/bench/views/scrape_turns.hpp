#pragma once

#include <cstdint>

/// What the feed's thread pays for being scraped: the product in a process of its own, fed
/// steadily, in one turn with scrapes of its metrics and in one without.
namespace feedwatch::bench {

enum class Placing : std::uint8_t {
  feed_alone,  ///< the feed's thread has the second core, everybody else the first
  free,        ///< the product's threads are where the scheduler puts them
};

struct ScrapeLoad {
  Placing placing = Placing::feed_alone;
  int scrapes_a_second = 10;
};

constexpr int fed_a_second = 5'000;
constexpr int fed_streams = 1'000;

/// What is measured with or without scrapes.
struct FedTurn {
  double p50 = 0, p99 = 0;  ///< send to subscriber's call, microseconds
  double allocations = 0;   ///< of the feed's thread, in two seconds
  double locks = 0;         ///< the same
};
struct FedPair {
  FedTurn bare, scraped;
  double scrapes = 0;    ///< while it was counted
  double scrape_ms = 0;  ///< request to last byte, median
};
/// A new product each. Latencies are taken in slices of 400 ms with and without scrapes in turns,
/// counts in 2 s of each; who comes first alternates with `n`. In the time without scrapes the
/// scraper asks somebody else who answers with as many bytes. Throws std::runtime_error.
FedPair fed_pair(const ScrapeLoad& load, std::size_t n);

}  // namespace feedwatch::bench
