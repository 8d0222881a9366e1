#pragma once

#include <cstddef>
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

  Duration stall_limit() const { return stall_limit_; }
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
/// Bytes may have waited since the poll that first found some after the socket was last empty;
/// after a stall, since the poll before it. While that is longer ago than stall_limit, every read
/// carries that moment: prices get older, never younger, whether one long round or many short ones
/// left them waiting. A backlog moves on as well without the socket being found empty: what is read
/// after all that waited at one moment came after that moment. So a socket that is read as fast as
/// it fills stays fresh, and one that is not is at most twice as old as its bytes. Pure; the
/// reactor's thread only.
class SocketStamper {
 public:
  /// A read returned so many bytes at `now`.
  ReadStamp on_bytes(std::size_t bytes, const PollClock& poll, const WallAnchor& anchor,
                     MonoTime now);
  /// A read would have blocked: nothing older waits any more.
  void on_empty();
  /// Reading ended for this round although more waits: so many bytes, or fewer.
  void on_backlog(std::size_t waiting, MonoTime now);

 private:
  /// All that had arrived by `at` has been read when so many bytes more have been.
  struct Mark {
    MonoTime at;
    std::size_t unread;
  };
  std::optional<MonoTime> waiting_since_;  // absent: found empty
  std::optional<Mark> mark_;
};

}  // namespace feedwatch::net
