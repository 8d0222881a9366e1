#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "feedwatch/base/ports/mailbox.hpp"

namespace feedwatch::store {

/// Callbacks on their way to their owner's thread, in order, each once. At most one task of ours is
/// in the mailbox at a time, so a full mailbox delays callbacks and loses none: flush() tries
/// again. Thread-safe; lives on through the posted task when the store has gone.
class Completions : public std::enable_shared_from_this<Completions> {
 public:
  explicit Completions(Mailbox& mailbox) : mailbox_(mailbox) {}

  void push(std::move_only_function<void()> callback);
  /// True when nothing is left that the mailbox has not taken.
  bool flush();
  std::size_t waiting() const;

 private:
  void run();

  Mailbox& mailbox_;
  mutable std::mutex mutex_;
  std::vector<std::move_only_function<void()>> callbacks_;
  bool posted_ = false;
};

}  // namespace feedwatch::store
