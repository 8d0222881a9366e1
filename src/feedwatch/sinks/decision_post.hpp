#pragma once

#include <string>

#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/sinks/post.hpp"

namespace feedwatch::sinks {

struct DecisionWebhookOptions {
  std::string name;
  Endpoint endpoint;
  std::string signing_key;  ///< secret; empty = not signed
};

/// What an answer means for a decision: 2xx is taken; 400, 409, 413 and 422 are about this one, it
/// would be refused again; 408, 425 and 5xx may pass, of this one; every other status (429, 401,
/// 404, a redirect, …) is about the receiver, and comes for every decision until somebody mends it.
/// Nothing but the first two ends a delivery: a wrong token must not cost a stop.
SinkResult judge_decision_answer(const HttpResponse& response);

/// POSTs one decision as JSON, with its key as Idempotency-Key, signed as a webhook of alerts is.
/// Owner's thread only; `http` must outlive it; may be destroyed while an attempt is under way.
class DecisionWebhook final : public DecisionReceiver {
 public:
  DecisionWebhook(DecisionWebhookOptions options, HttpFetch& http);

  const std::string& name() const override { return options_.name; }
  void deliver(const PositionDecisionRow& decision, WallTime sent_at, Done done) override;

 private:
  DecisionWebhookOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
