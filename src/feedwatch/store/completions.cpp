#include "feedwatch/store/completions.hpp"

#include <utility>

namespace feedwatch::store {

void Completions::push(std::move_only_function<void()> callback) {
  const std::lock_guard lock(mutex_);
  callbacks_.push_back(std::move(callback));
}

bool Completions::flush() {
  {
    const std::lock_guard lock(mutex_);
    if (posted_ || callbacks_.empty()) return true;
    posted_ = true;
  }
  // Posted without the lock: a mailbox may run the task before post() returns.
  if (mailbox_.post([self = shared_from_this()] { self->run(); })) return true;
  const std::lock_guard lock(mutex_);
  posted_ = false;
  return false;
}

std::size_t Completions::waiting() const {
  const std::lock_guard lock(mutex_);
  return callbacks_.size();
}

void Completions::run() {
  std::vector<std::move_only_function<void()>> ready;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(callbacks_);
    posted_ = false;
  }
  for (auto& callback : ready) callback();
}

}  // namespace feedwatch::store
