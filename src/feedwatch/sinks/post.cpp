#include "feedwatch/sinks/post.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "feedwatch/sinks/retry_after.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_answer = 64U << 10U;

bool may_pass(int status) {
  return status == 408 || status == 429 || status / 100 == 5;
}

/// What follows the host: path and query.
std::string_view behind_host(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = url.find_first_of("/?#", host);
  return end == std::string_view::npos ? std::string_view{} : url.substr(end);
}

}  // namespace

std::string without(std::string text, std::string_view secret, std::string_view mask) {
  if (secret.size() < 2) return text;  // "/" is no secret
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += mask.size()) {
    text.replace(at, secret.size(), mask);
  }
  return text;
}

SinkResult judge_answer(const HttpResponse& response) {
  using Status = SinkResult::Status;
  if (response.status / 100 == 2)
    return {.status = Status::delivered, .detail = "", .retry_after = {}};
  SinkResult result{.status = may_pass(response.status) ? Status::retry : Status::failed,
                    .detail = fmt::format("HTTP {}", response.status),
                    .retry_after = {}};
  if (result.status == Status::retry) result.retry_after = retry_after(response.headers);
  return result;
}

SinkResult gone_at(SinkResult result, int status, std::initializer_list<int> statuses) {
  if (std::ranges::find(statuses, status) != statuses.end()) {
    result.status = SinkResult::Status::gone;
  }
  return result;
}

void post_json(HttpFetch& http, const Endpoint& endpoint, Posting posting, Judge judge,
               Sink::Done done) {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "feedwatch"},
                     {"Idempotency-Key", std::move(posting.key)}};
  std::ranges::move(posting.headers, std::back_inserter(request.headers));
  std::ranges::copy(endpoint.headers, std::back_inserter(request.headers));
  request.body = std::move(posting.body);
  request.ca_file = endpoint.ca_file;
  request.timeout = endpoint.timeout;
  request.max_body = max_answer;
  http.fetch(std::move(request),
             [done = std::move(done), judge = std::move(judge), url = endpoint.url,
              secrets = endpoint.secrets](std::expected<HttpResponse, std::string> answer) mutable {
               SinkResult result = answer ? judge(*answer)
                                          : SinkResult{.status = SinkResult::Status::retry,
                                                       .detail = std::move(answer.error()),
                                                       .retry_after = {}};
               std::string text = without(std::move(result.detail), url, "<url>");
               text = without(std::move(text), behind_host(url), "<url>");
               for (const std::string& secret : secrets) {
                 text = without(std::move(text), secret, "<secret>");
               }
               result.detail = std::move(text);
               done(std::move(result));
             });
}

}  // namespace feedwatch::sinks
