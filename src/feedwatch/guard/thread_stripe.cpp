#include "feedwatch/guard/thread_stripe.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

namespace feedwatch {
namespace {

constexpr std::uint32_t all_taken = (std::uint32_t{1} << own_stripes) - 1;
std::atomic<std::uint32_t> taken{0};  ///< bit n: some thread has stripe n

constexpr std::uint32_t bit(std::size_t stripe) {
  return std::uint32_t{1} << stripe;
}

/// Destructors of a thread that run after its stripe was given back may ask for prices too.
constinit thread_local bool given_back = false;

/// Gives the stripe back when its thread ends.
class Holder {
 public:
  explicit Holder(std::size_t stripe) : stripe_(stripe) {}
  ~Holder() {
    given_back = true;
    detail::stripe_of_thread = shared_stripe;
    taken.fetch_and(~bit(stripe_), std::memory_order_release);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  std::size_t stripe_;
};

}  // namespace

namespace detail {

constinit thread_local std::size_t stripe_of_thread = shared_stripe;

std::size_t take_stripe() {
  if (given_back) return shared_stripe;
  std::uint32_t seen = taken.load(std::memory_order_relaxed);
  while (seen != all_taken) {
    const auto lowest = static_cast<std::size_t>(std::countr_one(seen));
    // Acquire: what the thread before us counted in it is where we go on.
    if (taken.compare_exchange_weak(seen, seen | bit(lowest), std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      thread_local const Holder holder(lowest);
      stripe_of_thread = lowest;
      return lowest;
    }
  }
  return shared_stripe;
}

}  // namespace detail
}  // namespace feedwatch
