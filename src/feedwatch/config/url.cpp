#include "feedwatch/config/url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace feedwatch::config {
namespace {

bool visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

/// Letters, digits, '-', '.', '_'; what a resolver can be asked for.
bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

struct Authority {
  std::string host;
  std::optional<std::string_view> port;
};

/// "host:port" with brackets around IPv6.
std::optional<Authority> split_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    std::string host(text.substr(1, close - 1));
    const std::string_view rest = text.substr(close + 1);
    if (!is_ipv6(host) || (!rest.empty() && rest.front() != ':')) return std::nullopt;
    return Authority{lower(host), rest.empty() ? std::nullopt : std::optional{rest.substr(1)}};
  }
  const std::size_t colon = text.find(':');
  std::string host = lower(text.substr(0, colon));
  if (!is_host_name(host)) return std::nullopt;
  return Authority{std::move(host),
                   colon == text.npos ? std::nullopt : std::optional{text.substr(colon + 1)}};
}

}  // namespace

std::string Url::origin() const {
  const bool brackets = host.find(':') != std::string::npos;
  std::string out =
      fmt::format("{}://{}{}{}", scheme, brackets ? "[" : "", host, brackets ? "]" : "");
  if (port) out += fmt::format(":{}", *port);
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == text.npos || colon == 0 || !visible_ascii(text)) return std::nullopt;
  if (text.find('#') != text.npos) return std::nullopt;
  Url url;
  url.scheme = lower(text.substr(0, colon));
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::optional<Authority> authority = split_authority(rest.substr(0, slash));
  if (!authority) return std::nullopt;
  url.host = authority->host;
  url.path = rest.substr(slash);
  if (authority->port) {
    url.port = parse_port(*authority->port);
    if (!url.port || *url.port == 0) return std::nullopt;
  }
  return url;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::optional<Authority> authority = split_authority(text);
  if (!authority || !authority->port) return std::nullopt;
  const bool numeric = is_ipv4(authority->host) || is_ipv6(authority->host);
  if (!numeric && authority->host != "localhost") return std::nullopt;
  const std::optional<std::uint16_t> port = parse_port(*authority->port);
  if (!port) return std::nullopt;
  return Endpoint{authority->host, *port};
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  if (is_ipv4(text)) return text.starts_with("127.");
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address) != 0;
}

bool is_web(const std::optional<Url>& url) {
  return url && (url->scheme == "http" || url->scheme == "https");
}

}  // namespace feedwatch::config
