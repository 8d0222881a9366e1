#pragma once

#include <functional>
#include <optional>
#include <string>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// One alert message on its way out.
struct Notification {
  std::string id;       ///< idempotency key; receivers may see it more than once
  std::string payload;  ///< JSON
  std::string summary;  ///< one line for people
  std::string status;   ///< "firing" | "resolved"
};

/// What a sink says about one attempt; who retries and when is somebody else's business.
struct SinkResult {
  enum class Status : unsigned char { delivered, retry, failed };
  Status status = Status::delivered;
  std::string detail;
  std::optional<Duration> retry_after;
};

/// A way alerts leave the program. `done` runs once, on the owner's thread, never inside deliver().
class Sink {
 public:
  using Done = std::move_only_function<void(SinkResult)>;
  virtual ~Sink() = default;
  virtual const std::string& name() const = 0;
  virtual void deliver(const Notification& notification, Done done) = 0;
};

}  // namespace feedwatch
