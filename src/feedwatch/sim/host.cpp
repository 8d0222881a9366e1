#include "feedwatch/sim/host.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::sim {

void Host::pause(Duration length) {
  const MonoTime now = clock_.now();
  const MonoTime until = now + length;
  if (!first_pause_) first_pause_ = now;
  if (!paused_since_) {
    paused_since_ = now;
    paused_until_ = now;
  }
  if (until <= paused_until_) return;
  paused_until_ = until;
  queue_.add(until, Turn::host, [this, until] {
    if (paused_since_ && paused_until_ == until) resume();
  });
}

void Host::resume() {
  const MonoTime since = *std::exchange(paused_since_, std::nullopt);
  if (clock_.now() - since > stall_limit) stalled_poll_ = since;
  if (drain_) drain_();
  stalled_poll_.reset();
  for (Task& task : std::exchange(waiting_, {})) task();
  for (Task& task : std::exchange(due_, {})) task();
}

ReadStamp Host::stamp() const {
  const MonoTime mono = stalled_poll_.value_or(clock_.now());
  // Anchored wall time: venue time of the run's start plus elapsed boot time, whatever the host's
  // wall clock was stepped to since.
  return {mono, world_start_wall + (mono - world_start), stalled_poll_.has_value()};
}

void Host::run(Turn turn, Task task) {
  if (running()) {
    task();
  } else {
    (turn == Turn::deadline ? due_ : waiting_).push_back(std::move(task));
  }
}

void Host::post(MonoTime at, Task task) {
  queue_.add(std::max(at, clock_.now()), Turn::host,
             [this, task = std::move(task)]() mutable { run(Turn::host, std::move(task)); });
}

void Host::post_deadline(MonoTime at, Task task) {
  queue_.add(std::max(at, clock_.now()), Turn::deadline,
             [this, task = std::move(task)]() mutable { run(Turn::deadline, std::move(task)); });
}

void SimWakeup::arm(MonoTime at) {
  if (at == never_mono) return disarm();
  if (at == at_ && at > clock_.now()) return;
  at_ = at;
  host_.post_deadline(at, [this, mine = ++armed_] {
    if (mine != armed_) return;
    at_ = never_mono;
    if (fire_) fire_();
  });
}

void SimWakeup::disarm() {
  at_ = never_mono;
  ++armed_;
}

}  // namespace feedwatch::sim
