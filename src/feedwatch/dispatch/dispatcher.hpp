#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "feedwatch/base/deadline_heap.hpp"
#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/subscriber.hpp"

namespace feedwatch {

/// Prices from the board to consumers, conflated and judged (semantics §6).
///
/// Callbacks run inside on_price(), on_time() and the other events, on the owner's thread, and may
/// call everything here, unsubscribe included: what is unsubscribed is only marked while any call
/// runs and destroyed after the outermost has returned. Not thread-safe; holds a reference to the
/// board, which outlives it.
class Dispatcher {
 public:
  explicit Dispatcher(const PriceBoard& board) : board_(board) {}

  Subscription subscribe(StreamId stream, const StreamKey& key, const ConsumerOptions& options,
                         Callbacks callbacks);
  void unsubscribe(Subscription subscription);
  void drop_stream(StreamId stream);

  /// The board holds a new price of the stream.
  void on_price(StreamId stream, MonoTime now);
  /// No new price, but the verdict may have changed (confirmation, gate, limits).
  void on_verdict(StreamId stream, MonoTime now);
  void on_level(StreamId stream, Level from, Level to);

  MonoTime next_deadline() const { return heap_.next(); }
  /// Precondition: next_deadline() <= now.
  void on_deadline(MonoTime now);

  std::vector<DeliveryCounters> counters() const;

 private:
  struct Place {
    std::unique_ptr<Subscriber> subscriber;
    std::uint32_t generation = 0;
  };
  class Running;

  std::vector<std::uint32_t>& of(StreamId stream);
  void detach(std::uint32_t place);
  void purge();
  void serve(std::uint32_t place, MonoTime now);
  void arm(std::uint32_t place);
  template <class Action>
  void for_each(StreamId stream, Action&& action);
  static Subscription handle(std::uint32_t place, std::uint32_t generation);

  const PriceBoard& board_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> detached_;  ///< to be destroyed when no call runs
  std::vector<std::vector<std::uint32_t>> by_stream_;
  DeadlineHeap heap_;
  int running_ = 0;
};

}  // namespace feedwatch
