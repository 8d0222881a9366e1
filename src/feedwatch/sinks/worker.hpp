#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

/// A thread for attempts that block: one after the other, in order. Answers come through the
/// owner's mailbox; while that is full they wait. run() is the owner's; destruction asks the job
/// that runs to stop, waits for it, and answers nobody any more. `mailbox` must outlive it.
class Worker {
 public:
  /// One attempt; ends soon after a stop is requested. Never throws.
  using Job = std::move_only_function<SinkResult(const std::stop_token& stop)>;

  explicit Worker(Mailbox& mailbox);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// At the bound, which only a job that never ends can reach, the oldest that waits is forgotten:
  /// whoever asked has long taken the silence for a failure.
  void run(Job job, Sink::Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::sinks
