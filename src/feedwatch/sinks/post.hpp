#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

/// Where a sink of HTTP posts to. Often the URL is a secret in itself: nothing but its host is ever
/// in a result.
struct Endpoint {
  std::string url;
  std::string ca_file;  ///< additional private CA, PEM
  Duration timeout = 10s;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< further ones
  std::vector<std::string> secrets = {};  ///< what else is never in a result
};

/// What an answer means for the delivery: 2xx is delivered; 408, 429 and 5xx may pass, after
/// Retry-After where the answer has one (at most an hour); every other status fails, because the
/// same request would be refused again. The answer's body is not told to anybody: many receivers
/// repeat there the path they were asked for, and the path is the secret.
SinkResult judge_answer(const HttpResponse& response);

using Judge = std::function<SinkResult(const HttpResponse&)>;

/// One POST of JSON.
struct Posting {
  std::string key;  ///< Idempotency-Key
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Anything short of an answer may pass. Redirects are not followed. `done` runs once, later; no
/// secret of the endpoint is in its detail.
void post_json(HttpFetch& http, const Endpoint& endpoint, Posting posting, Judge judge,
               Sink::Done done);

/// `result` with the status gone where the answer says that the receiver does not exist or does not
/// let us in: one of `statuses`.
SinkResult gone_at(SinkResult result, int status, std::initializer_list<int> statuses);

/// `text` with every occurrence of a secret replaced; secrets of less than two characters are none.
std::string without(std::string text, std::string_view secret, std::string_view mask);

}  // namespace feedwatch::sinks
