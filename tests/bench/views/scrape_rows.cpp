#include <algorithm>
#include <exception>
#include <vector>

#include "tests/bench/views/rows.hpp"
#include "tests/bench/views/scrape_turns.hpp"

namespace feedwatch::bench {
namespace {

constexpr int pairs_of_turns = 9;
/// One in ten scrapes would be more than what falls into the wrong turn.
constexpr Target none_for_each = at_most(0.1);

/// The rows of one load look at the same turns; the first of them makes them.
template <Placing placing, int scrapes>
const FedPair& nth_pair(std::size_t n) {
  static std::vector<FedPair> pairs;
  while (pairs.size() <= n) {
    pairs.push_back(fed_pair({.placing = placing, .scrapes_a_second = scrapes}, pairs.size()));
  }
  return pairs[n];
}

/// What is measured may fail; the row says so, the others go on.
template <Placing placing, int scrapes, class Take>
void for_each_pair(benchmark::State& state, Take take) {
  try {
    std::size_t n = 0;
    for (auto _ : state) take(nth_pair<placing, scrapes>(n++));
  } catch (const std::exception& failure) {
    state.SkipWithError(failure.what());
  }
}

template <Placing placing, int scrapes, double FedTurn::* what>
void ratio(benchmark::State& state) {
  Pairs pairs;
  for_each_pair<placing, scrapes>(
      state, [&](const FedPair& pair) { pairs.add(state, pair.bare.*what, pair.scraped.*what); });
  pairs.report(state);
}

/// What the turns with scrapes have more, for each scrape. What the thread does of its own accord,
/// twice a second, falls into the one turn or into the other.
template <Placing placing, int scrapes, double FedTurn::* what>
void for_a_scrape(benchmark::State& state) {
  double more = 0;
  double made = 0;
  for_each_pair<placing, scrapes>(state, [&](const FedPair& pair) {
    more += pair.scraped.*what - pair.bare.*what;
    made += pair.scrapes;
    state.SetIterationTime(1);
  });
  report_value(state, std::max(0.0, more / made));
}

template <Placing placing, int scrapes>
void scrape_ms(benchmark::State& state) {
  std::vector<double> all;
  for_each_pair<placing, scrapes>(state, [&](const FedPair& pair) {
    all.push_back(pair.scrape_ms);
    state.SetIterationTime(1);
  });
  report_value(state, median(all));
}

}  // namespace

std::vector<Figure> scrape_figures() {
  using enum Placing;
  constexpr int often = 10;
  constexpr int incessant = 100;
  return {
      {"fed_p50", "send to callback beside 10 scrapes/s, p50 (bare: without scrapes)", "us",
       at_most(1.1), pairs_of_turns, ratio<feed_alone, often, &FedTurn::p50>},
      {"fed_p99", "… p99", "us", {}, pairs_of_turns, ratio<feed_alone, often, &FedTurn::p99>},
      {"fed_allocations",
       "… allocations of the feed's thread in 2 s",
       "",
       {},
       pairs_of_turns,
       ratio<feed_alone, often, &FedTurn::allocations>},
      {"fed_allocations_each", "… … more of them, for a scrape", "", none_for_each, pairs_of_turns,
       for_a_scrape<feed_alone, often, &FedTurn::allocations>},
      {"fed_locks",
       "… locks of the feed's thread in 2 s",
       "",
       {},
       pairs_of_turns,
       ratio<feed_alone, often, &FedTurn::locks>},
      {"fed_locks_each", "… … more of them, for a scrape", "", none_for_each, pairs_of_turns,
       for_a_scrape<feed_alone, often, &FedTurn::locks>},
      {"fed_scrape",
       "… a scrape over HTTP meanwhile",
       "ms",
       {},
       pairs_of_turns,
       scrape_ms<feed_alone, often>},
      {"fed_free_p50", "threads where the scheduler puts them: 10 scrapes/s, p50", "us",
       at_most(1.1), pairs_of_turns, ratio<free, often, &FedTurn::p50>},
      {"fed_free_p99", "… p99", "us", {}, pairs_of_turns, ratio<free, often, &FedTurn::p99>},
      {"fed_incessantly_p50",
       "100 scrapes/s, p50",
       "us",
       {},
       pairs_of_turns,
       ratio<feed_alone, incessant, &FedTurn::p50>},
      {"fed_incessantly_p99",
       "… p99",
       "us",
       {},
       pairs_of_turns,
       ratio<feed_alone, incessant, &FedTurn::p99>},
  };
}

}  // namespace feedwatch::bench
