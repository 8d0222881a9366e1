#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// How far the stamps of one venue clock lie behind ours on a path without delay: the 5 % quantile
/// of raw transit (ts_recv − ts_event) over ten minutes (semantics §3). Falls at once, rises at
/// most 1 ms per second, so that a feed that slowly becomes late is not taken for a clock that is
/// wrong.
///
/// Fixed memory: ten one-minute buckets of at most 64 samples each; a full bucket keeps every
/// second sample and takes half as many from then on. One thread.
class ClockOffset {
 public:
  static constexpr std::size_t min_samples = 20;
  static constexpr Duration range = 5s;
  static constexpr std::int64_t rise_ns_per_ms = 1'000;  ///< 1 ms/s
  static constexpr Duration tolerance = 1s;              ///< of stamps in the future

  /// A raw transit measured at `now`. Not to be called for the first push of an epoch.
  void add(Duration raw_transit, MonoTime now) {
    // No offset in our range explains it: the venue's clock is broken, and will not stay so.
    if (raw_transit < -(range + tolerance)) return;
    if (now < minute_begins_ || now >= minute_ends_) turn_to(now);
    buckets_[current_].add(to_ns(raw_transit));
    if (now >= next_update_) update(now);
  }
  /// add() where it does no more than keep the sample; false, and nothing is learnt, where it
  /// would.
  [[gnu::always_inline]] bool add_quietly(Duration raw_transit, MonoTime now) {
    if (now < minute_begins_ || now >= std::min(minute_ends_, next_update_)) return false;
    buckets_[current_].add(to_ns(raw_transit));
    return true;
  }
  Duration value() const { return value_; }
  /// What an earlier run had learnt; samples of this run move it from there.
  void restore(Duration value) { value_ = std::clamp<Duration>(value, -range, range); }
  /// Whether the stamp behind a raw transit lies ahead of us by more than the tolerance.
  bool ahead(Duration raw_transit) const { return minus(raw_transit, value_) < -tolerance; }
  /// max(0, raw − offset).
  Duration transit(Duration raw_transit) const {
    return std::max(Duration::zero(), minus(raw_transit, value_));
  }

 private:
  static constexpr std::size_t bucket_count = 10;
  static constexpr std::size_t bucket_samples = 64;
  static constexpr Duration bucket_span = 60s;
  static constexpr Duration update_every = 1s;

  struct Bucket {
    std::int64_t minute = -1;
    std::uint32_t seen = 0;    ///< offered in this minute
    std::uint32_t stride = 1;  ///< every so many is kept; a power of two
    std::uint32_t kept = 0;
    std::array<std::int64_t, bucket_samples> samples{};

    void restart(std::int64_t new_minute);
    void thin();
    [[gnu::always_inline]] void add(std::int64_t sample) {
      if ((seen++ & (stride - 1U)) != 0) return;
      if (kept == bucket_samples) thin();
      samples[kept++] = sample;
    }
  };

  static std::int64_t minute_of(MonoTime now);
  void turn_to(MonoTime now);
  void update(MonoTime now);
  std::optional<Duration> quantile(std::int64_t minute);
  void move_towards(Duration target, Duration elapsed);

  std::array<Bucket, bucket_count> buckets_{};
  std::array<std::int64_t, bucket_count * bucket_samples> scratch_{};
  std::size_t current_ = 0;  ///< the bucket of the minute [begins, ends)
  MonoTime minute_begins_ = never_mono;
  MonoTime minute_ends_ = never_mono;
  std::optional<MonoTime> updated_;
  MonoTime next_update_ = MonoTime::min();
  Duration value_{};
};

/// The shift all clocks share: of at least two, each off by `least` or more to the same side and
/// none further than half a second from another. Then the wrong clock is ours (semantics §3).
std::optional<Duration> common_shift(std::span<const Duration> offsets, Duration least = 1s);

}  // namespace feedwatch
