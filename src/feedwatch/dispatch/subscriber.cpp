#include "feedwatch/dispatch/subscriber.hpp"

#include <algorithm>

namespace feedwatch {

Subscriber::Subscriber(StreamId stream, StreamKey key, ConsumerOptions options, Callbacks callbacks)
    : stream_(stream),
      key_(std::move(key)),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      conflator_(options_.min_interval) {}

ReadOptions Subscriber::read_options() const {
  return {options_.max_age, options_.basis, options_.accept_confirmed};
}

void Subscriber::on_price(const Slot& slot, MonoTime now) {
  ++counters_.received;
  const auto price = judge(slot, read_options(), now);
  if (price) {
    if (conflator_.add(price->prices, key_.kind)) ++counters_.conflated;
    return;
  }
  // What was waiting is refused with it: the board holds the newer one only.
  counters_.refused += conflator_.pending() ? 2U : 1U;
  conflator_.drop();
  refuse(price.error());
}

void Subscriber::deliver(const Slot& slot, MonoTime now) {
  const auto price = judge(slot, read_options(), now);
  if (!price) {
    conflator_.drop();
    ++counters_.refused;
    refuse(price.error());
    return;
  }
  refused_ = false;
  const Window window = conflator_.take(now);
  const bool done = run([&] {
    if (callbacks_.on_price) callbacks_.on_price(Delivery{key_, *price, window});
  });
  ++(done ? counters_.delivered : counters_.failed);
}

void Subscriber::check(const Slot& slot, MonoTime now) {
  const auto price = judge(slot, read_options(), now);
  if (price) {
    refused_ = false;
  } else if (price.error().code != RefusalCode::unknown) {
    refuse(price.error());
  }
}

void Subscriber::on_level(Level from, Level to) {
  if (!callbacks_.on_level) return;
  if (!run([&] { callbacks_.on_level(key_, from, to); })) ++counters_.notices_failed;
}

MonoTime Subscriber::next_due(const Slot& slot) const {
  return std::min(conflator_.due(), refused_ ? never_mono : refused_from(slot, read_options()));
}

DeliveryCounters Subscriber::counters() const {
  DeliveryCounters counters = counters_;
  counters.consumer = options_.name;
  counters.stream = key_;
  return counters;
}

void Subscriber::refuse(const Refusal& refusal) {
  if (refused_) return;
  refused_ = true;
  ++counters_.episodes;
  if (!callbacks_.on_refused) return;
  if (!run([&] { callbacks_.on_refused(key_, refusal); })) ++counters_.notices_failed;
}

template <class Call>
bool Subscriber::run(Call&& call) {
  try {
    call();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace feedwatch
