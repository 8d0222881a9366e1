#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/dispatch/queue.hpp"

namespace feedwatch::embed {

/// A thread that makes the calls of one or more queued consumers as they become due, in turn: those
/// that share a thread wait for each other, and nobody else does.
///
/// Constructed on the monitor's thread. Destroyed on any but its own, before or after the monitor:
/// the call that runs ends first, what is still queued is not called. Sleeps while nothing is due.
/// Holds its queues; the clock outlives it.
class DeliveryThread {
 public:
  DeliveryThread(std::vector<std::shared_ptr<ConsumerQueue>> queues, const Clock& clock);
  ~DeliveryThread();
  DeliveryThread(const DeliveryThread&) = delete;
  DeliveryThread& operator=(const DeliveryThread&) = delete;

 private:
  class Signal;
  std::shared_ptr<Signal> signal_;  ///< shared with the queues, which may outlive this
  std::jthread thread_;
};

}  // namespace feedwatch::embed
