#pragma once

#include "feedwatch/base/ports/clock.hpp"

namespace feedwatch::sim {

/// Where every simulated run begins: an arbitrary boot-time moment and UTC 2026-01-01T00:00:00Z.
constexpr MonoTime world_start{1000s};
constexpr WallTime world_start_wall{std::chrono::seconds{1'767'225'600}};

/// Virtual time. `true_wall` is UTC as the venues know it; `wall_now` is what the monitor's host
/// believes, which a step may have moved.
class VirtualClock final : public Clock {
 public:
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return true_wall() + host_offset_; }
  WallTime true_wall() const { return world_start_wall + (now_ - world_start); }

  void advance_to(MonoTime at) {
    if (at > now_) now_ = at;
  }
  void step_host_wall(Duration by) { host_offset_ += by; }

 private:
  MonoTime now_ = world_start;
  Duration host_offset_{};
};

}  // namespace feedwatch::sim
