// ./x bench store [--seconds N] [--runs N] [--markdown|--json]

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/engine/control_journal.hpp"
#include "feedwatch/store/store.hpp"
#include "feedwatch/store/tests/pg_server.hpp"
#include "feedwatch/store/tests/support.hpp"
#include "tests/bench/store/bare.hpp"
#include "tests/bench/store/work.hpp"
#include "tests/bench/table.hpp"

namespace feedwatch::bench {
namespace {

constexpr int saturation_batches = 20'000;
constexpr int storm_batches = 10'000;
constexpr int offered_per_second = 1'000;
constexpr std::size_t in_flight = 4'000;
/// 60 % of the bare loop's rate, as a ratio of times.
constexpr double most_of_bare = 1.0 / 0.6;

using Batches = std::function<std::vector<JournalBatch>(int, int)>;

/// One database: a store on it, and where the bare loop finds it.
struct Place {
  std::string name;
  std::string url;
  std::function<double(const std::vector<JournalBatch>&, bool sync)> bare;
};

class Bench {
 public:
  explicit Bench(Place place) : place_(std::move(place)) {
    options_.url = place_.url;
    options_.state_dir = dir_.path() / "state";
    open();
  }

  /// Seconds until all are durable, offered as fast as they are taken.
  double product(std::vector<JournalBatch> batches) {
    std::size_t done = 0;
    const MonoTime began = clock_.now();
    for (std::size_t i = 0; i < batches.size(); ++i) {
      must(mailbox_.wait_until([&] { return i - done < in_flight; }));
      store_->commit(std::move(batches[i]), [&](std::expected<void, Error> result) {
        must(result.has_value());
        ++done;
      });
    }
    must(mailbox_.wait_until([&] { return done == batches.size(); }));
    return seconds(clock_.now() - began);
  }

  double bare(const std::vector<JournalBatch>& batches, bool sync) {
    store_.reset();  // the only writer
    const double took = place_.bare(batches, sync);
    open();
    return took;
  }

  /// The same through the control's queue: one storm, in order.
  double storm(std::vector<JournalBatch> batches) {
    std::size_t done = 0;
    const std::size_t all = batches.size();
    engine::JournalQueue queue(*store_, clock_, {.run = fmt::format("storm{}", ++storms_)});
    queue.set_callbacks([&](const JournalBatch&) { ++done; }, [&] { queue.on_time(clock_.now()); });
    const MonoTime began = clock_.now();
    for (JournalBatch& batch : batches) {
      queue.push(std::move(batch), engine::JournalQueue::Type::alert, began);
    }
    queue.on_time(began);
    must(mailbox_.wait_until([&] { return done == all; }));
    must(queue.dropped_rows() == 0);
    return seconds(clock_.now() - began);
  }

  struct Offered {
    std::size_t most_waiting = 0;
    std::size_t most_spooled = 0;
    double p99_ms = 0;
  };
  Offered offer(std::vector<JournalBatch> batches) {
    Offered seen;
    std::vector<double> took;
    const MonoTime began = clock_.now();
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const MonoTime due = began + std::chrono::nanoseconds(1'000'000'000LL / offered_per_second) *
                                       static_cast<std::int64_t>(i);
      must(mailbox_.wait_until([&] { return clock_.now() >= due; }));
      const MonoTime sent = clock_.now();
      store_->commit(std::move(batches[i]), [&, sent](std::expected<void, Error> result) {
        must(result.has_value());
        took.push_back(seconds(clock_.now() - sent) * 1e3);
      });
      const store::StoreHealth health = store_->health();
      seen.most_waiting = std::max(seen.most_waiting, health.pending);
      seen.most_spooled = std::max(seen.most_spooled, health.spool_bytes);
    }
    must(mailbox_.wait_until([&] { return took.size() == batches.size(); }));
    std::ranges::sort(took);
    seen.p99_ms = took[took.size() * 99 / 100];
    return seen;
  }

 private:
  static double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
  static void must(bool fine) {
    if (!fine) throw std::runtime_error("the store did not do what it was asked");
  }
  void open() {
    auto store = store::open_store(options_, clock_, mailbox_);
    if (!store) throw std::runtime_error(store.error().text());
    store_ = std::move(*store);
  }

