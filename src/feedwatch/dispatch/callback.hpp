#pragma once

#include "feedwatch/dispatch/shared.hpp"

namespace feedwatch::dispatch {

/// Whether this thread is inside a callback of feedwatch: then nothing may wait for one to end.
bool in_callback();

/// Makes one call to a consumer. False if it threw: nothing a consumer throws goes further.
class Calling {
 public:
  Calling();
  ~Calling();
  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;
};

template <class Call>
bool run_callback(Call&& call) {
  const Calling calling;
  try {
    call();
    return true;
  } catch (...) {
    return false;
  }
}

/// The calls of one subscription, each counted.
void call_price(Record& record, Consumer& consumer, const Delivery& delivery);
void call_refused(Consumer& consumer, const StreamName& name, const Refusal& refusal);
void call_level(Consumer& consumer, const StreamName& name, Level from, Level to);
void call_detached(Consumer& consumer, const StreamName& name);

}  // namespace feedwatch::dispatch
