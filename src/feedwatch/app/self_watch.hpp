#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/api/server.hpp"
#include "feedwatch/app/disk_watch.hpp"
#include "feedwatch/app/loop_meter.hpp"
#include "feedwatch/app/shard_loop.hpp"
#include "feedwatch/health/evidence.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::app {

/// What the process knows of itself, from all its threads: loops, queues, disks, clock, counters.
/// Any thread, except where it says otherwise; refers to what the app owns.
class SelfWatch {
 public:
  struct Parts {
    const Clock& clock;
    const net::Reactor& control;
    const std::vector<std::unique_ptr<ShardLoop>>& loops;
  };
  explicit SelfWatch(Parts parts) : parts_(parts) {}

  /// Before the loops run.
  void watch_disks(std::vector<std::pair<std::string, std::filesystem::path>> places);
  /// On the control's thread, at each of its beats; answers when the next one is due.
  MonoTime beat(MonoTime now) { return control_meter_.beat(now); }
  /// The system clock was stepped by so much.
  void on_clock_step(Duration step, MonoTime at);
  void stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  /// A loop that has not shown itself for longer stands.
  bool shards_alive() const;
  /// `control`: its queues, read on its thread; nullptr = none yet.
  health::SelfEvidence evidence(const engine::Control* control,
                                const store::StoreHealth* store) const;
  api::ProcessFacts facts(health::SelfEvidence self) const;

 private:
  MonoTime oldest_beat() const;
  health::LoopEvidence loop_evidence(std::string name, const net::Reactor& reactor,
                                     const LoopMeter& meter, MonoTime beat) const;
  void add_ticks(api::ProcessFacts& facts) const;

  Parts parts_;
  LoopMeter control_meter_;
  std::optional<DiskWatch> disks_;
  std::atomic<std::int64_t> step_ns_{0}, step_at_ns_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace feedwatch::app
