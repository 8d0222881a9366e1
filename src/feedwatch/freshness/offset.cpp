#include "feedwatch/freshness/offset.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {

void ClockOffset::Bucket::restart(std::int64_t new_minute) {
  minute = new_minute;
  seen = 0;
  stride = 1;
  kept = 0;
}

/// Every second sample stays, and from now on half as many are taken.
void ClockOffset::Bucket::thin() {
  for (std::uint32_t i = 0; i < bucket_samples / 2; ++i) samples[i] = samples[2U * i];
  kept = bucket_samples / 2;
  stride *= 2;
}

void ClockOffset::turn_to(MonoTime now) {
  const std::int64_t minute = minute_of(now);
  constexpr std::int64_t count{bucket_count};
  current_ = static_cast<std::size_t>(((minute % count) + count) % count);
  if (buckets_[current_].minute != minute) buckets_[current_].restart(minute);
  minute_begins_ = MonoTime{bucket_span * minute};
  minute_ends_ = plus(minute_begins_, bucket_span);
}

void ClockOffset::update(MonoTime now) {
  const Duration elapsed = updated_ ? minus(now, *updated_) : Duration::zero();
  updated_ = now;
  next_update_ = plus(now, update_every);
  if (const auto target = quantile(minute_of(now))) move_towards(*target, elapsed);
}

std::int64_t ClockOffset::minute_of(MonoTime now) {
  return now.time_since_epoch() / bucket_span;
}

std::optional<Duration> ClockOffset::quantile(std::int64_t minute) {
  std::size_t count = 0;
  for (const Bucket& bucket : buckets_) {
    const bool recent =
        bucket.minute <= minute && minute - bucket.minute < std::int64_t{bucket_count};
    if (bucket.minute < 0 || !recent) continue;
    std::copy_n(bucket.samples.begin(), bucket.kept, scratch_.begin() + static_cast<long>(count));
    count += bucket.kept;
  }
  if (count < min_samples) return std::nullopt;
  const auto nth = scratch_.begin() + static_cast<long>(count / 20);
  std::nth_element(scratch_.begin(), nth, scratch_.begin() + static_cast<long>(count));
  return std::clamp<Duration>(Duration{*nth}, -range, range);
}

void ClockOffset::move_towards(Duration target, Duration elapsed) {
  const Duration rise{to_ns(elapsed) / 1'000'000 * rise_ns_per_ms};
  value_ = target < value_ ? target : std::min(target, value_ + rise);
}

std::optional<Duration> common_shift(std::span<const Duration> offsets, Duration least) {
  constexpr Duration alike = 500ms;
  if (offsets.size() < 2) return std::nullopt;
  const auto [low, high] = std::ranges::minmax(offsets);
  const bool same_side = low >= least || high <= -least;
  if (!same_side || high - low > alike) return std::nullopt;
  return low + (high - low) / 2;
}

}  // namespace feedwatch
