#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/sim/event_queue.hpp"
#include "feedwatch/sim/virtual_clock.hpp"

namespace feedwatch::sim {

/// The machine the monitor runs on: whether its loops run, what waits for them, and the stamps of
/// what they read.
///
/// While the host does not run (a stall of the loop, SIGSTOP, a suspend: time passes all the same)
/// bytes pile up in the sockets, and completions and deadlines wait. When it runs again, in this
/// order: sockets are drained, with the time of the last poll before the pause if that was longer
/// than `stall_limit` (semantics §2); then completions in their order; then what became due.
class Host {
 public:
  static constexpr Duration stall_limit = 250ms;
  using Task = EventQueue::Task;

  Host(VirtualClock& clock, EventQueue& queue) : clock_(clock), queue_(queue) {}

  /// Called when the host can read its sockets again.
  void set_drain(std::function<void()> drain) { drain_ = std::move(drain); }
  bool running() const { return !paused_since_; }
  std::optional<MonoTime> first_pause() const { return first_pause_; }
  /// Stops the host now and for `length`; a pause inside a pause only lengthens it.
  void pause(Duration length);
  /// The stamp of bytes read now.
  ReadStamp stamp() const;
  /// Runs `task` on the host at `at`, or, when it does not run then, as soon as it does.
  void post(MonoTime at, Task task);
  /// A deadline: as post, but after sockets and completions of the same instant.
  void post_deadline(MonoTime at, Task task);

 private:
  void run(Turn turn, Task task);
  void resume();

  VirtualClock& clock_;
  EventQueue& queue_;
  std::function<void()> drain_;
  std::optional<MonoTime> paused_since_;
  std::optional<MonoTime> first_pause_;
  std::optional<MonoTime> stalled_poll_;  ///< set while draining after a long pause
  MonoTime paused_until_{};
  std::vector<Task> waiting_;
  std::vector<Task> due_;
};

/// The Wakeup port: one pending moment, `fire` runs on the host.
class SimWakeup final : public Wakeup {
 public:
  SimWakeup(VirtualClock& clock, Host& host) : clock_(clock), host_(host) {}
  void set_target(std::function<void()> fire) { fire_ = std::move(fire); }
  void arm(MonoTime at) override;
  void disarm() override;

 private:
  VirtualClock& clock_;
  Host& host_;
  std::function<void()> fire_;
  MonoTime at_ = never_mono;
  std::uint64_t armed_ = 0;  ///< which arming is the valid one
};

}  // namespace feedwatch::sim
