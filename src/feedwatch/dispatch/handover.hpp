#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "feedwatch/dispatch/record.hpp"

namespace feedwatch::dispatch {

/// Subscriptions on their way from one thread to another, linked through their own records: nothing
/// is allocated and it cannot overflow, since one is in it at most once. One thread puts, another
/// takes all; neither waits. Taking all at once is what makes the links safe to reuse.
class Handover {
 public:
  /// True if nothing was waiting. What the thread wrote before is seen by the one that takes it.
  bool put(const Records& records, std::uint32_t index) {
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    do {
      records[index].next_queued = head;
    } while (!head_.compare_exchange_weak(head, index, std::memory_order_release,
                                          std::memory_order_relaxed));
    return head == nobody;
  }
  /// The first of the list in the order they were put; `nobody` if there is none.
  std::uint32_t take_all(const Records& records) {
    std::uint32_t newest = head_.exchange(nobody, std::memory_order_acquire);
    std::uint32_t first = nobody;
    while (newest != nobody) {
      const std::uint32_t older = std::exchange(records[newest].next_queued, first);
      first = std::exchange(newest, older);
    }
    return first;
  }
  bool empty() const { return head_.load(std::memory_order_relaxed) == nobody; }

 private:
  std::atomic<std::uint32_t> head_{nobody};
};

}  // namespace feedwatch::dispatch
