#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/replay/holder.hpp"
#include "feedwatch/replay/ports.hpp"

namespace feedwatch::replay {

struct JudgeOptions {
  engine::ShardOptions shard;
  engine::ControlOptions control;
  WallAnchor anchor;  ///< what the clock shows first
  std::function<void(const engine::Control::Event&)> observer = {};
  struct Held {
    Position position;
    PositionTerms terms;
  };
  std::vector<Held> positions = {};  ///< from the beginning to the end
};

/// Shard and Control as production runs them, in virtual time: whoever owns it sets the clock and
/// hands events to the shard; after each, settle() shows the control what came of it.
class Judge {
 public:
  Judge(JudgeOptions options, Transport& transport, HttpFetch& http);
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  /// Whoever stands for the outside: what it says to the shard, and when it has to be asked.
  struct Outside {
    std::function<void()> speak;     ///< after every event: answers what the shard has said
    std::function<MonoTime()> next;  ///< its own next deadline; never_mono = none
    std::function<void()> serve;     ///< that moment has come
  };
  void set_outside(Outside outside) { outside_ = std::move(outside); }

  /// The error is the shard's, or about a position.
  Result<void> start();
  /// Sets the clock, after the control's deadlines before that moment were served; when
  /// `shard_too`, the shard's and the outside's as well, in the order of time. Sockets go before
  /// deadlines of the same moment.
  void advance(MonoTime to, bool shard_too);
  /// The control takes what the shard has put on the board.
  void settle();

  const SetClock& clock() const { return clock_; }
  MemoryState& state() { return state_; }
  engine::Shard& shard() { return shard_; }
  const engine::Shard& shard() const { return shard_; }
  const engine::Control& control() const { return control_; }
  /// About the positions; every proposal is confirmed at once.
  const std::vector<PositionDecisionRow>& decisions() const { return holder_.decisions(); }

 private:
  SetClock clock_;
  NotedWakeup shard_wakeup_;
  NotedWakeup control_wakeup_;
  MemoryState state_;
  NoJournal journal_;
  bool dirty_ = false;
  bool priced_ = false;
  Outside outside_;
  engine::StatusBoard status_;
  engine::PriceTap tap_;
  Holder holder_;
  std::vector<JudgeOptions::Held> positions_;
  engine::Shard shard_;
  engine::Control control_;  ///< after the shard, whose monitor it reads
};

}  // namespace feedwatch::replay
