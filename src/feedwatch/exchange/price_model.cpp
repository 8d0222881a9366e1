#include "feedwatch/exchange/price_model.hpp"

#include <algorithm>
#include <array>

namespace feedwatch::exchange {
namespace {

constexpr std::int64_t fine = 100;  // mark and index have two digits more than the price
constexpr Duration max_behind = 1s;
constexpr std::uint32_t max_rate = 10'000;

/// FNV-1a: the same on every machine, unlike std::hash.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

std::int64_t below(Random& random, std::int64_t bound) {
  return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound)));
}

/// Uniform in [-reach, reach].
std::int64_t shift(Random& random, std::int64_t reach) {
  return below(random, 2 * reach + 1) - reach;
}

}  // namespace

Quotation quotation_for(std::string_view symbol, std::uint64_t seed) {
  struct Known {
    std::string_view symbol;
    Quotation quotation;
  };
  constexpr std::array known{
      Known{"BTCUSDT", {.start = 6'500'000, .tick = 10, .scale = 2}},
      Known{"ETHUSDT", {.start = 192'000, .tick = 1, .scale = 2}},
      Known{"SOLUSDT", {.start = 77'300, .tick = 10, .scale = 3}},
      Known{"XRPUSDT", {.start = 11'500, .tick = 1, .scale = 4}},
      Known{"DOGEUSDT", {.start = 7'053, .tick = 1, .scale = 5}},
  };
  for (const Known& one : known) {
    if (one.symbol == symbol) return one.quotation;
  }
  Random random{seed ^ hash_of(symbol)};
  const int scale = 1 + static_cast<int>(random.below(7));
  return {.start = 10'000 + below(random, 90'000), .tick = 1, .scale = scale};
}

PriceModel::PriceModel(Market& market, std::span<const std::string> symbols, const Options& options,
                       const WallAnchor& anchor, MonoTime now)
    : market_(market),
      anchor_(anchor),
      period_(Duration{1s} / std::clamp(options.updates_per_second, 1U, max_rate)) {
  for (const std::string& symbol : symbols) {
    if (market.find(symbol)) continue;
    Walk walk{.symbol = market.add(symbol),
              .random = Random{options.seed ^ hash_of(symbol)},
              .quotation = quotation_for(symbol, options.seed)};
    walk.index_fine = walk.quotation.start * fine;
    walk.bid = walk.quotation.start;
    walk.ask = walk.bid + walk.quotation.tick;
    walk.last = walk.bid;
    publish(walk, every_kind, now);
    due_.emplace(now + walk.random.between(Duration{}, period_), walks_.size());
    walks_.push_back(walk);
  }
}

MonoTime PriceModel::next_deadline() const {
  return due_.empty() ? never_mono : due_.top().first;
}

void PriceModel::on_time(MonoTime now, MarketListener& listener) {
  while (!due_.empty() && due_.top().first <= now) {
    auto [at, which] = due_.top();
    due_.pop();
    Walk& walk = walks_[which];
    if (now - at > max_behind) {
      skipped_ += static_cast<std::uint64_t>((now - at) / period_);
      at = now;
    }
    const Kinds changed = step(walk);
    publish(walk, changed, at);
    due_.emplace(at + walk.random.between(period_ / 2, period_ + period_ / 2), which);
    listener.on_update({.symbol = walk.symbol, .changed = changed}, now);
  }
}

Kinds PriceModel::step(Walk& walk) {
  const std::int64_t start = walk.quotation.start * fine;
  const std::int64_t reach = std::max<std::int64_t>(1, start / 20'000);  // 0.005 %
  walk.index_fine =
      std::clamp(walk.index_fine + shift(walk.random, reach), start - start / 5, start + start / 5);
  Kinds changed;
  changed.add(Kind::index);
  changed.add(Kind::mark);
  if (walk.random.below(4) != 0) move_book(walk, changed);
  if (walk.random.below(3) == 0) {
    const std::int64_t traded = walk.random.below(2) == 0 ? walk.bid : walk.ask;
    if (traded != walk.last) changed.add(Kind::last);
    walk.last = traded;
  }
  return changed;
}

void PriceModel::move_book(Walk& walk, Kinds& changed) {
  const std::int64_t tick = walk.quotation.tick;
  const std::int64_t bid = std::max(tick, walk.index_fine / fine / tick * tick);
  const std::int64_t ask = bid + tick * (1 + below(walk.random, 3));
  if (bid != walk.bid || ask != walk.ask) changed.add(Kind::quote);
  walk.bid = bid;
  walk.ask = ask;
}

void PriceModel::publish(Walk& walk, Kinds changed, MonoTime now) {
  SymbolState& state = market_.at(walk.symbol);
  const int scale = walk.quotation.scale;
  ++state.seq;
  if (changed.has(Kind::quote)) state.quote_seq = state.seq;
  if (changed.has(Kind::last)) state.trade_seq = state.seq;
  state.last = Decimal{walk.last, scale};
  state.bid = Decimal{walk.bid, scale};
  state.ask = Decimal{walk.ask, scale};
  state.index = Decimal{walk.index_fine, scale + 2};
  const std::int64_t premium =
      shift(walk.random, std::max<std::int64_t>(1, walk.index_fine / 50'000));
  state.mark = Decimal{walk.index_fine + premium, scale + 2};
  state.known = every_kind;
  state.updated = now;
}

}  // namespace feedwatch::exchange
