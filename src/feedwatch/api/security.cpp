#include "feedwatch/api/security.hpp"

#include <algorithm>

#include "feedwatch/api/reply.hpp"

namespace feedwatch::api {

namespace {

/// "localhost:8420" → "localhost", "[::1]:8420" → "[::1]"; empty when what follows is no port.
std::string_view without_port(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  const std::string_view name = host.substr(0, end);
  std::string_view port = host.substr(name.size());
  if (port.starts_with(':')) port.remove_prefix(1);
  const bool digits = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? name : std::string_view{};
}

bool equal_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

bool is_loopback(std::string_view name) {
  return equal_name(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

bool equal_secret(std::string_view a, std::string_view b) {
  const auto byte = [](char c) { return unsigned{static_cast<unsigned char>(c)}; };
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= byte(a[i]) ^ byte(b.empty() ? '\0' : b[i % b.size()]);
  }
  return difference == 0;
}

bool Gatekeeper::host_allowed(std::string_view host) const {
  const std::string_view name = without_port(host);
  if (is_loopback(name)) return true;
  return std::ranges::any_of(options_.hosts, [&](const std::string& allowed) {
    return equal_name(allowed, name) || equal_name(allowed, host);
  });
}

bool Gatekeeper::origin_allowed(std::string_view origin, std::string_view host) const {
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && equal_name(origin.substr(scheme + 3), host)) return true;
  return std::ranges::find(options_.origins, origin) != options_.origins.end();
}

std::optional<net::Response> Gatekeeper::refuse(const net::Request& request) const {
  const std::string_view host = request.header("host");
  const auto is_host = [](const auto& header) { return header.first == "host"; };
  if (std::ranges::count_if(request.headers, is_host) > 1) {
    return problem(400, "Bad Request", "more than one Host header");
  }
  if (!host_allowed(host)) {
    return problem(421, "Misdirected Request",
                   "this server does not answer to that Host (add it to api.allowed_hosts)");
  }
  const std::string_view origin = request.header("origin");
  if (!origin.empty() && !origin_allowed(origin, host)) {
    return problem(403, "Forbidden",
                   "requests from that Origin are not allowed (add it to api.allowed_origins)");
  }
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  if (options_.token.empty()) {
    return problem(403, "Forbidden",
                   "no write token is configured, so nothing can be changed (set api.token_file)");
  }
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view given = request.header("authorization");
  if (equal_name(given.substr(0, scheme.size()), scheme) &&
      equal_secret(given.substr(scheme.size()), options_.token)) {
    return std::nullopt;
  }
  net::Response refusal =
      problem(401, "Unauthorized", "send the write token: Authorization: Bearer …");
  refusal.headers.emplace_back("www-authenticate", "Bearer");
  return refusal;
}

}  // namespace feedwatch::api
