#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch::engine {

/// What a shard measures of one venue for people to see: how far apart ticks of a stream come, how
/// late by the venue's stamp, and how often the detector was wrong.
///
/// Of the ticks a sample is looked at: one in sixteen, and of one stream at a time the tick that
/// follows. Which ones does not depend on what is measured, so the shares are those of all. Of
/// streams that do not tick again for a minute nothing is noted. The shard's thread writes, without
/// a lock or an allocation; any thread takes snapshots.
class VenueMeter {
 public:
  explicit VenueMeter(std::string venue) : venue_(std::move(venue)) {}

  [[gnu::always_inline]] void on_tick(const Tick& tick) {
    if (tick.stream == watched_ && watching_) {
      interarrival_.observe(std::max(tick.mono_recv - since_, Duration::zero()));
      watching_ = false;
    }
    if ((++ticks_ & (sampled_of - 1)) == 0) sample(tick);
  }
  /// A suspicion has ended, and the subscription that was suspected has itself delivered.
  void on_mistake(Duration lasted) {
    false_suspicions_.fetch_add(1, std::memory_order_relaxed);
    mistaken_ns_.fetch_add(lasted.count(), std::memory_order_relaxed);
  }

  const std::string& venue() const { return venue_; }
  Histogram::Snapshot interarrival() const { return interarrival_.snapshot(); }
  /// By both clocks as they are; a stamp ahead of ours counts as no lag.
  Histogram::Snapshot source_lag() const { return source_lag_.snapshot(); }
  std::uint64_t false_suspicions() const {
    return false_suspicions_.load(std::memory_order_relaxed);
  }
  Duration mistaken() const { return Duration{mistaken_ns_.load(std::memory_order_relaxed)}; }

 private:
  static constexpr std::uint32_t sampled_of = 16;
  static constexpr Duration patience = 60s;

  [[gnu::noinline]] void sample(const Tick& tick) {
    if (tick.ts_event) {
      source_lag_.observe(std::max(tick.ts_recv - *tick.ts_event, Duration::zero()));
    }
    if (watching_ && tick.mono_recv - since_ < patience) return;
    watched_ = tick.stream;
    since_ = tick.mono_recv;
    watching_ = true;
  }

  std::string venue_;
  Histogram interarrival_{latency_bounds};
  Histogram source_lag_{latency_bounds};
  std::atomic<std::uint64_t> false_suspicions_{0};
  std::atomic<std::int64_t> mistaken_ns_{0};
  StreamId watched_;
  MonoTime since_{};
  std::uint32_t ticks_ = 0;
  bool watching_ = false;
};

}  // namespace feedwatch::engine
