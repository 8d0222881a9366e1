#pragma once

#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/post.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

struct WebhookOptions {
  std::string name;
  Endpoint endpoint;
  std::string signing_key;  ///< secret; empty = not signed
  Speaker speaker;
};

/// A message as a webhook receiver of Alertmanager expects it: the JSON of version "4". Labels hold
/// name, severity, scope and instance, never an age; the fingerprint is that of the identity, so
/// that a rising severity stays the same alert. An alert that still fires ends at the receiver's
/// zero time.
std::string webhook_body(const Notification& notification, const std::string& receiver,
                         const Speaker& speaker);

/// "sha256=" and the HMAC-SHA256 of "timestamp.body" in hexadecimal digits.
std::string signature(const std::string& key, const std::string& timestamp,
                      const std::string& body);

/// X-Feedwatch-Timestamp (seconds since 1970) and X-Feedwatch-Signature; none without a key.
std::vector<std::pair<std::string, std::string>> signed_headers(const std::string& key,
                                                                WallTime sent_at,
                                                                const std::string& body);

/// POSTs webhook_body(), with the message's id as Idempotency-Key. With a key the body is signed.
/// Owner's thread only;
/// `http` must outlive it; may be destroyed while an attempt is under way.
class WebhookSink final : public Sink {
 public:
  WebhookSink(WebhookOptions options, HttpFetch& http);

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 500, .per_second = 10, .burst = 20}; }

 private:
  WebhookOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
