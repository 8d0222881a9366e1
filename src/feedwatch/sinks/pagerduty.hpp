#pragma once

#include <string>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/post.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

struct PagerdutyOptions {
  std::string name;
  Endpoint endpoint;
  std::string routing_key;  ///< secret
  Speaker speaker;
};

/// One event: `trigger` for what fires, `resolve` for its end. The incident is that of the alert's
/// identity. At most 512,000 bytes: metadata gives way.
std::string pagerduty_body(const Notice& notice, const PagerdutyOptions& options);

/// The identity, of at most 255 bytes: a longer one is cut and ends in its fingerprint.
std::string dedup_key(const Notice& notice);

/// PagerDuty Events API v2: one event a message, below its 120 a minute. Owner's thread only;
/// `http` must outlive it; may be destroyed while an attempt is under way.
class PagerdutySink final : public Sink {
 public:
  PagerdutySink(PagerdutyOptions options, HttpFetch& http)
      : options_(std::move(options)), http_(http) {}

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override {
    return {.notices = 1, .counts_rest = false, .per_second = 1.8, .burst = 10};
  }

 private:
  PagerdutyOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
