#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

namespace feedwatch::app {

/// Speaks to the service manager that started us (sd_notify(3)): one datagram to the socket named
/// by NOTIFY_SOCKET. Without it every call does nothing. Any thread.
class ServiceManager {
 public:
  /// `socket`: path, or "@name" in the abstract namespace; empty = there is none.
  ServiceManager(std::string socket, std::optional<Duration> watchdog)
      : socket_(std::move(socket)), watchdog_(watchdog) {}
  /// As the environment says. WATCHDOG_USEC counts for the process of WATCHDOG_PID only.
  static ServiceManager from_environment();

  void ready(std::string_view status) const;  ///< READY=1
  void stopping() const;                      ///< STOPPING=1
  void status(std::string_view text) const;   ///< STATUS=…, one line
  void alive() const;                         ///< WATCHDOG=1
  /// How often alive() must be called, if the manager waits for it.
  std::optional<Duration> watchdog() const { return watchdog_; }

 private:
  void send(std::string_view message) const;

  std::string socket_;
  std::optional<Duration> watchdog_;
};

}  // namespace feedwatch::app
