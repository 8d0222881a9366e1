#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/freshness/watch.hpp"
#include "feedwatch/intake/accept.hpp"

namespace feedwatch {

/// Consecutive messages of one stream that were rejected or could not be decoded.
class RejectionRun {
 public:
  static constexpr std::uint32_t many = 20;
  static constexpr Duration long_enough = 5s;

  /// True once nothing but rejections has come for `many` messages or for `long_enough`.
  bool add(MonoTime now) {
    if (count_++ == 0) first_ = now;
    return count_ >= many || (count_ > 1 && minus(now, first_) >= long_enough);
  }
  void end() { count_ = 0; }

 private:
  std::uint32_t count_ = 0;
  MonoTime first_{};
};

/// The newest changes of one stream's level: six within ten minutes and it flaps, until ten minutes
/// have seen one at most (semantics §4).
class Flaps {
 public:
  static constexpr std::size_t many = 6;
  static constexpr Duration span = 10min;

  /// True when this change is the one that makes the stream flap.
  bool add(MonoTime at) {
    times_[next_++ % many] = at;
    return next_ >= many && minus(at, nth_last(many)) <= span;
  }
  /// From when on the last ten minutes hold one change at most.
  MonoTime calm_from() const { return next_ < 2 ? MonoTime::min() : plus(nth_last(2), span); }
  /// From when on the last ten minutes hold none.
  MonoTime forgotten_from() const { return next_ == 0 ? MonoTime::min() : plus(nth_last(1), span); }

 private:
  MonoTime nth_last(std::size_t n) const { return times_[(next_ - n) % many]; }

  std::array<MonoTime, many> times_{};
  std::size_t next_ = 0;
};

/// What is known of a stream only while not all is well with it, or nothing has come yet: kept
/// apart so that a healthy stream costs nothing.
struct Trouble {
  MonoTime wanted{};
  std::optional<MonoTime> acknowledged;  ///< first acknowledgement; until something has come
  std::optional<MonoTime> suspect_since;
  MonoTime lost_at{};               ///< while the resume gate is closed
  std::uint32_t epoch_at_loss = 0;  ///< the same: what counts as fresh
  int good_ticks = 0;               ///< towards recover_ticks
  intake::Doubt doubt;
  RejectionRun rejections;
  Flaps flaps;
  /// While its price is confirmed but does not come: another kind's price of the same symbol, as it
  /// was when that began.
  struct Beside {
    StreamId stream;
    Decimal price;
  };
  std::optional<Beside> beside;
};

/// The troubles of all streams. References stay valid until released; memory is kept for the next.
/// One thread.
class Troubles {
 public:
  Trouble* find(const Watch& watch) { return watch.trouble == 0 ? nullptr : &at(watch.trouble); }
  const Trouble* find(const Watch& watch) const {
    return watch.trouble == 0 ? nullptr : &at(watch.trouble);
  }
  Trouble& of(Watch& watch) {
    if (watch.trouble == 0) watch.trouble = take();
    return at(watch.trouble);
  }
  void release(Watch& watch) {
    if (watch.trouble == 0) return;
    free_.push_back(watch.trouble);
    watch.trouble = 0;
  }

 private:
  /// Many at once: a venue goes silent with all its streams.
  static constexpr std::uint32_t piece = 512;

  Trouble& at(std::uint32_t place) const {
    return pieces_[(place - 1U) / piece][(place - 1U) % piece];
  }
  std::uint32_t take() {
    if (free_.empty()) {
      if (size_ % piece == 0) pieces_.push_back(std::make_unique<Trouble[]>(piece));
      return ++size_;
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    at(place) = Trouble{};
    return place;
  }

  std::vector<std::unique_ptr<Trouble[]>> pieces_;
  std::uint32_t size_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace feedwatch
