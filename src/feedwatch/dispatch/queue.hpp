#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/dispatch/handover.hpp"

namespace feedwatch {

class PriceBoard;

namespace dispatch {
class Registry;
struct Shared;
}  // namespace dispatch

/// What a queued consumer is to be called with, until its own thread makes the calls.
///
/// Holds at most one entry per subscription, without a price: the newest one is read from the board
/// when its turn comes, so a slow consumer never gets an old price and is never behind by more
/// than one call per stream. Entries come in the order they were handed over.
///
/// One thread at a time runs it, whichever; the monitor's thread puts entries in and never waits.
/// Outlives its monitor: run() then does nothing. Held by shared_ptr.
class ConsumerQueue {
 public:
  /// Takes entries until `limit` are done or none is left, and makes their calls on this thread.
  /// The clock is read after each price, and the price judged by it immediately before the call.
  /// Returns how many were taken; fewer than `limit` = the queue was empty. Does nothing inside a
  /// callback of this same queue. No allocation, no lock.
  std::size_t run(const Clock& clock, std::size_t limit);
  /// Whether run() would find nothing. On the thread that runs it.
  bool empty() const;
  /// `wake` is called on the monitor's thread whenever the queue turns non-empty, and at once,
  /// since an earlier runner may have left something. It must not block, nor run the queue.
  /// Monitor's thread.
  void set_wake(std::function<void()> wake);

  explicit ConsumerQueue(dispatch::Shared& shared) : shared_(shared) {}
  ConsumerQueue(const ConsumerQueue&) = delete;
  ConsumerQueue& operator=(const ConsumerQueue&) = delete;
  ~ConsumerQueue() = default;

 private:
  friend class Dispatcher;
  friend class dispatch::Registry;
  enum Gate : std::uint32_t { closed = 1, busy = 2 };
  struct Due;

  // Owner's thread.
  void put(std::uint32_t record);
  /// Gives back the ended subscriptions that wait for a consumer who may never run again.
  void drop_closed();
  /// No call runs or starts any more.
  void close();

  // The consumer's thread.
  std::uint32_t next();
  void serve(std::uint32_t index, const Clock& clock);
  bool claim(std::uint32_t index, const Clock& clock, Due& due);
  void make_calls(std::uint32_t index, const Due& due);

  dispatch::Shared& shared_;  ///< the dispatcher's; not touched once closed
  dispatch::Handover incoming_;
  std::uint32_t ready_ = dispatch::nobody;  ///< taken over, in order; the consumer's thread
  std::atomic<std::uint32_t> gate_{0};
  std::function<void()> wake_;
};

}  // namespace feedwatch
