#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/bench/bare.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/ingest/bare_fields.hpp"

namespace feedwatch::bench::ingest {

/// Ages of send stamps, which are nanoseconds of a second in a price's fraction. The first of them
/// are passed over: a client that has just begun still has work on its core that is not the feed's.
class Latencies {
 public:
  explicit Latencies(std::size_t wanted) : wanted_(wanted), early_(early(wanted)) {
    all_.reserve(wanted);
  }

  static constexpr std::size_t early(std::size_t wanted) { return wanted / 4; }

  void take(const Decimal& price) {
    if (early_ > 0) {
      --early_;
      return;
    }
    constexpr std::int64_t second = 1'000'000'000;
    const auto sent = static_cast<std::int64_t>(price.mantissa() % second);
    const std::int64_t now = to_ns(wall_now()) % second;
    if (all_.size() < wanted_) all_.push_back((now - sent + second) % second);
  }
  bool complete() const { return wanted_ > 0 && all_.size() == wanted_; }
  /// One line: p50, p99, p99.9 in microseconds.
  void print() {
    std::ranges::sort(all_);
    const auto at = [&](double share) {
      const auto place = static_cast<std::size_t>(share * static_cast<double>(all_.size()));
      return static_cast<double>(all_[std::min(place, all_.size() - 1)]) / 1e3;
    };
    fmt::print("{:.2f} {:.2f} {:.2f}\n", at(0.5), at(0.99), at(0.999));
    std::fflush(stdout);
  }

 private:
  std::size_t wanted_;
  std::size_t early_;
  std::vector<std::int64_t> all_;
};

/// The unavoidable end of a message: symbol to place, price and stamps into a seqlock slot, and the
/// stamp that a lazy wheel is told.
class BareSink {
 public:
  BareSink() : table_(symbol_count), board_(2 * symbol_count), heard_(2 * symbol_count) {
    for (std::size_t i = 0; i < symbol_count; ++i) {
      table_.insert(symbol(i), static_cast<std::uint32_t>(i));
    }
  }

  void take(const BareFields& fields, MonoTime now, bool two_streams) {
    const std::uint32_t place = table_.find(fields.symbol);
    board_.write(place, fields.price, now);
    heard_[place] = now;
    last_ = fields;
    if (!two_streams) return;
    board_.write(symbol_count + place, fields.second, now);
    heard_[symbol_count + place] = now;
  }

 private:
  BareTable table_;
  BareBoard board_;
  std::vector<MonoTime> heard_;
  BareFields last_;  ///< nothing that was read is thrown away unread
};

}  // namespace feedwatch::bench::ingest
