#pragma once

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/socket.hpp"

namespace feedwatch::app {

/// Standard error as somewhere to write that may have no reader: a line waits for its turn until
/// stop(), and for `patience` after it. Then what cannot be written at once is dropped and counted.
/// Lines are logged by one thread (spdlog's worker); stop() and dropped() belong to any.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static constexpr Duration patience = 1s;

  StderrSink();

  void stop() { give_up_ = to_ns(clock_.now() + patience); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  bool write_whole(std::string_view line) const;
  bool wait_for_room() const;
  bool over() const { return to_ns(clock_.now()) >= give_up_; }

  embed::SystemClock clock_;
  net::Fd own_;
  int fd_;
  std::atomic<std::int64_t> give_up_ = to_ns(never_mono);
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace feedwatch::app