  Place place_;
  store::TempDir dir_;
  store::RealClock clock_;
  store::TestMailbox mailbox_;
  store::StoreOptions options_;
  std::unique_ptr<store::Store> store_;
  int storms_ = 0;
};

Row value_row(const std::string& what, const char* unit, double value, Target target) {
  static std::vector<std::unique_ptr<std::string>> names;
  names.push_back(std::make_unique<std::string>(what));
  return {.figure = {.name = "",
                     .what = names.back()->c_str(),
                     .unit = unit,
                     .target = target,
                     .alternations = 1,
                     .run = nullptr},
          .bare = {},
          .product = value,
          .ratio = {},
          .error = {}};
}

Row saturation(Bench& bench, const std::string& what, const Batches& make, bool sync, int runs,
               int& run) {
  std::vector<double> bare;
  std::vector<double> product;
  std::vector<double> ratios;
  const double us = 1e6 / saturation_batches;
  for (int i = 0; i < runs; ++i) {
    product.push_back(bench.product(make(++run, saturation_batches)) * us);
    bare.push_back(bench.bare(make(++run, saturation_batches), sync) * us);
    ratios.push_back(product.back() / bare.back());
  }
  Row row = value_row(what, "us", median(product), at_most(most_of_bare));
  row.bare = median(bare);
  row.ratio = median(ratios);
  return row;
}

void measure(Place place, int seconds, int runs, std::vector<Row>& rows) {
  const std::string name = place.name;
  Bench bench(std::move(place));
  int run = 0;
  rows.push_back(saturation(bench, "a batch of an alert, " + name + ", at saturation",
                            alert_batches, true, runs, run));
  rows.push_back(saturation(bench, "a level transition, " + name + ", at saturation",
                            transition_batches, false, runs, run));
  std::vector<double> storms;
  for (int i = 0; i < runs; ++i) storms.push_back(bench.storm(alert_batches(++run, storm_batches)));
  rows.push_back(value_row("10,000 alerts through the control's queue, " + name, "s",
                           median(storms), at_most(2)));
  const Bench::Offered seen = bench.offer(transition_batches(++run, seconds * offered_per_second));
  const std::string offered = fmt::format("1,000 transitions/s for {} s, {}: ", seconds, name);
  rows.push_back(value_row(offered + "most in the spool", "bytes",
                           static_cast<double>(seen.most_spooled), at_most(0)));
  rows.push_back(value_row(offered + "most waiting", "", static_cast<double>(seen.most_waiting),
                           at_most(1000)));
  rows.push_back(value_row(offered + "p99 until durable", "ms", seen.p99_ms, at_most(1000)));
}

int number_after(int argc, char** argv, const char* flag, int fallback) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], flag) == 0) {
      std::from_chars(argv[i + 1], argv[i + 1] + std::strlen(argv[i + 1]), fallback);
    }
  }
  return fallback;
}

int main_of(int argc, char** argv) {
  const int seconds = number_after(argc, argv, "--seconds", 60);
  const int runs = number_after(argc, argv, "--runs", 5);
  const auto has = [&](const char* flag) {
    return std::any_of(argv + 1, argv + argc,
                       [&](const char* each) { return std::strcmp(each, flag) == 0; });
  };
  std::vector<Row> rows;
  const store::TempDir dir;
  const std::string file = (dir.path() / "feedwatch.db").string();
  measure(
      {.name = "SQLite",
       .url = "sqlite://" + file,
       .bare = [&](const auto& batches, bool sync) { return bare_sqlite(file, batches, sync); }},
      seconds, runs, rows);
  if (store::PgServer::installed()) {
    // As Debian delivers it: what is committed is on the disk.
    store::PgServer server({"fsync=on", "synchronous_commit=on", "full_page_writes=on"});
    const std::string url = server.url(server.create_database());
    measure({.name = "PostgreSQL",
             .url = url,
             .bare = [&](const auto& batches, bool) { return bare_postgres(url, batches); }},
            seconds, runs, rows);
  }
  const std::string table = has("--json")       ? as_json(rows)
                            : has("--markdown") ? as_markdown(rows)
                                                : as_text(rows);
  fmt::print("{}\n", table);
  return std::ranges::all_of(rows, [](const Row& row) { return row.met().value_or(true); }) ? 0 : 1;
}

}  // namespace
}  // namespace feedwatch::bench

int main(int argc, char** argv) {
  try {
    return feedwatch::bench::main_of(argc, argv);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "store_bench: {}\n", failure.what());
    return 1;
  }
}
