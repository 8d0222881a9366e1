#include "tests/bench/views/scrape_turns.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/clocks.hpp"
#include "tests/bench/ingest/child.hpp"
#include "tests/bench/ingest/server.hpp"
#include "tests/bench/ingest/shapes.hpp"
#include "tests/bench/pairs.hpp"
#include "tests/bench/views/feed_record.hpp"
#include "tests/bench/views/scraper.hpp"

namespace feedwatch::bench {
namespace {

constexpr int common_core = 0;
constexpr int feed_core = 1;
constexpr Duration slice_time = 400ms;
constexpr int slices_each = 5;
constexpr Duration count_time = 2s;
constexpr Duration warm_up = 500ms;
constexpr Duration patience = 30s;
constexpr Duration steady_gap{std::chrono::nanoseconds(1'000'000'000 / fed_a_second)};
constexpr Duration woken_late = 60us;

/// Not before `moment`; sleeps as long as it can, for whoever else is on this core.
void wait_until(Duration moment) {
  const Duration rest = moment - wall_now() - woken_late;
  if (rest > Duration::zero()) std::this_thread::sleep_for(rest);
  while (wall_now() < moment) {
  }
}

/// One product, whom it watches, and who asks it for its metrics.
class FedProduct {
 public:
  explicit FedProduct(Placing placing)
      : record_(folder_.path() + "/record"),
        server_(ingest::facts(ingest::Shape::book_ticker).venue, {}, {}),
        child_(command(placing), common_core),
        block_({.stamped = true, .frames = fed_streams, .symbols = fed_streams}) {
    ingest::stay_on_core(common_core);
    prctl(PR_SET_TIMERSLACK, 1UL);
    server_.await(1, fed_streams);
    const Duration limit = wall_now() + patience;
    while (record_->api_port == 0) {
      server_.pump(10);
      if (wall_now() > limit) throw std::runtime_error("the product does not start");
    }
    find_lines();
    // First as fast as it goes: reads of all lengths have been there, and no list grows any more.
    feed(warm_up, Duration::zero());
    feed(warm_up, steady_gap);
    stand_in_.emplace(MetricsClient(port()).scrape());
  }

  FedPair pair(Duration every, bool scraped_first) {
    FedPair pair;
    Scraper scraper({.product = port(), .stand_in = stand_in_->port()}, every);
    take_ages(scraper, scraped_first, pair);
    const std::uint64_t before = scraper.scrapes();
    for (const bool scraped : {scraped_first, !scraped_first}) {
      count(scraper, scraped, scraped ? pair.scraped : pair.bare);
    }
    const std::vector<double> scrapes = scraper.finish();
    pair.scrapes = static_cast<double>(scrapes.size() - before);
    pair.scrape_ms = median(scrapes);
    return pair;
  }

 private:
  std::uint16_t port() const { return static_cast<std::uint16_t>(record_->api_port.load()); }

  std::vector<std::string> command(Placing placing) const {
    return {"/proc/self/exe", "--scraped-product", std::to_string(server_.port()), folder_.path(),
            std::to_string(placing == Placing::feed_alone ? feed_core : -1)};
  }

  void find_lines() {
    for (std::size_t i = 0; i < block_.count(); ++i) {
      const std::string symbol = ingest::symbol(block_.place(i));
      const auto open = server_.open_peers();
      const auto line =
          std::ranges::find_if(open, [&](const ingest::Peer* peer) { return peer->wants(symbol); });
      if (line == open.end()) throw std::runtime_error(symbol + " is on no line");
      lines_.push_back(*line);
    }
  }

  /// Sends so long, one message after each gap, and waits until all of it was heard. What goes late
  /// is not made up for: a burst would be another load.
  void feed(Duration time, Duration gap) {
    const std::uint64_t heard = record_->heard;
    std::uint64_t sent = 0;
    const Duration end = wall_now() + time;
    for (Duration next = wall_now(); next < end; next = std::max(next + gap, wall_now())) {
      const std::size_t i = sent++ % block_.count();
      if (i == 0) block_.renew(WallTime{read(CLOCK_REALTIME)});
      wait_until(next);
      lines_[i]->send(block_.stamped(i, to_ns(wall_now()) % 1'000'000'000));
      if (i % 64 == 0) server_.pump(0);
    }
    await_heard(heard + sent);
  }

  void await_heard(std::uint64_t wanted) {
    const Duration limit = wall_now() + patience;
    while (record_->heard < wanted) {
      server_.pump(1);
      if (wall_now() > limit) throw std::runtime_error("not all that was sent was heard");
    }
  }

  using Ages = std::vector<std::uint32_t>;

  void take_ages(Scraper& scraper, bool scraped_first, FedPair& pair) {
    Ages bare;
    Ages scraped;
    for (int i = 0; i < 2 * slices_each; ++i) {
      const bool scrapes = (i % 2 == 0) == scraped_first;
      scraper.ask_product(scrapes);
      const std::uint64_t first = record_->heard;
      feed(slice_time, steady_gap);
      append_since(first, scrapes ? scraped : bare);
    }
    set_ages(bare, pair.bare);
    set_ages(scraped, pair.scraped);
  }

  void append_since(std::uint64_t first, Ages& ages) const {
    for (std::uint64_t n = first; n < record_->heard; ++n) {
      ages.push_back(record_->ages[n % FeedRecord::room]);
    }
  }

  static void set_ages(Ages& ages, FedTurn& turn) {
    std::ranges::sort(ages);
    const auto us = [&](double share) {
      const auto at = static_cast<std::size_t>(share * static_cast<double>(ages.size()));
      return static_cast<double>(ages[std::min(at, ages.size() - 1)]) / 1e3;
    };
    turn.p50 = us(0.5);
    turn.p99 = us(0.99);
  }

  void count(Scraper& scraper, bool scraped, FedTurn& turn) {
    scraper.ask_product(scraped);
    feed(10 * steady_gap, steady_gap);
    const std::uint64_t allocations = record_->allocations;
    const std::uint64_t locks = record_->locks;
    feed(count_time, steady_gap);
    turn.allocations = static_cast<double>(record_->allocations - allocations);
    turn.locks = static_cast<double>(record_->locks - locks);
  }

  ingest::Folder folder_;
  SharedFeedRecord record_;
  ingest::Server server_;
  ingest::Child child_;
  ingest::FrameBlock block_;
  std::vector<ingest::Peer*> lines_;  ///< of each frame of the block
  std::optional<StandIn> stand_in_;
};

}  // namespace

FedPair fed_pair(const ScrapeLoad& load, std::size_t n) {
  const Duration every{std::chrono::nanoseconds(1'000'000'000 / load.scrapes_a_second)};
  return FedProduct(load.placing).pair(every, n % 2 == 1);
}

}  // namespace feedwatch::bench
