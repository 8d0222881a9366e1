#pragma once

#include <signal.h>

#include <memory>

#include "feedwatch/net/reactor.hpp"

namespace feedwatch::app {

/// Stops a reactor at SIGINT and SIGTERM, which are blocked while it lives, in the constructing
/// thread and in every thread started after it, and arrive through a descriptor: no handler runs
/// between two instructions of ours.
class StopOnSignal final : private net::IoHandler {
 public:
  /// Throws std::system_error when the kernel gives no descriptor.
  explicit StopOnSignal(net::Reactor& reactor);
  ~StopOnSignal() override;
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  void on_io(bool readable, bool writable) override;

  net::Reactor& reactor_;
  sigset_t before_{};
  int fd_ = -1;
  std::unique_ptr<net::IoWatch> watch_;
};

}  // namespace feedwatch::app
