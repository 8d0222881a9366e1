#include "feedwatch/dispatch/callback.hpp"

namespace feedwatch::dispatch {
namespace {

thread_local int depth = 0;

template <class Call, class... What>
void notify(Consumer& consumer, const Call& call, const What&... what) {
  if (!call || run_callback([&] { call(what...); })) return;
  consumer.notices_failed.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

bool in_callback() {
  return depth > 0;
}

Calling::Calling() {
  ++depth;
}
Calling::~Calling() {
  --depth;
}

void call_price(Record& record, Consumer& consumer, const Delivery& delivery) {
  record.note_in_flight(delivery.price.receive_age);
  const auto& call = consumer.callbacks.on_price;
  record.count_call(run_callback([&] {
    if (call) call(delivery);
  }));
}

void call_refused(Consumer& consumer, const StreamName& name, const Refusal& refusal) {
  notify(consumer, consumer.callbacks.on_refused, name, refusal);
}

void call_level(Consumer& consumer, const StreamName& name, Level from, Level to) {
  notify(consumer, consumer.callbacks.on_level, name, from, to);
}

void call_detached(Consumer& consumer, const StreamName& name) {
  notify(consumer, consumer.callbacks.on_detached, name);
}

}  // namespace feedwatch::dispatch
