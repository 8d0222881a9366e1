#include "tests/bench/protect/product.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace feedwatch::bench {

Position position_of(std::size_t at, std::int64_t price, Random& random, WallTime now) {
  Position out;
  out.id = std::to_string(at);
  out.venue = "v";
  out.symbol = "S";
  out.side = at % 2 == 0 ? Side::buy : Side::sell;
  const auto away = static_cast<std::int64_t>(random.below(60'001)) - 30'000;
  out.entry_price = Decimal(price + price * away / 1'000'000, price_scale);
  out.quantity = Decimal{1, 0};
  out.opened_at = now - random.between(0s, 40h);
  return out;
}

Product::Product(const Crowd& crowd, Rules rules, Market& market)
    : crowd_(crowd), rules_(rules), keys_(crowd.positions) {
  constexpr std::size_t slices = 60;      // seconds
  constexpr std::size_t afterwards = 35;  // until what was proposed at first has rested
  const std::size_t ticks = crowd.streams * 3;
  std::size_t at = 0;
  for (std::size_t slice = 1; slice <= slices + afterwards; ++slice) {
    for (; at < std::min(crowd.positions, crowd.positions * slice / slices); ++at) {
      open(at, market.price(at % crowd.streams));
    }
    // Twice: what comes in the place of what is closed at once has had a price as well.
    for (int round = 0; round < 2; ++round) {
      tell(market.next(ticks));
      replace_closed(market);
    }
    now_ += 1s;
  }
}

void Product::open(std::size_t at, std::int64_t price) {
  const ProtectionStream stream(static_cast<std::uint32_t>(at % crowd_.streams));
  const Position made = position_of(at, price, random_, anchor_.at(now_));
  ProtectionRules rules;
  rules.trailing = TrailingRule{stream, {}};
  if (rules_ == Rules::both) rules.aged = AgedRule{stream, {}};
  keys_[at] = key_of(made);
  if (const auto added = protection_.add(made, rules, {}, now_); !added) {
    throw std::runtime_error(added.error().text());
  }
}

void Product::tell(std::span<const Traded> ticks) {
  for (const Traded& tick : ticks) {
    now_ += between_ticks;
    const Decimal price(tick.price, price_scale);
    const AcceptedPrices prices{.window = {price, price, price},
                                .ages = {.receive = 1ms, .event = 5ms}};
    const auto decided = protection_.on_prices(ProtectionStream(tick.stream), prices, now_);
    for (const ProtectionDecision& each : decided) {
      const std::string_view type = type_text(each);
      if (type == "activated" || type == "stop_moved") {
        (void)protection_.confirm(each.key, each.number, now_);
      } else if (type == "triggered" || type == "target_reached" || type == "emergency_exit") {
        closed_.push_back(each.key);
      }
    }
  }
}

void Product::read_changed() {
  for (const PositionKey& key : protection_.take_changed()) {
    auto memory = protection_.memory(key);
    benchmark::DoNotOptimize(memory);
  }
}

void Product::replace_closed(const Market& market) {
  for (const PositionKey& key : std::exchange(closed_, {})) {
    const std::size_t at = std::stoul(key.id);
    if (protection_.remove(key)) open(at, market.price(at % crowd_.streams));
  }
}

}  // namespace feedwatch::bench
