#include "feedwatch/dispatch/callback.hpp"

namespace feedwatch::dispatch {
namespace {

template <class Call, class... What>
void notify(Consumer& consumer, const Call& call, const What&... what) {
  if (!call || run_callback([&] { call(what...); })) return;
  consumer.notices_failed.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

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
