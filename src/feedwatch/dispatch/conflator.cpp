#include "feedwatch/dispatch/conflator.hpp"

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {

bool Conflator::add(const Prices& prices, Kind kind) {
  widen(prices, kind);
  const bool replaced = pending_;
  pending_ = true;
  return replaced;
}

MonoTime Conflator::due() const {
  if (!pending_) return never_mono;
  return delivered_ ? plus(*delivered_, min_interval_) : MonoTime::min();
}

Window Conflator::take(MonoTime now) {
  const Window window = window_;
  drop();
  delivered_ = now;
  return window;
}

void Conflator::drop() {
  pending_ = false;
  window_ = Window{};
}

void Conflator::widen(const Prices& prices, Kind kind) {
  const Decimal& high = kind == Kind::quote ? prices.ask : prices.price;
  if (window_.count == 0 || prices.price < window_.low) window_.low = prices.price;
  if (window_.count == 0 || high > window_.high) window_.high = high;
  ++window_.count;
}

}  // namespace feedwatch
