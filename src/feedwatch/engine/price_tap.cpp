#include "feedwatch/engine/price_tap.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::engine {
namespace {

void widen(PriceWindow& window, const Decimal& price, bool first) {
  if (first) window = {price, price, price};
  window.low = std::min(window.low, price);
  window.high = std::max(window.high, price);
  window.last = price;
}

/// Before everybody else: what protects a position comes first (semantics §6).
constexpr int priority = 10;

Subscription subscribe(Monitor& monitor, const StreamOptions& watched, StreamId stream,
                       Duration max_age, PriceTap& tap) {
  // A name stands for one set of callbacks, and ours know their stream.
  const StreamKey& key = watched.key;
  const ConsumerOptions options{.name = "positions " + key.text(),
                                .delivery = DeliveryMode::in_line,
                                .priority = priority,
                                .max_age = max_age,
                                .min_interval = Duration::zero()};
  Callbacks callbacks;
  callbacks.on_price = [&tap, stream, kind = key.kind](const Delivery& delivery) {
    tap.put(stream, kind, delivery.price);
  };
  return monitor.subscribe(stream, options, std::move(callbacks));
}

}  // namespace

void PriceTap::put(StreamId stream, Kind kind, const Price& price) {
  std::unique_lock lock(mutex_);
  Cell& cell = cells_[stream];
  const bool first = !std::exchange(cell.pending, true);
  if (first) {
    pending_.push_back(stream);
    cell.prices.stream = stream;
    cell.prices.count = 0;
    cell.prices.continuous = true;
  }
  cell.prices.continuous = cell.prices.continuous && cell.epoch == price.epoch;
  cell.epoch = price.epoch;
  ++cell.prices.count;
  widen(cell.prices.sold, price.prices.price, first);
  widen(cell.prices.bought, kind == Kind::quote ? price.prices.ask : price.prices.price, first);
  const bool dirty = pending_.size() == 1 && first;
  lock.unlock();
  if (dirty && on_dirty_) on_dirty_();
}

std::vector<TappedPrices> PriceTap::take() {
  std::vector<TappedPrices> taken;
  {
    const std::scoped_lock lock(mutex_);
    taken.reserve(pending_.size());
    for (const StreamId stream : std::exchange(pending_, {})) {
      Cell& cell = cells_[stream];
      cell.pending = false;
      taken.push_back(cell.prices);
    }
  }
  std::ranges::sort(taken, {}, &TappedPrices::stream);
  return taken;
}

Duration PriceTap::max_age_of(const Policy& policy, const Cadence& cadence) {
  const bool is_clocked = cadence.type == CadenceType::clocked;
  return policy.protect_max_age.value_or(is_clocked ? max_age_clocked : max_age_event);
}

Duration PriceTap::age_of(const Price& price) {
  Duration age = price.confirmed_age;
  if (price.event_age) {
    age = std::max(age, *price.event_age - (price.receive_age - price.confirmed_age));
  }
  return age;
}

std::optional<PriceTap::Cell> PriceTap::cell_of(StreamId stream) {
  const std::scoped_lock lock(mutex_);
  const auto cell = cells_.find(stream);
  return cell != cells_.end() ? std::optional(cell->second) : std::nullopt;
}

void PriceTap::attach(Monitor& monitor, StreamId stream, PriceTap& tap) {
  const StreamOptions watched = monitor.options(stream);
  const Duration max_age = max_age_of(watched.policy, watched.cadence);
  const std::optional<Cell> known = tap.cell_of(stream);
  // Under its name there is one limit at a time.
  if (known && known->max_age != max_age) monitor.unsubscribe(known->subscription);
  // The first price comes from within.
  const Subscription made = subscribe(monitor, watched, stream, max_age, tap);
  const std::scoped_lock lock(tap.mutex_);
  Cell& cell = tap.cells_[stream];
  cell.subscription = made;
  cell.max_age = max_age;
}

void PriceTap::detach(Monitor& monitor, StreamId stream, PriceTap& tap) {
  const std::optional<Cell> known = tap.cell_of(stream);
  if (!known) return;
  monitor.unsubscribe(known->subscription);
  const std::scoped_lock lock(tap.mutex_);
  tap.cells_.erase(stream);
  std::erase(tap.pending_, stream);
}

void PriceTap::serve(Monitor& monitor, StreamId stream, PriceTap& tap, PriceNeed need) {
  switch (need) {
    case PriceNeed::newest:
      return detach(monitor, stream, tap);
    case PriceNeed::every:
      return attach(monitor, stream, tap);
  }
}

}  // namespace feedwatch::engine
