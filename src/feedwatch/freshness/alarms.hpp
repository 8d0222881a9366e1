#pragma once

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/board/slot.hpp"

namespace feedwatch {

/// Deadlines of a stream that are not about its level and share its one place in the wheel: those
/// of its consumers. Asked when the stream's deadline comes, not when ticks do. One thread.
class Alarms {
 public:
  virtual ~Alarms() = default;
  /// The first moment at which something is to be done with the stream if nothing comes.
  virtual MonoTime next_alarm(StreamId stream, const Slot& slot) const = 0;
};

}  // namespace feedwatch
