#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/exchange/market.hpp"

namespace feedwatch::exchange {

/// How a symbol is quoted: prices are whole multiples of `tick` · 10^-scale.
struct Quotation {
  std::int64_t start = 0;  ///< first price, in units of 10^-scale
  std::int64_t tick = 1;
  int scale = 2;
};
/// Known symbols as their venues quote them, any other by the seed: between 0.001 and 10,000 with
/// five or six digits.
Quotation quotation_for(std::string_view symbol, std::uint64_t seed);

/// A seeded random walk per symbol, in integers: the same seed gives the same prices at the same
/// moments on every machine, and one symbol's walk does not depend on the others.
///
/// Each update moves index and mark, usually the book, now and then the last trade; prices stay
/// within 20 % of where they began. Mark and index have two digits more than the tick. Behind by
/// more than a second (the process did not run), the missed updates are skipped.
class PriceModel final : public MarketSource {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::uint32_t updates_per_second = 5;  ///< per symbol, on average; 1 to 10,000
  };

  PriceModel(Market& market, std::span<const std::string> symbols, const Options& options,
             const WallAnchor& anchor, MonoTime now);

  void on_demand(MonoTime) override {}
  MonoTime next_deadline() const override;
  void on_time(MonoTime now, MarketListener& listener) override;
  WallTime venue_time(MonoTime at) const override { return anchor_.at(at); }
  bool ended() const override { return false; }
  std::uint64_t skipped() const { return skipped_; }

 private:
  struct Walk {
    std::size_t symbol = 0;
    Random random;
    Quotation quotation;
    std::int64_t index_fine = 0;  ///< in units of 10^-(scale + 2)
    std::int64_t bid = 0, ask = 0, last = 0;
  };
  using Due = std::pair<MonoTime, std::size_t>;

  Kinds step(Walk& walk);
  void move_book(Walk& walk, Kinds& changed);
  void publish(Walk& walk, Kinds changed, MonoTime now);

  Market& market_;
  WallAnchor anchor_;
  Duration period_;
  std::vector<Walk> walks_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t skipped_ = 0;
};

}  // namespace feedwatch::exchange
