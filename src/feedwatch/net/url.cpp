#include "feedwatch/net/url.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "feedwatch/net/socket.hpp"

namespace feedwatch::net {
namespace {

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr Scheme schemes[] = {{"ws", 80}, {"wss", 443}, {"http", 80}, {"https", 443}};

const Scheme* find_scheme(std::string_view name) {
  const auto* found = std::ranges::find(schemes, name, &Scheme::name);
  return found == std::end(schemes) ? nullptr : found;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool host_character(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
}

/// Does the host end in a number, as no name of a host does? The resolver would take it for an
/// address in one of the old spellings: "127.1", "2130706433", "0x7f.1".
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  const bool hexadecimal = last.starts_with("0x");
  return !last.empty() &&
         std::ranges::all_of(last.substr(hexadecimal ? 2 : 0), [&](unsigned char c) {
           return hexadecimal ? std::isxdigit(c) != 0 : std::isdigit(c) != 0;
         });
}

std::expected<std::uint16_t, std::string> parse_port(std::string_view text) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value == 0 || value > 65'535) {
    return std::unexpected(fmt::format("port '{}' is not a number from 1 to 65535", text));
  }
  return static_cast<std::uint16_t>(value);
}

/// Splits "[::1]:80", "host:80" or "host"; the port stays empty when absent.
std::expected<void, std::string> split_authority(std::string_view text, Url& url,
                                                 std::string_view& port) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return std::unexpected("']' is missing after an IPv6 host");
    url.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!url.host.contains(':') || !is_numeric_address(url.host)) {
      return std::unexpected(fmt::format("'{}' is not an IPv6 address", url.host));
    }
  } else {
    const std::size_t colon = text.find(':');
    url.host = lower(text.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    if (url.host.empty()) return std::unexpected("the host is missing");
    if (!std::ranges::all_of(url.host, host_character)) {
      return std::unexpected(fmt::format("host '{}' holds a character no host name has", url.host));
    }
    if (ends_in_number(url.host) && !is_numeric_address(url.host)) {
      return std::unexpected(
          fmt::format("host '{}' is neither a name nor a full address", url.host));
    }
  }
  if (rest.empty()) return {};
  if (rest.front() != ':') return std::unexpected(fmt::format("'{}' after the host", rest));
  port = rest.substr(1);
  if (port.empty()) return std::unexpected("the port is missing after ':'");
  return {};
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.contains(':') ? "[" + host + "]" : host;
  const Scheme* known = find_scheme(scheme);
  if (known != nullptr && known->port == port) return name;
  return fmt::format("{}:{}", name, port);
}

std::string Url::text() const {
  return scheme + "://" + authority() + target;
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  if (text.empty()) return std::unexpected("it is empty");
  if (!printable(text)) return std::unexpected("it holds a blank or a character beyond ASCII");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return std::unexpected("'://' is missing after the scheme");
  }
  Url url;
  url.scheme = lower(text.substr(0, colon));
  const Scheme* scheme = find_scheme(url.scheme);
  if (scheme == nullptr) {
    return std::unexpected(
        fmt::format("scheme '{}' is not one of ws, wss, http, https", url.scheme));
  }
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t path = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, path);
  if (authority.contains('@')) {
    return std::unexpected("user names and passwords are not taken from URLs");
  }
  std::string_view port;
  if (const auto split = split_authority(authority, url, port); !split) {
    return std::unexpected(split.error());
  }
  url.port = scheme->port;
  if (!port.empty()) {
    const auto parsed = parse_port(port);
    if (!parsed) return std::unexpected(parsed.error());
    url.port = *parsed;
  }
  url.target = path == std::string_view::npos ? "/" : std::string(rest.substr(path));
  if (url.target.front() == '?') url.target.insert(0, "/");
  return url;
}

}  // namespace feedwatch::net
