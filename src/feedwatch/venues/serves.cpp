#include <array>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {

namespace {

struct Url {
  std::string_view host;    ///< without port; an IPv6 address with its brackets
  std::string_view target;  ///< path and query
};

std::optional<Url> split(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  url.remove_prefix(scheme + 3);
  const auto slash = url.find('/');
  std::string_view host = url.substr(0, slash);
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) host = host.substr(0, colon);
  return Url{host, slash == std::string_view::npos ? "/" : url.substr(slash)};
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

bool serves(const VenueSide& side, std::string_view url) {
  const auto parts = split(url);
  const auto own = split(side.sheet().ws_url);
  if (!parts || !own || (parts->host != own->host && !is_loopback(parts->host))) return false;
  std::vector<Topic> topics;
  return side.route_of(parts->target, topics).has_value();
}

}  // namespace feedwatch::venues
