#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedwatch::config {

/// The parts of scheme://host[:port][/path]; the host in lower case, IPv6 without its brackets.
struct Url {
  std::string scheme;
  std::string host;
  std::optional<std::uint16_t> port;
  std::string path;  ///< with its slash and query; may be empty

  /// scheme://host[:port]
  std::string origin() const;
};

/// nullopt for anything else: no host, blanks or control characters, credentials, a fragment, a bad
/// port.
std::optional<Url> parse_url(std::string_view text);

/// http or https.
bool is_web(const std::optional<Url>& url);

struct Endpoint {
  std::string host;  ///< numeric address or "localhost"
  std::uint16_t port = 0;
};

/// "127.0.0.1:8420", "[::1]:8420", "localhost:8420".
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// 127.0.0.0/8, ::1, localhost.
bool is_loopback(std::string_view host);

}  // namespace feedwatch::config
