#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit {

namespace {

constexpr std::string_view public_path = "/v5/public/";
constexpr std::string_view status_path = "misc/status";  // behind it; other routes are their path

}  // namespace

std::string Client::dial_url(std::string_view base, std::string_view route) const {
  const std::string_view path = route == status_route ? status_path : route;
  return wire::join_url(base, public_path).append(path);
}

std::optional<std::string> Server::route_of(std::string_view target, std::vector<Topic>&) const {
  const std::string_view path = wire::Target::split(target).path;
  if (!path.starts_with(public_path)) return std::nullopt;
  const std::string_view rest = path.substr(public_path.size());
  if (rest == status_path) return std::string(status_route);
  return rest == category_.name ? std::optional(std::string(rest)) : std::nullopt;
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::bybit
