#pragma once

#include <optional>

#include "feedwatch/base/time.hpp"
#include "feedwatch/dispatch/consumer.hpp"
#include "feedwatch/model/kind.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch {

/// Throttle of one (consumer, stream): the first price goes at once, further ones inside the window
/// are conflated, the newest goes at the window's end (semantics §6). Holds no price: the board has
/// the newest one.
class Conflator {
 public:
  explicit Conflator(Duration min_interval) : min_interval_(min_interval) {}

  /// A price came; it is pending until take() or drop(). True = it replaced a pending one.
  bool add(const Prices& prices, Kind kind);
  bool pending() const { return pending_; }
  /// When the pending price is to go, perhaps long ago; never_mono when none is pending.
  MonoTime due() const;
  /// The pending price is called with now: its window, which starts again.
  Window take(MonoTime now);
  /// It was refused: nobody may act on what the window saw. The throttle is not used up.
  void drop();

 private:
  void widen(const Prices& prices, Kind kind);

  Duration min_interval_;
  std::optional<MonoTime> delivered_;
  Window window_;
  bool pending_ = false;
};

}  // namespace feedwatch
