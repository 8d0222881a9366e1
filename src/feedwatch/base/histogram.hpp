#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Upper bounds of what lasts from a tenth of a millisecond to a minute.
inline constexpr std::array<Duration, 18> latency_bounds{
    100us, 250us, 500us, 1ms, 2500us, 5ms,    10ms, 25ms, 50ms,
    100ms, 250ms, 500ms, 1s,  2500ms, 5000ms, 10s,  30s,  60s};

/// How often a duration lay in which of a few ranges, and the sum of all. One thread observes,
/// without a lock, an allocation or a locked instruction; any thread takes snapshots, which may
/// lack what is being observed, and whose count always is that of its ranges.
class Histogram {
 public:
  static constexpr std::size_t max_bounds = 20;

  /// Ascending upper bounds, at most max_bounds, that outlive the histogram; a value equal to one
  /// is below it.
  explicit Histogram(std::span<const Duration> bounds) : bounds_(bounds) {}

  void observe(Duration value) {
    const auto place = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    add(counts_[static_cast<std::size_t>(place)], std::uint64_t{1});
    add(sum_ns_, static_cast<std::int64_t>(value.count()));
  }

  struct Snapshot {
    /// Upper bound → how many were at most that.
    std::vector<std::pair<Duration, std::uint64_t>> buckets;
    std::uint64_t count = 0;
    Duration sum{};
  };
  Snapshot snapshot() const {
    Snapshot taken;
    taken.buckets.reserve(bounds_.size());
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      taken.count += counts_[i].load(std::memory_order_relaxed);
      taken.buckets.emplace_back(bounds_[i], taken.count);
    }
    taken.count += counts_[bounds_.size()].load(std::memory_order_relaxed);
    taken.sum = Duration{sum_ns_.load(std::memory_order_relaxed)};
    return taken;
  }

 private:
  /// Of one writer: cheaper than an atomic addition.
  template <class Number>
  static void add(std::atomic<Number>& to, Number more) {
    to.store(to.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }

  std::span<const Duration> bounds_;
  std::array<std::atomic<std::uint64_t>, max_bounds + 1> counts_{};
  std::atomic<std::int64_t> sum_ns_{0};
};

}  // namespace feedwatch
