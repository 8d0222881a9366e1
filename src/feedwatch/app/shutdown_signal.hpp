#pragma once

#include <optional>

#include "feedwatch/base/time.hpp"

namespace feedwatch::app {

/// SIGINT, SIGTERM and SIGHUP as something to wait for. Blocks them in the constructing thread and
/// in every thread started after it, so construct it before any. One at a time per process.
class ShutdownSignal {
 public:
  enum class Signal : unsigned char { none, stop, reload };

  ShutdownSignal();
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  /// Waits at most so long (for ever if absent).
  Signal wait(std::optional<Duration> limit);

 private:
  int fd_ = -1;
};

}  // namespace feedwatch::app
