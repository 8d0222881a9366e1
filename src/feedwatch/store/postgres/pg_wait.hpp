#pragma once

#include <atomic>
#include <chrono>

#include "feedwatch/base/time.hpp"

namespace feedwatch::store {

/// How long the thread that talks to a server goes on waiting for it.
///
/// Waits end at their deadline, soon after hurry(), or at once after interrupt(), which both may be
/// called from any thread and hold from then on.
class PgWait {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  PgWait();
  PgWait(const PgWait&) = delete;
  PgWait& operator=(const PgWait&) = delete;
  ~PgWait();

  static Deadline in(Duration limit);
  void hurry();
  void interrupt();
  bool interrupted() const { return interrupted_; }

  enum class Outcome : unsigned char { ready, late, interrupted };
  /// Until `fd` is ready for one of `events` (poll's); a negative one: just the time.
  Outcome wait(int fd, short events, Deadline deadline);

 private:
  const int wake_fd_;  ///< readable from hurry() or interrupt() on
  std::atomic<bool> hurried_ = false;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace feedwatch::store
