#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"

namespace feedwatch::app {

/// What a reload changed ("venue kraken", "alerts.repeat"), or why nothing was.
using ReloadResult = Result<std::vector<std::string>>;
using ReloadDone = std::move_only_function<void(ReloadResult)>;

/// Requests for a reload that came over HTTP, on their way to the thread that reads the
/// configuration: the one that waits for signals. Thread-safe.
class ReloadDesk {
 public:
  /// Keeps the asker and wakes the process's waiting thread, as a SIGHUP from outside does.
  void ask(ReloadDone done);
  /// Those who wait, in order; each is to be answered.
  std::vector<ReloadDone> take();

 private:
  std::mutex mutex_;
  std::vector<ReloadDone> waiting_;
};

}  // namespace feedwatch::app
