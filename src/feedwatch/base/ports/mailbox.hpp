#pragma once

#include <functional>

namespace feedwatch {

/// The one way another thread enters a shard or the control: a bounded queue of tasks that run on
/// the owner's thread in the order posted. Thread-safe.
class Mailbox {
 public:
  using Task = std::move_only_function<void()>;
  virtual ~Mailbox() = default;
  /// False when the mailbox is full or closed; the task was not taken.
  [[nodiscard]] virtual bool post(Task task) = 0;
};

}  // namespace feedwatch
