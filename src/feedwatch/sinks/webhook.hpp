#pragma once

#include <string>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

struct WebhookOptions {
  std::string name;
  std::string url;      ///< often a secret in itself: nothing but its host is ever in a result
  std::string ca_file;  ///< additional private CA, PEM
  Duration timeout = 10s;
};

/// POSTs the payload as it stands, with the notification's id as Idempotency-Key.
///
/// 2xx is delivered. 408, 429, 5xx and anything short of an answer may pass: retry, after
/// Retry-After where the answer has one (at most an hour). Every other status fails: the same
/// request would be refused again. The answer's body is not told to anybody: many receivers repeat
/// the path there. Redirects are not followed. Owner's thread only; `http` must
/// outlive it; may be destroyed while an attempt is under way.
class WebhookSink final : public Sink {
 public:
  WebhookSink(WebhookOptions options, HttpFetch& http);

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;

 private:
  WebhookOptions options_;
  HttpFetch& http_;
};

/// What an answer means for the delivery.
SinkResult judge_answer(const HttpResponse& response);

}  // namespace feedwatch::sinks
