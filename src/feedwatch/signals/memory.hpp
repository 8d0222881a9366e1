#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>

namespace feedwatch::signals {

/// The signals heard last, to know one that is told again. Bounded: the oldest is forgotten.
class Memory {
 public:
  static constexpr std::size_t capacity = 65'536;

  /// False: it was known.
  bool add(std::uint64_t key) {
    if (!known_.insert(key).second) return false;
    order_.push_back(key);
    if (order_.size() > capacity) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  bool empty() const { return order_.empty(); }
  std::size_t size() const { return order_.size(); }

 private:
  std::unordered_set<std::uint64_t> known_;
  std::deque<std::uint64_t> order_;
};

}  // namespace feedwatch::signals
