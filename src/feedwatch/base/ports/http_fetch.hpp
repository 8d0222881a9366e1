#pragma once

#include <expected>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;  ///< additional private CA, PEM
  Duration timeout = 5s;
  std::size_t max_body = 8U << 20U;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
};

/// Asynchronous HTTP client. `done` runs once, on the owner's thread, never inside fetch().
class HttpFetch {
 public:
  using Done = std::move_only_function<void(std::expected<HttpResponse, std::string>)>;
  virtual ~HttpFetch() = default;
  virtual void fetch(HttpRequest request, Done done) = 0;
};

}  // namespace feedwatch
