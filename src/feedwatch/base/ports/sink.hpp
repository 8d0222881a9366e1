#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// One change of one alert, in nobody's format: each sink words it its own way. Everything that
/// people or venues wrote (labels, message) is untrusted.
struct Notice {
  std::string key;          ///< idempotency key: the same on every attempt and after a restart
  std::string alert_id;     ///< unique for ever
  std::string name;         ///< "price_staleness"
  std::string identity;     ///< name and scope labels as text; equal for every alert about the same
  std::string fingerprint;  ///< of the identity, 16 hexadecimal digits
  Labels labels;            ///< scope only: no name, no severity
  std::string severity;     ///< "warning" | "critical"
  std::string news;         ///< "fired" | "raised" | "repeated" | "resolved"
  std::string message;
  std::string metadata = "{}";  ///< JSON object
  WallTime started_at;          ///< when the condition became true
  std::optional<WallTime> resolved_at;

  bool resolved() const { return resolved_at.has_value(); }
  bool operator==(const Notice&) const = default;
};

/// One message on its way out: changes of one group. Receivers may see it more than once.
struct Notification {
  std::string id;         ///< the same for the same set of notices; that of a single one is its key
  std::string group_key;  ///< `{venue="binance-spot"}`
  Labels group_labels;
  std::vector<Notice> notices;  ///< never empty; critical firing ones first, else in their order
  std::size_t firing = 0, resolved = 0;  ///< of the whole set, shown in `notices` or not
  WallTime sent_at{};                    ///< of this attempt

  std::size_t truncated() const { return firing + resolved - notices.size(); }
};

/// What a sink says about one attempt; who retries and when is somebody else's business.
struct SinkResult {
  /// failed: the same message would be refused again. gone: every message would be, the receiver
  /// does not exist any more or does not let us in.
  enum class Status : unsigned char { delivered, retry, failed, gone };
  Status status = Status::delivered;
  std::string detail;
  std::optional<Duration> retry_after;
};

/// What a sink can take.
struct SinkLimits {
  std::size_t notices = 100;  ///< most of them in one message
  /// What of a group does not fit in a message is counted in it; else it follows in further ones.
  bool counts_rest = true;
  double per_second = 5;   ///< messages, sustained
  std::size_t burst = 10;  ///< messages at once
  /// Not zero: an alert that still fires has to be told again and again, this often, or the
  /// receiver takes it for ended.
  Duration resend{};
};

/// A way alerts leave the program. `done` runs once, on the owner's thread, never inside deliver().
class Sink {
 public:
  using Done = std::move_only_function<void(SinkResult)>;
  virtual ~Sink() = default;
  virtual const std::string& name() const = 0;
  virtual void deliver(const Notification& notification, Done done) = 0;
  virtual SinkLimits limits() const { return {}; }
  /// Whether it is told of this at all. Says the same for every change of an alert but that it may
  /// begin to be told when the severity rises. Any thread.
  virtual bool takes(const Notice& notice) const { return !notice.key.empty(); }
};

}  // namespace feedwatch
