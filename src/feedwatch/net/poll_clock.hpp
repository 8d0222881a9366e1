#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/time.hpp"

namespace feedwatch::net {

/// Notices when the loop did not poll its sockets for longer than `stall_limit` (semantics §2).
///
/// Pure: told the time of every poll. One per reactor, the reactor's thread only.
class PollClock {
 public:
  explicit PollClock(Duration stall_limit) : stall_limit_(stall_limit) {}

  /// The sockets have been polled: the call was entered and returned at these moments. True when
  /// the loop stayed away from its sockets for longer than the limit, busy before the call or
  /// stopped inside it: whatever this poll found readable may have been waiting since previous().
  bool on_poll(MonoTime entered, MonoTime returned);

  /// Has the loop been busy for longer than the limit since its last poll?
  bool overdue(MonoTime now) const { return started_ && now - current_ > stall_limit_; }

  bool stalled() const { return stalled_; }      ///< what the last on_poll answered
  MonoTime current() const { return current_; }  ///< time of the last poll
  MonoTime previous() const {
    return previous_;
  }  ///< the last moment before the gap that saw the sockets
  std::uint64_t stalls() const { return stalls_; }
  Duration longest() const { return longest_; }  ///< longest gap that counted as a stall

 private:
  Duration stall_limit_;
  MonoTime previous_{};
  MonoTime current_{};
  Duration longest_{};
  std::uint64_t stalls_ = 0;
  bool started_ = false;
  bool stalled_ = false;
};

/// Stamps the reads of one socket with the earliest moment their bytes could have arrived.
///
/// From the first read after a stall until the socket is found empty every read carries the time of
/// the poll before the stall: prices get older, never younger. Pure; the reactor's thread only.
class SocketStamper {
 public:
  /// A read returned bytes at `now`.
  ReadStamp on_bytes(const PollClock& poll, const WallAnchor& anchor, MonoTime now);
  /// A read would have blocked: nothing older waits any more.
  void on_empty() { waiting_since_.reset(); }

 private:
  std::optional<MonoTime> waiting_since_;
};

}  // namespace feedwatch::net
