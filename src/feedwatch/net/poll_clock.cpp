#include "feedwatch/net/poll_clock.hpp"

#include <algorithm>

namespace feedwatch::net {

bool PollClock::on_poll(MonoTime entered, MonoTime returned) {
  if (!started_) {
    started_ = true;
    current_ = entered;
  }
  const Duration busy = entered - current_;
  const Duration waited = returned - entered;
  stalled_ = busy > stall_limit_ || waited > stall_limit_;
  // Entering the poll sees the sockets too: when only the wait was too long, nothing older waits.
  previous_ = busy > stall_limit_ ? current_ : entered;
  current_ = returned;
  if (stalled_) {
    ++stalls_;
    longest_ = std::max(longest_, returned - previous_);
  }
  return stalled_;
}

ReadStamp SocketStamper::on_bytes(const PollClock& poll, const WallAnchor& anchor, MonoTime now) {
  if (!waiting_since_) {
    if (poll.stalled()) {
      waiting_since_ = poll.previous();
    } else if (poll.overdue(now)) {
      waiting_since_ = poll.current();
    }
  }
  const MonoTime at = waiting_since_.value_or(now);
  return {.mono_recv = at, .ts_recv = anchor.at(at), .stalled = waiting_since_.has_value()};
}

}  // namespace feedwatch::net
