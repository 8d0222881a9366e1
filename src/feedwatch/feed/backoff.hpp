#pragma once

#include <algorithm>

#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::feed {

/// Exponential backoff with full jitter (Brooker 2015, "Exponential backoff and jitter"): the n-th
/// delay is uniform in (0, min(first · 2^n, max)]. Never gives up. Reset only after stable data,
/// which its owner judges.
class Backoff {
 public:
  constexpr Backoff(Duration first, Duration max) : first_(first), max_(max) {}

  constexpr Duration next(Random& random) {
    const Duration ceiling = std::min(max_, first_ * (std::int64_t{1} << attempts_));
    if (ceiling < max_) ++attempts_;
    return random.between(Duration{1}, ceiling);
  }
  constexpr void reset() { attempts_ = 0; }
  constexpr int attempts() const { return attempts_; }

 private:
  Duration first_;
  Duration max_;
  int attempts_ = 0;
};

}  // namespace feedwatch::feed
