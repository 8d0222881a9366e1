#include "feedwatch/sim/market.hpp"

#include <algorithm>

namespace feedwatch::sim {
namespace {

constexpr int hundredths = 2;
constexpr std::int64_t lowest = 1000;  ///< the walk turns back here: prices stay positive
constexpr std::int64_t spread = 10;

std::uint64_t mix(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = 14695981039346656037ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

/// A move of 1 to 9 hundredths, up or down: never none, so that a carried price is a changed one.
std::int64_t moved(std::int64_t price, Random& random) {
  const auto size = static_cast<std::int64_t>(1 + random.below(9));
  const bool up = price <= lowest || random.below(2) == 0;
  return std::max(up ? price + size : price - size, lowest);
}

Decimal decimal(std::int64_t value) {
  return Decimal{value, hundredths};
}

}  // namespace

MarketSymbol::MarketSymbol(std::string symbol, std::uint64_t seed)
    : symbol_(std::move(symbol)), random_(mix(symbol_, seed)) {
  last_ = 10'000 + static_cast<std::int64_t>(random_.below(9'000'000));
  bid_ = mark_ = index_ = last_;
}

void MarketSymbol::step(std::span<const Kind> kinds) {
  for (const Kind kind : kinds) {
    switch (kind) {
      case Kind::last:
        if (random_.below(4) == 0) last_ = moved(last_, random_);
        break;
      case Kind::quote:
        bid_ = moved(bid_, random_);
        break;
      case Kind::mark:
        mark_ = moved(mark_, random_);
        break;
      case Kind::index:
        index_ = moved(index_, random_);
        break;
    }
  }
}

Prices MarketSymbol::prices(Kind kind) const {
  if (const auto& pinned = pinned_[static_cast<std::size_t>(kind)]) return *pinned;
  switch (kind) {
    case Kind::last:
      return {decimal(last_), {}};
    case Kind::quote:
      return {decimal(bid_), decimal(bid_ + spread)};
    case Kind::mark:
      return {decimal(mark_), {}};
    case Kind::index:
      return {decimal(index_), {}};
  }
  return {};
}

venues::MarketState MarketSymbol::state() const {
  venues::MarketState state;
  state.symbol = symbol_;
  state.last = prices(Kind::last).price;
  state.bid = prices(Kind::quote).price;
  state.ask = prices(Kind::quote).ask;
  state.mark = prices(Kind::mark).price;
  state.index = prices(Kind::index).price;
  return state;
}

}  // namespace feedwatch::sim
