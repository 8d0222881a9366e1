#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "feedwatch/base/time.hpp"

namespace feedwatch::engine {

/// Frames a second of one line over the last 10 s, from a counter that is told now and then.
class RateMeter {
 public:
  static constexpr Duration window = 10s;

  void add(MonoTime at, std::uint64_t frames) {
    if (count_ > 0 && frames < newest().frames) count_ = 0;  // another line under the same id
    // Readings closer than this would push the window's beginning out of the ring.
    if (count_ > 1 && at - before_newest().at < spacing) {
      ring_[(begin_ + count_ - 1) % ring_.size()] = {at, frames};
      return;
    }
    if (count_ == ring_.size()) {
      begin_ = (begin_ + 1) % ring_.size();
      --count_;
    }
    ring_[(begin_ + count_) % ring_.size()] = {at, frames};
    ++count_;
  }

  double per_second(MonoTime now) const {
    if (count_ < 2) return 0;
    // The newest reading at or before the window's beginning; the oldest there is, if all are
    // later.
    Reading base = ring_[begin_];
    for (std::size_t i = 0; i < count_; ++i) {
      const Reading& reading = ring_[(begin_ + i) % ring_.size()];
      if (reading.at <= now - window) base = reading;
    }
    const Duration span = now - base.at;
    if (span <= Duration::zero()) return 0;
    return static_cast<double>(newest().frames - base.frames) / to_seconds(span);
  }

 private:
  struct Reading {
    MonoTime at{};
    std::uint64_t frames = 0;
  };
  static constexpr Duration spacing = 500ms;

  const Reading& newest() const { return ring_[(begin_ + count_ - 1) % ring_.size()]; }
  const Reading& before_newest() const { return ring_[(begin_ + count_ - 2) % ring_.size()]; }

  std::array<Reading, 24> ring_{};
  std::size_t begin_ = 0;
  std::size_t count_ = 0;
};

}  // namespace feedwatch::engine
