#include "feedwatch/dispatch/callback.hpp"

namespace feedwatch::dispatch {
namespace {

thread_local int depth = 0;

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

void call_price(Record& record, const Callbacks& callbacks, const Delivery& delivery) {
  record.note_in_flight(delivery.price.receive_age);
  const bool done = run_callback([&] {
    if (callbacks.on_price) callbacks.on_price(delivery);
  });
  record.count_call(done);
}

void call_refused(Record& record, const Callbacks& callbacks, const StreamName& name,
                  const Refusal& refusal) {
  if (!callbacks.on_refused) return;
  if (!run_callback([&] { callbacks.on_refused(name, refusal); })) record.count_notice_failed();
}

void call_level(Record& record, const Callbacks& callbacks, const StreamName& name, Level from,
                Level to) {
  if (!callbacks.on_level) return;
  if (!run_callback([&] { callbacks.on_level(name, from, to); })) record.count_notice_failed();
}

void call_detached(Record& record, const Callbacks& callbacks, const StreamName& name) {
  if (!callbacks.on_detached) return;
  if (!run_callback([&] { callbacks.on_detached(name); })) record.count_notice_failed();
}

}  // namespace feedwatch::dispatch
