#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/queue.hpp"
#include "feedwatch/dispatch/record.hpp"

namespace feedwatch::dispatch {

/// One registration of a name: what all its subscriptions have in common.
struct Consumer {
  // Fixed while any of its subscriptions lives; read by the thread that makes the calls.
  ConsumerOptions options;
  Callbacks callbacks;
  ReadOptions read;
  std::shared_ptr<ConsumerQueue> queue;  ///< none: in line

  std::atomic<std::uint64_t> notices_failed{0};  ///< calls but on_price that threw

  // Owner's thread.
  std::uint16_t number = 0;          ///< its own index
  std::uint32_t open = 0;            ///< subscriptions and patterns not ended
  std::uint32_t records = 0;         ///< subscriptions not forgotten yet
  std::uint32_t ended_in_queue = 0;  ///< since drop_closed(): about
  std::uint64_t overruns = 0;

  bool queued() const { return queue != nullptr; }
};
using Consumers = Slab<Consumer, 64, 1024>;

/// What the dispatcher and the threads of queued consumers both reach into.
struct Shared {
  explicit Shared(const PriceBoard& prices) : board(prices) {}

  const PriceBoard& board;
  Records records;
  Consumers consumers;
};

}  // namespace feedwatch::dispatch
