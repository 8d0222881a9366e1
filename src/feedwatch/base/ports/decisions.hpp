#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// A decision about a position, and its place among all of them.
struct WrittenDecision {
  std::int64_t seq = 0;
  PositionDecisionRow row;
};

/// Reads what was written: at most `limit`, in that order, behind the place `after` (0 = from the
/// first that is kept). `done` runs once, on the owner's thread, never inside the call; or never,
/// when the answer was lost.
using DecisionReader =
    std::function<void(std::int64_t after, std::size_t limit,
                       std::move_only_function<void(Result<std::vector<WrittenDecision>>)> done)>;

/// Somebody who is told decisions. One attempt; who repeats it and when is somebody else's
/// business. Of the results, `failed` means that this decision would be refused again, `gone` that
/// every one would be for now. `done` runs once, on the owner's thread, never inside deliver().
class DecisionReceiver {
 public:
  using Done = std::move_only_function<void(SinkResult)>;
  virtual ~DecisionReceiver() = default;
  virtual const std::string& name() const = 0;
  virtual void deliver(const PositionDecisionRow& decision, WallTime sent_at, Done done) = 0;
};

}  // namespace feedwatch
