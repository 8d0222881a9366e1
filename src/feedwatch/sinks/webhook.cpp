#include "feedwatch/sinks/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/sinks/retry_after.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_answer = 64U << 10U;

bool may_pass(int status) {
  return status == 408 || status == 429 || status / 100 == 5;
}

/// The status alone: receivers answer with the path they were asked for, and the path is the
/// secret.
std::string describe(const HttpResponse& response) {
  return fmt::format("HTTP {}", response.status);
}

/// What follows the host: path and query.
std::string_view behind_host(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = url.find_first_of("/?#", host);
  return end == std::string_view::npos ? std::string_view{} : url.substr(end);
}

std::string without(std::string text, std::string_view secret) {
  constexpr std::string_view mask = "<url>";
  if (secret.size() < 2) return text;  // "/" is no secret
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += mask.size()) {
    text.replace(at, secret.size(), mask);
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
    result.detail = without(without(std::move(result.detail), url), behind_host(url));
    done(std::move(result));
  });
}

}  // namespace feedwatch::sinks
