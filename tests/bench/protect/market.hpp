#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/protect/protection.hpp"

namespace feedwatch::bench {

struct Crowd {
  std::size_t positions = 0;
  std::size_t streams = 2'000;
};

constexpr int ticks_per_second = 100'000;
constexpr Duration between_ticks = Duration{1s} / ticks_per_second;
static_assert(between_ticks == 10us);
constexpr int price_scale = 2;

struct Traded {
  std::uint32_t stream = 0;
  std::int64_t price = 0;  ///< in units of 0.01
};

/// Prices that walk at random, around 10,000.00, 0.05 % a minute at 50 ticks a second; the same
/// ones for each with the same seed.
class Market {
 public:
  explicit Market(std::size_t streams) : prices_(streams, 1'000'000) {}

  std::vector<Traded> next(std::size_t count) {
    std::vector<Traded> out(count);
    for (Traded& each : out) {
      each.stream = static_cast<std::uint32_t>(random_.below(prices_.size()));
      std::int64_t& price = prices_[each.stream];
      price += static_cast<std::int64_t>(random_.below(31)) - 15;
      each.price = price;
    }
    return out;
  }
  std::int64_t price(std::size_t stream) const { return prices_[stream]; }

 private:
  Random random_{7};
  std::vector<std::int64_t> prices_;
};

/// Position number `at`: LONG and SHORT in turns, from within 3 % of its stream's price, opened in
/// the last 40 hours.
Position position_of(std::size_t at, std::int64_t price, Random& random, WallTime now);

}  // namespace feedwatch::bench
