#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "feedwatch/board/judge.hpp"
#include "feedwatch/guard/decisions.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch {

/// A price as a consumer may use it.
struct GuardedPrice {
  Price price;
  /// First price in `degraded` of this episode that this consumer got: to be noted once
  /// (degraded_price_warning, semantics §5).
  bool first_degraded = false;
};

/// The monitor's verdicts for one named consumer, counted. Never fails open: whatever is not a
/// price young enough is a refusal.
///
/// price() is safe from any thread, never waits and never allocates. Holds references to monitor
/// and decisions, which outlive it.
class Guard {
 public:
  Guard(const Monitor& monitor, Decisions& decisions, std::string_view consumer);

  std::expected<GuardedPrice, Refusal> price(StreamId stream, const ReadOptions& options,
                                             MonoTime now);
  std::expected<GuardedPrice, Refusal> price(const StreamKey& key, const ReadOptions& options,
                                             MonoTime now);

 private:
  bool note_degraded(StreamId stream, const Price& price, MonoTime now);

  const Monitor& monitor_;
  Decisions& decisions_;
  Decisions::Consumer consumer_;
  /// By stream index: when a degraded price was last noted, in nanoseconds.
  std::unique_ptr<std::atomic<std::int64_t>[]> noted_;
};

}  // namespace feedwatch
