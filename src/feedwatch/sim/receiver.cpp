#include "feedwatch/sim/receiver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace feedwatch::sim {
namespace {

using Status = SinkResult::Status;

/// As the guide says (docs/guide/decisions.md), and not by the code that is under test.
Status status_of(int answer) {
  constexpr std::array about_this_one{400, 409, 413, 422};
  constexpr std::array may_pass{MemoryReceiver::no_answer, 408, 425};
  if (answer >= 200 && answer < 300) return Status::delivered;
  if (std::ranges::find(about_this_one, answer) != about_this_one.end()) return Status::failed;
  if (answer >= 500 || std::ranges::find(may_pass, answer) != may_pass.end()) return Status::retry;
  return Status::gone;
}

}  // namespace

void MemoryReceiver::set_answer(int status) {
  answer_ = status;
  if (status_of(status) != Status::delivered && !first_down_) first_down_ = parts_.clock.now();
}

void MemoryReceiver::deliver(const PositionDecisionRow& decision, WallTime, Done done) {
  SinkResult result{.status = status_of(answer_), .detail = {}, .retry_after = {}};
  const bool lost = answer_ == no_answer;
  if (result.status != Status::delivered) {
    result.detail = lost ? "no answer" : fmt::format("HTTP {}", answer_);
  }
  parts_.log.line(parts_.clock.now(), "receiver " + name_,
                  fmt::format("{} {}", lost ? "takes and does not answer" : std::to_string(answer_),
                              decision.id));
  if (lost || result.status == Status::delivered) pass_(decision);
  parts_.host.post(parts_.clock.now() + (lost ? timeout : delivery_time),
                   [result, done = std::move(done)]() mutable { done(result); });
}

}  // namespace feedwatch::sim
