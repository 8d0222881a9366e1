#include "feedwatch/sinks/decision_post.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/decision_json.hpp"
#include "feedwatch/sinks/retry_after.hpp"
#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;

Status status_of(int status) {
  constexpr std::array refusals{400, 409, 413, 422};
  if (status / 100 == 2) return Status::delivered;
  if (std::ranges::find(refusals, status) != refusals.end()) return Status::failed;
  if (status == 408 || status == 425 || status / 100 == 5) return Status::retry;
  return Status::gone;
}

}  // namespace

SinkResult judge_decision_answer(const HttpResponse& response) {
  SinkResult result{.status = status_of(response.status), .detail = {}, .retry_after = {}};
  if (result.status == Status::delivered) return result;
  result.detail = fmt::format("HTTP {}", response.status);
  if (result.status != Status::failed) result.retry_after = retry_after(response.headers);
  return result;
}

DecisionWebhook::DecisionWebhook(DecisionWebhookOptions options, HttpFetch& http)
    : options_(std::move(options)), http_(http) {}

void DecisionWebhook::deliver(const PositionDecisionRow& decision, WallTime sent_at, Done done) {
  Posting posting{.key = decision.id, .body = {}};
  JsonWriter json(posting.body);
  write_decision(json, decision);
  posting.headers = signed_headers(options_.signing_key, sent_at, posting.body);
  post_json(http_, options_.endpoint, std::move(posting), judge_decision_answer, std::move(done));
}

}  // namespace feedwatch::sinks
