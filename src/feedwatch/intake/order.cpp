#include "feedwatch/intake/order.hpp"

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::intake {

Order::Place Order::place(std::uint64_t seq, MonoTime at) {
  if (!last_ || seq > *last_) return Place::newer;
  if (seq == *last_) return Place::same;
  if (run_ == 0 || seq <= run_last_) {
    run_ = 0;
    run_began_ = at;
  }
  ++run_;
  run_last_ = seq;
  const bool began_again = run_ >= reset_ticks && minus(at, run_began_) >= reset_span;
  return began_again ? Place::restarted : Place::older;
}

void Order::advance(std::uint64_t seq) {
  last_ = seq;
  run_ = 0;
}

}  // namespace feedwatch::intake
