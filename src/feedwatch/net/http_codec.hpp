#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/http_date.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::net {

struct HttpMessage {
  std::string method, target;                                ///< requests
  int status = 0;                                            ///< responses
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  bool http_1_1 = false;
  bool keep_alive = false;

  std::string_view header(std::string_view name) const;
  /// Is `token` among the comma-separated values of that header, whatever its case?
  bool has_token(std::string_view name, std::string_view token) const;
};

struct HttpParseError {
  int status = 400;  ///< what a server answers: 400, 413 or 431
  std::string detail;
};

/// One HTTP/1.x message out of bytes, without a socket. Limits are on bytes; chunked bodies are
/// joined.
class HttpParser {
 public:
  enum class Kind : unsigned char { request, response };
  struct Limits {
    std::size_t headers = 16U << 10U;
    std::size_t body = 1U << 20U;
  };
  /// `no_body`: the answer to a HEAD, or one whose body nobody reads.
  HttpParser(Kind kind, Limits limits, bool no_body = false);
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  /// Returns how many bytes were taken; the caller shows the rest again with more behind it.
  std::size_t feed(std::string_view bytes);
  /// The peer has closed: ends a body that lasts until then, else an error.
  void feed_end();

  bool started() const;  ///< any byte taken or offered
  bool head_done() const;
  bool done() const;
  const std::optional<HttpParseError>& error() const;
  /// Once head_done(); the body is there once done().
  HttpMessage take();
  /// Once head_done(): without the body.
  const HttpMessage& head();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Seconds or an HTTP date (RFC 9110 §10.2.3), as the time from `now`; never negative, at most a
/// week. Nothing if malformed.
std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

/// No CR, LF or other control character: may stand in a header.
bool is_header_value(std::string_view text);
bool is_header_name(std::string_view text);

}  // namespace feedwatch::net
