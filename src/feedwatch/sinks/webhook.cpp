#include "feedwatch/sinks/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/sinks/retry_after.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_answer = 64U << 10U;
constexpr std::size_t max_excerpt = 200;

bool may_pass(int status) {
  return status == 408 || status == 429 || status / 100 == 5;
}

/// "HTTP 404: "what the receiver said"", safe to show.
std::string describe(const HttpResponse& response) {
  if (response.body.empty()) return fmt::format("HTTP {}", response.status);
  return fmt::format("HTTP {}: {}", response.status,
                     json_quoted(std::string_view(response.body).substr(0, max_excerpt)));
}

std::string without(std::string text, std::string_view secret) {
  if (secret.empty()) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
    text.replace(at, secret.size(), "<url>");
  }
  return text;
}

}  // namespace

SinkResult judge_answer(const HttpResponse& response) {
  using Status = SinkResult::Status;
  if (response.status / 100 == 2) return {.status = Status::delivered, .detail = ""};
  if (!may_pass(response.status)) return {.status = Status::failed, .detail = describe(response)};
  return {.status = Status::retry,
          .detail = describe(response),
          .retry_after = retry_after(response.headers)};
}

WebhookSink::WebhookSink(WebhookOptions options, HttpFetch& http)
    : options_(std::move(options)), http_(http) {}

void WebhookSink::deliver(const Notification& notification, Done done) {
  HttpRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "feedwatch"},
                     {"Idempotency-Key", notification.id}};
  request.body = notification.payload;
  request.ca_file = options_.ca_file;
  request.timeout = options_.timeout;
  request.max_body = max_answer;
  http_.fetch(std::move(request), [done = std::move(done), url = options_.url](
                                      std::expected<HttpResponse, std::string> answer) mutable {
    SinkResult result = answer ? judge_answer(*answer)
                               : SinkResult{.status = SinkResult::Status::retry,
                                            .detail = std::move(answer.error())};
    result.detail = without(std::move(result.detail), url);
    done(std::move(result));
  });
}

}  // namespace feedwatch::sinks
