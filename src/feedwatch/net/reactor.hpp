#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/net/poll_clock.hpp"

namespace feedwatch::net {

/// What a loop with nothing to do does.
enum class PollMode : std::uint8_t {
  block,  ///< sleeps in the kernel until something happens
  busy,   ///< asks again and again: spends its core, and saves what waking up takes
};

struct ReactorOptions {
  std::size_t mailbox_capacity = 65'536;
  Duration stall_limit = 250ms;  ///< semantics §2
  Duration idle_tick = 100ms;    ///< an idle loop polls at least this often
  /// Wall time of read stamps; taken from the clock at construction when absent. Reactors of one
  /// program share one anchor.
  std::optional<WallAnchor> anchor;
  PollMode poll = PollMode::block;
};

struct StallStats {
  std::uint64_t count = 0;
  Duration longest{};
  std::optional<MonoTime> newest;  ///< when the newest was over
};

/// Owner of a watched file descriptor's events.
class IoHandler {
 public:
  virtual ~IoHandler() = default;
  /// The descriptor is readable and/or writable, or has failed (both are set then: the next read or
  /// write says why). May destroy any watch, its own included.
  virtual void on_io(bool readable, bool writable) = 0;
};

/// Registration of one descriptor; ends with its destruction, which must come before the close().
class IoWatch {
 public:
  virtual ~IoWatch() = default;
  virtual void want(bool read, bool write) = 0;
  /// Call on_io(true, false) again in the next round although the kernel may have nothing more:
  /// a handler that stopped reading for fairness, or that holds decrypted bytes.
  virtual void again() = 0;
};

/// One thread's event loop: sockets (epoll), deadlines (a timerfd on the boot-time clock), and a
/// bounded mailbox.
///
/// Order in each round: poll, sockets, mailbox (at most 1,024 tasks), deferred calls, and last the
/// deadlines by (time, order of arming), at most 4,096, once no socket is left with bytes known to
/// wait (or after 32 rounds of draining). An exception thrown by a callback leaves run().
/// Lifecycle: construct, create owners of watches and wake-ups, run() on one thread, stop(),
/// destroy the owners, destroy. Thread-safe: post(), stop(), refused(), queued(), complete(),
/// stalls(). Everything else belongs to the thread in run(), or to the constructing one before and
/// after.
class Reactor final : public Mailbox {
 public:
  /// `clock` must read CLOCK_BOOTTIME (SystemClock): deadlines are armed on it in the kernel.
  /// Throws std::system_error when the kernel gives no descriptors.
  explicit Reactor(const Clock& clock, ReactorOptions options = {});
  ~Reactor() override;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Runs until stop(). Not restartable.
  void run();
  /// One round, waiting at most idle_tick for something to happen (busy: not at all): for a loop
  /// inside another one.
  void turn();
  /// Ends run() after the round it is in; tasks still queued are destroyed unrun with the reactor.
  void stop();

  /// Mailbox: false (and counted) when full or stopped. Any thread.
  [[nodiscard]] bool post(Task task) override;
  std::uint64_t refused() const;
  std::size_t queued() const;  ///< tasks that wait in the mailbox. Any thread
  std::size_t mailbox_capacity() const;
  /// Like post but never refused: for completions whose number their own owner bounds. Any thread.
  void complete(Task task);
  /// Runs `task` later in this round, never inside the caller.
  void defer(Task task);

  /// A wake-up of this loop. `on_wakeup` gets the current time, at or after the armed moment; it
  /// may arm or destroy its own Wakeup. Must not outlive the reactor.
  std::unique_ptr<Wakeup> make_wakeup(std::function<void(MonoTime)> on_wakeup);

  /// Watches a non-blocking descriptor; nothing is wanted at first. Must not outlive the reactor.
  std::unique_ptr<IoWatch> watch(int fd, IoHandler& handler);

  const Clock& clock() const;
  const WallAnchor& anchor() const;
  const PollClock& poll_clock() const;
  /// Rounds in which the loop had not polled for longer than stall_limit. Any thread.
  StallStats stalls() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::net
