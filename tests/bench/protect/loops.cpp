#include "tests/bench/protect/loops.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace feedwatch::bench {
namespace {

template <class Add>
void each_position(const Crowd& crowd, WallTime now, Add&& add) {
  const Market market(crowd.streams);
  Random random(3);
  for (std::size_t at = 0; at < crowd.positions; ++at) {
    const std::size_t stream = at % crowd.streams;
    add(stream, position_of(at, market.price(stream), random, now));
  }
}

constexpr std::int64_t per_mille(std::int64_t price, std::int64_t share) {
  return price + (price < 0 ? -price : price) * share / 1'000;
}

}  // namespace

MachineLoop::MachineLoop(const Crowd& crowd) : by_stream_(crowd.streams) {
  each_position(crowd, anchor_.at(now_), [&](std::size_t stream, const Position& position) {
    by_stream_[stream].push_back({TrailingStop(position.side, position.entry_price, {}),
                                  AgedWatch(position, {}), position.opened_at});
  });
}

void MachineLoop::tell(std::span<const Traded> ticks) {
  for (const Traded& tick : ticks) {
    now_ += between_ticks;
    const Decimal price(tick.price, price_scale);
    for (Held& held : by_stream_[tick.stream]) {
      if (held.stop.next_deadline() <= now_) (void)held.stop.on_time(now_);
      const auto decided = held.stop.on_prices({price, price, price}, now_);
      if (!decided->empty()) (void)held.stop.confirm(decided->back().number, now_);
      held.watch.set_waiting(held.stop.memory().state == TrailingState::active);
      auto aged = held.watch.on_price(price, anchor_.at(now_) - held.opened_at, now_);
      benchmark::DoNotOptimize(aged);
    }
  }
}

NumberLoop::NumberLoop(const Crowd& crowd) : by_stream_(crowd.streams) {
  each_position(crowd, WallTime{}, [&](std::size_t stream, const Position& position) {
    const std::int64_t sign = position.side == Side::buy ? 1 : -1;
    const auto entry = sign * static_cast<std::int64_t>(position.entry_price.mantissa());
    by_stream_[stream].push_back({.peak = entry,
                                  .activation = per_mille(entry, 15),
                                  .stop = std::numeric_limits<std::int64_t>::min(),
                                  .target = per_mille(entry, 20),
                                  .sign = sign});
  });
}

void NumberLoop::tell(std::span<const Traded> ticks) {
  for (const Traded& tick : ticks) {
    for (Held& held : by_stream_[tick.stream]) {
      const std::int64_t price = held.sign * tick.price;
      if (price <= held.stop) ++hits_;
      if (price >= held.target) ++hits_;
      if (price <= held.peak) continue;
      held.peak = price;
      if (price >= held.activation) held.stop = std::max(held.stop, per_mille(price, -5));
    }
  }
  benchmark::DoNotOptimize(hits_);
}

}  // namespace feedwatch::bench
