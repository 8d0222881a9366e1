#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::app {

/// How late the timer of one loop comes, told by that loop at each of its beats. The loop's thread
/// writes, without a lock; any thread reads.
class LoopMeter {
 public:
  static constexpr Duration every = 500ms;

  /// Answers when the next beat is due.
  MonoTime beat(MonoTime now) {
    if (due_) {
      const Duration lag = std::max(now - *due_, Duration::zero());
      lags_.observe(lag);
      if (now - window_began_ > window) {
        before_ns_.store(worst_ns_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        worst_ns_.store(0, std::memory_order_relaxed);
        window_began_ = now;
      }
      if (lag.count() > worst_ns_.load(std::memory_order_relaxed)) {
        worst_ns_.store(lag.count(), std::memory_order_relaxed);
      }
    }
    beat_ns_.store(to_ns(now), std::memory_order_relaxed);
    due_ = now + every;
    return *due_;
  }

  MonoTime beat_at() const { return mono_from_ns(beat_ns_.load(std::memory_order_relaxed)); }
  /// The worst of the last half to whole minute.
  Duration lag() const {
    return Duration{std::max(worst_ns_.load(std::memory_order_relaxed),
                             before_ns_.load(std::memory_order_relaxed))};
  }
  Histogram::Snapshot lags() const { return lags_.snapshot(); }

 private:
  static constexpr Duration window = 30s;

  Histogram lags_{latency_bounds};
  std::atomic<std::int64_t> beat_ns_{0}, worst_ns_{0}, before_ns_{0};
  std::optional<MonoTime> due_;
  MonoTime window_began_{};
};

}  // namespace feedwatch::app
