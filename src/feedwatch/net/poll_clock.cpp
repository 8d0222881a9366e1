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

ReadStamp SocketStamper::on_bytes(std::size_t bytes, const PollClock& poll,
                                  const WallAnchor& anchor, MonoTime now) {
  if (!waiting_since_) waiting_since_ = poll.stalled() ? poll.previous() : poll.current();
  const bool old = now - *waiting_since_ > poll.stall_limit();
  const MonoTime at = old ? *waiting_since_ : now;
  // Only what comes after this read came after the mark as a whole.
  if (mark_ && bytes >= mark_->unread) {
    waiting_since_ = mark_->at;
    mark_.reset();
  } else if (mark_) {
    mark_->unread -= bytes;
  }
  return {.mono_recv = at, .ts_recv = anchor.at(at), .stalled = old};
}

void SocketStamper::on_empty() {
  waiting_since_.reset();
  mark_.reset();
}

void SocketStamper::on_backlog(std::size_t waiting, MonoTime now) {
  if (!mark_) mark_ = {.at = now, .unread = waiting};
}

}  // namespace feedwatch::net
