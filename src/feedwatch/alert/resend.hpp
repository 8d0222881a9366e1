#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

/// The state of every alert, told again and again to a receiver that takes silence for an end
/// (Alertmanager): firing ones for as long as they fire, ended ones for `ended_for` after, so that
/// one that was away meanwhile hears of it. If the monitor dies, its alerts end there by
/// themselves.
///
/// In rounds of messages of a bounded size, one message at a time. Nothing is stored and nothing
/// tried again: the next round says the same. State machine: told `now`.
class Resend {
 public:
  static constexpr Duration ended_for = 15min;

  explicit Resend(SinkLimits limits) : limits_(limits) {}

  /// The newest state of an alert; an end of one that was never firing here is nothing.
  void note(const Notice& notice, MonoTime now);

  /// Whether a round may have told the receiver of this alert.
  bool has_told(const std::string& identity) const;
  /// An alert nobody is to hear of.
  void forget(const std::string& identity) { alerts_.erase(identity); }

  /// The next message, when it is time; answered by answered().
  std::optional<Notification> due(MonoTime now);
  void answered(const SinkResult& result, MonoTime now);
  MonoTime next_deadline() const;

 private:
  struct Entry {
    Notice notice;
    MonoTime until = never_mono;
    bool told = false;
  };

  SinkLimits limits_;
  std::map<std::string, Entry> alerts_;  ///< by identity
  std::string cursor_;                   ///< the newest one told in this round
  MonoTime round_ = never_mono;          ///< when this round began, or begins
  bool in_flight_ = false;
};

}  // namespace feedwatch::alert
