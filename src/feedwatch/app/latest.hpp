#pragma once

#include <mutex>
#include <utility>

namespace feedwatch::app {

/// The newest value that one thread shows to others. Showing never waits for who reads: a value
/// that comes while somebody copies the one before is dropped, and the next one follows.
template <class T>
class Latest {
 public:
  /// One thread.
  void show(T value) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) std::swap(value_, value);
  }
  /// Any thread.
  T read() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace feedwatch::app
