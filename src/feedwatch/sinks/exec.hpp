#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/wording.hpp"
#include "feedwatch/sinks/worker.hpp"

namespace feedwatch::sinks {

struct ExecOptions {
  std::string name;
  std::vector<std::string> command;  ///< absolute path of the program and its arguments
  Duration timeout = 10s;            ///< below the outbox's limit
  Speaker speaker;
};

/// Starts a program for each message: webhook_body() on its standard input, nothing else of ours:
/// no other open file, an environment of PATH and FEEDWATCH_KEY (the message's id). No shell. Exit
/// status 0 is delivered, 75 (EX_TEMPFAIL) may pass, every other fails. Past the time-out its whole
/// process group is killed, and it may pass. On a thread of its own. Owner's thread only.
class ExecSink final : public Sink {
 public:
  ExecSink(ExecOptions options, Mailbox& mailbox);

  const std::string& name() const override { return options_->name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 500, .per_second = 2, .burst = 5}; }

 private:
  std::shared_ptr<const ExecOptions> options_;
  Worker worker_;
};

}  // namespace feedwatch::sinks
