#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::engine {

/// Whether something happens again and again: three times within `span` and it does, until a span
/// has seen no more than `calm` of them (semantics §4, §7).
class Recurrence {
 public:
  static constexpr std::size_t many = 3;

  Recurrence(Duration span, std::size_t calm) : span_(span), calm_(calm) {}

  /// It happened `count` times, the newest of them at `at`.
  void add(std::uint64_t count, MonoTime at) {
    for (std::uint64_t i = 0; i < count && i < many; ++i) times_[next_++ % many] = at;
    if (!since_ && next_ >= many && minus(at, nth_last(many)) <= span_) since_ = at;
  }
  /// What has happened so far is told elsewhere.
  void forget() { *this = Recurrence(span_, calm_); }
  /// Since when it recurs.
  std::optional<MonoTime> since(MonoTime now) {
    if (since_ && now >= calm_from()) since_.reset();
    return since_;
  }
  /// The same as it was when last asked.
  const std::optional<MonoTime>& since() const { return since_; }
  /// When it is over if it happens no more; never_mono when it does not recur.
  MonoTime calm_from() const { return since_ ? plus(nth_last(calm_ + 1), span_) : never_mono; }

 private:
  MonoTime nth_last(std::size_t n) const { return times_[(next_ - n) % many]; }

  Duration span_;
  std::size_t calm_;
  std::array<MonoTime, many> times_{};
  std::size_t next_ = 0;
  std::optional<MonoTime> since_;
};

}  // namespace feedwatch::engine
