#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/sim/memory_ports.hpp"

namespace feedwatch::sim {

/// Where a bot takes decisions over HTTP: what is taken is passed on to it.
class MemoryReceiver final : public DecisionReceiver {
 public:
  static constexpr Duration delivery_time = 5ms;
  static constexpr Duration timeout = 5s;
  /// As an answer: it takes the decision, and nobody hears of it before the attempt is given up.
  static constexpr int no_answer = 0;

  using Pass = std::function<void(const PositionDecisionRow&)>;
  MemoryReceiver(PortParts parts, Pass pass) : parts_(parts), pass_(std::move(pass)) {}

  const std::string& name() const override { return name_; }
  void deliver(const PositionDecisionRow& decision, WallTime sent_at, Done done) override;

  /// HTTP status of every answer from now on, or `no_answer`.
  void set_answer(int status);
  /// When it first did not take one, or could not say so.
  std::optional<MonoTime> first_down() const { return first_down_; }

 private:
  std::string name_ = "bot";
  PortParts parts_;
  Pass pass_;
  int answer_ = 204;
  std::optional<MonoTime> first_down_;
};

}  // namespace feedwatch::sim
