#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace feedwatch::net {

/// An absolute URL as far as this product needs it.
struct Url {
  std::string scheme;      ///< "ws", "wss", "http" or "https", in lower case
  std::string host;        ///< name or address; IPv6 without its brackets
  std::uint16_t port = 0;  ///< as written, else the scheme's default
  std::string target;      ///< path and query, at least "/"; never a fragment

  bool secure() const { return scheme == "wss" || scheme == "https"; }
  bool websocket() const { return scheme == "ws" || scheme == "wss"; }
  /// Host header: brackets for IPv6, port only when it is not the scheme's default.
  std::string authority() const;
  std::string text() const;
};

/// Parses ws, wss, http and https URLs. The error says what is wrong with this text, for people:
/// "scheme 'ftp' is not one of ws, wss, http, https". User names in URLs are refused: secrets do
/// not belong there. Any thread.
std::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace feedwatch::net
