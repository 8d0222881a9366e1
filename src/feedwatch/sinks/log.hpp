#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

/// One line per notice through a logging callback. Always delivers. The answer comes through
/// the owner's mailbox, as the port demands; when that is full it goes with the next delivery.
/// Owner's thread only; `mailbox` must outlive it.
class LogSink final : public Sink {
 public:
  using Write = std::function<void(std::string_view line)>;
  LogSink(std::string name, Write write, Mailbox& mailbox);

  const std::string& name() const override { return name_; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 100, .per_second = 100, .burst = 1'000}; }
  /// How often the mailbox was full.
  std::uint64_t postponed() const { return postponed_; }

 private:
  struct Answers;
  std::string name_;
  Write write_;
  Mailbox& mailbox_;
  std::shared_ptr<Answers> answers_;
  std::uint64_t postponed_ = 0;
};

}  // namespace feedwatch::sinks
