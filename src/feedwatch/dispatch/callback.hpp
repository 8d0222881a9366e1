#pragma once

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/dispatch/shared.hpp"

namespace feedwatch::dispatch {

/// How many callbacks of feedwatch this thread is inside of.
constinit inline thread_local int call_depth = 0;

/// Then nothing may wait for one to end.
inline bool in_callback() {
  return call_depth > 0;
}

class Calling {
 public:
  Calling() { ++call_depth; }
  ~Calling() { --call_depth; }
  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;
};

/// Makes one call to a consumer. False if it threw: nothing a consumer throws goes further.
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

/// Times a call in line, if there is a clock to do it by.
class Timed {
 public:
  Timed(const Clock* clock, Consumer& consumer)
      : clock_(clock), consumer_(consumer), begun_(clock != nullptr ? clock->now() : MonoTime{}) {}
  ~Timed() {
    if (clock_ != nullptr && minus(clock_->now(), begun_) > in_line_limit) ++consumer_.overruns;
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  const Clock* clock_;
  Consumer& consumer_;
  MonoTime begun_;
};

/// The calls of one subscription, each counted.
inline void call_price(Record& record, Consumer& consumer, const Delivery& delivery) {
  const auto& call = consumer.callbacks.on_price;
  record.count_call(run_callback([&] {
    if (call) call(delivery);
  }));
}
void call_refused(Consumer& consumer, const StreamName& name, const Refusal& refusal);
void call_level(Consumer& consumer, const StreamName& name, Level from, Level to);
void call_detached(Consumer& consumer, const StreamName& name);

}  // namespace feedwatch::dispatch
