#pragma once

#include <string>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/post.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

struct AlertmanagerOptions {
  std::string name;
  Endpoint endpoint;  ///< of the API: …/api/v2/alerts
  Speaker speaker;
};

/// How often firing alerts are told again; they end there when they are not for four times that.
inline constexpr Duration alertmanager_resend = 1min;

/// The body of POST /api/v2/alerts. A firing alert ends four resends from now unless it is told
/// again; one whose severity has risen also ends what it was before, which has other labels there.
std::string alertmanager_body(const Notification& notification, const Speaker& speaker);

/// The address of the API below that of the server; one that has it is left alone.
std::string alertmanager_url(std::string url);

/// Alertmanager, API v2. It groups and silences by itself; what it is told is the state of alerts.
/// Of a batch it refuses (400) it has taken the good ones, so it is not tried again. Owner's thread
/// only; `http` must outlive it; may be destroyed while an attempt is under way.
class AlertmanagerSink final : public Sink {
 public:
  AlertmanagerSink(AlertmanagerOptions options, HttpFetch& http)
      : options_(std::move(options)), http_(http) {}

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override {
    return {.notices = 256,
            .counts_rest = false,
            .per_second = 20,
            .burst = 50,
            .resend = alertmanager_resend};
  }

 private:
  AlertmanagerOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
