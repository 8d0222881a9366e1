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

void ClockOffset::Bucket::add(std::int64_t sample) {
  if (seen++ % stride != 0) return;
  if (kept == bucket_samples) {
    for (std::uint32_t i = 0; i < bucket_samples / 2; ++i) samples[i] = samples[2U * i];
    kept = bucket_samples / 2;
    stride *= 2;
  }
  samples[kept++] = sample;
}

void ClockOffset::add(Duration raw_transit, MonoTime now) {
  // No offset in our range explains it: the venue's clock is broken, and will not stay so.
  if (raw_transit < -(range + tolerance)) return;
  const std::int64_t minute = now.time_since_epoch() / bucket_span;
  Bucket& bucket = buckets_[static_cast<std::size_t>(
      ((minute % std::int64_t{bucket_count}) + std::int64_t{bucket_count}) %
      std::int64_t{bucket_count})];
  if (bucket.minute != minute) bucket.restart(minute);
  bucket.add(to_ns(raw_transit));

  if (!updated_) updated_ = now;
  const Duration elapsed = minus(now, *updated_);
  if (elapsed < update_every) return;
  updated_ = now;
  if (const auto target = quantile(minute)) move_towards(*target, elapsed);
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

bool ClockOffset::ahead(Duration raw_transit) const {
  return minus(raw_transit, value_) < -tolerance;
}

Duration ClockOffset::transit(Duration raw_transit) const {
  return std::max(Duration::zero(), minus(raw_transit, value_));
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
