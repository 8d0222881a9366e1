#pragma once

#include <memory>
#include <string_view>

#include "feedwatch/config/config.hpp"

namespace feedwatch::app {

/// Lines for people and for log collectors on stderr: text (`time severity text`) or one JSON
/// object a line. Never blocks a caller: when stderr is slower than we are, the oldest waiting
/// lines are dropped and counted. Thread-safe.
class Log {
 public:
  explicit Log(const config::LogConfig& options);
  ~Log();  ///< writes what waits, within a second; drops the rest when nobody reads
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// The least that is written from now on.
  void set_level(config::LogConfig::Level level);
  /// Severity: "debug", "info", "warning", "error" or "alert" (shown whatever the level).
  void line(std::string_view severity, std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::app
