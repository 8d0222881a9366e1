#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/model/stream_key.hpp"
#include "feedwatch/net/http_server.hpp"

namespace feedwatch::api {

/// Answers as this API gives them: no sniffing, no caching, no referrer, no use by other
/// sites.
net::Response reply(int status, std::string_view content_type, std::string body);
net::Response json_reply(int status, std::string body);

/// application/problem+json (RFC 9457). `detail` says what is wrong and what to do. `members` are
/// further fields, values already JSON.
using Members = std::vector<std::pair<std::string_view, std::string>>;
net::Response problem(int status, std::string_view title, std::string_view detail,
                      const Members& members = {});

/// 400, 404, 405 (`allowed`: the methods there are) and 503 as such problems.
net::Response bad_request(const Error& error);
net::Response not_found(std::string_view what);
net::Response only(std::string_view allowed);
net::Response unavailable(const Error& error);

/// 409 with the refusal's words and age.
net::Response refused_reply(const StreamKey& key, const Refusal& refusal);

}  // namespace feedwatch::api
