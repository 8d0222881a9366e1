#include "feedwatch/intake/order.hpp"

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::intake {

Place place_in_order(std::optional<std::uint64_t> newest, OrderRun& run, std::uint64_t seq,
                     MonoTime at) {
  if (!newest || seq > *newest) return Place::newer;
  if (seq == *newest) return Place::same;
  if (run.count == 0 || seq <= run.last) run = {.began = at};
  ++run.count;
  run.last = seq;
  const bool began_again = run.count >= reset_ticks && minus(at, run.began) >= reset_span;
  return began_again ? Place::restarted : Place::older;
}

}  // namespace feedwatch::intake
