#include "feedwatch/dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch {

/// While one lives, nothing is destroyed and no list of subscribers shrinks.
class Dispatcher::Running {
 public:
  explicit Running(Dispatcher& owner) : owner_(owner) { ++owner_.running_; }
  ~Running() {
    if (--owner_.running_ == 0) owner_.purge();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Dispatcher& owner_;
};

Subscription Dispatcher::subscribe(StreamId stream, const StreamKey& key,
                                   const ConsumerOptions& options, Callbacks callbacks) {
  for (const std::uint32_t place : of(stream)) {
    const Place& known = places_[place];
    const bool same = known.subscriber->stream() == stream && known.subscriber->alive();
    if (same && known.subscriber->name() == options.name) {
      return handle(place, known.generation);
    }
  }
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  places_[place].subscriber =
      std::make_unique<Subscriber>(stream, key, options, std::move(callbacks));
  of(stream).push_back(place);
  arm(place);
  return handle(place, places_[place].generation);
}

void Dispatcher::unsubscribe(Subscription subscription) {
  const auto place = static_cast<std::uint32_t>(subscription.id) - 1U;
  const auto generation = static_cast<std::uint32_t>(subscription.id >> 32U);
  if (subscription.id == 0 || place >= places_.size()) return;
  if (places_[place].subscriber == nullptr || places_[place].generation != generation) return;
  const Running running(*this);
  detach(place);
}

void Dispatcher::drop_stream(StreamId stream) {
  const Running running(*this);
  for (const std::uint32_t place : of(stream)) {
    if (places_[place].subscriber->stream() == stream) detach(place);
  }
}

void Dispatcher::on_price(StreamId stream, MonoTime now) {
  for_each(stream, [&](std::uint32_t place) {
    places_[place].subscriber->on_price(board_.own(stream), now);
    serve(place, now);
  });
}

void Dispatcher::on_verdict(StreamId stream, MonoTime now) {
  for_each(stream, [&](std::uint32_t place) { serve(place, now); });
}

void Dispatcher::on_level(StreamId stream, Level from, Level to) {
  for_each(stream, [&](std::uint32_t place) { places_[place].subscriber->on_level(from, to); });
}

void Dispatcher::on_deadline(MonoTime now) {
  const Running running(*this);
  const std::uint32_t place = heap_.top().number;
  heap_.erase(place);
  serve(place, now);
}

std::vector<DeliveryCounters> Dispatcher::counters() const {
  std::vector<DeliveryCounters> all;
  for (const Place& place : places_) {
    if (place.subscriber != nullptr && place.subscriber->alive()) {
      all.push_back(place.subscriber->counters());
    }
  }
  return all;
}

std::vector<std::uint32_t>& Dispatcher::of(StreamId stream) {
  if (stream.index() >= by_stream_.size()) by_stream_.resize(stream.index() + 1);
  return by_stream_[stream.index()];
}

void Dispatcher::detach(std::uint32_t place) {
  Subscriber& subscriber = *places_[place].subscriber;
  if (!subscriber.alive()) return;
  subscriber.detach();
  heap_.erase(place);
  detached_.push_back(place);
}

void Dispatcher::purge() {
  // Destroying callbacks may run a consumer's own destructors, and those may unsubscribe others.
  while (!detached_.empty()) {
    const std::uint32_t place = detached_.back();
    detached_.pop_back();
    const std::unique_ptr<Subscriber> gone = std::move(places_[place].subscriber);
    ++places_[place].generation;
    std::erase(of(gone->stream()), place);
    free_.push_back(place);
  }
}

void Dispatcher::serve(std::uint32_t place, MonoTime now) {
  Subscriber& subscriber = *places_[place].subscriber;
  const Slot slot = board_.own(subscriber.stream());
  if (subscriber.due(now)) {
    subscriber.deliver(slot, now);
  } else {
    subscriber.check(slot, now);
  }
  if (subscriber.alive()) arm(place);
}

void Dispatcher::arm(std::uint32_t place) {
  const Subscriber& subscriber = *places_[place].subscriber;
  heap_.set_not_later(place, subscriber.next_due(board_.own(subscriber.stream())));
}

template <class Action>
void Dispatcher::for_each(StreamId stream, Action&& action) {
  const Running running(*this);
  // By number: a callback may subscribe, which grows both lists; newcomers wait for the next event.
  const std::size_t count = of(stream).size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t place = of(stream)[i];
    const Subscriber& subscriber = *places_[place].subscriber;
    if (subscriber.alive() && subscriber.stream() == stream) action(place);
  }
}

Subscription Dispatcher::handle(std::uint32_t place, std::uint32_t generation) {
  return {(std::uint64_t{generation} << 32U) | (std::uint64_t{place} + 1U)};
}

}  // namespace feedwatch
