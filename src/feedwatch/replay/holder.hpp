#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/shard.hpp"

namespace feedwatch::replay {

/// Whoever holds positions in a recording that is judged again: has their streams watched, and
/// carries out at once what is proposed to him. What is asked for and told inside a call is
/// answered by settle(), as it would be between threads.
class Holder final : public engine::PriceSources {
 public:
  /// Venues of the shard, by the name they have there. The tap outlives the shard.
  Holder(const engine::ShardOptions& options, engine::PriceTap& tap);
  /// Before start() of either.
  void attach(engine::Shard& shard, engine::Control& control) {
    shard_ = &shard;
    control_ = &control;
  }

  std::optional<Kind> kind_at(const std::string& venue) const override;
  bool has_kind(const std::string& venue, Kind kind) const override;
  void want(const StreamKey& stream, engine::PriceNeed need, Done done) override;
  void unwant(const StreamKey& stream) override;
  void on_decision(const PositionDecisionRow& row);
  /// True when something was answered.
  bool settle();
  /// In the order they were made.
  const std::vector<PositionDecisionRow>& decisions() const { return decisions_; }

 private:
  engine::PriceTap& tap_;
  engine::Shard* shard_ = nullptr;
  engine::Control* control_ = nullptr;
  std::map<std::string, const venues::Venue*> venues_;  ///< by the name they have there
  std::deque<std::function<void()>> waiting_;
  std::vector<PositionDecisionRow> decisions_;
};

}  // namespace feedwatch::replay
