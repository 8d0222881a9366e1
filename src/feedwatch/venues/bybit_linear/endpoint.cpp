#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

constexpr std::string_view public_path = "/v5/public/";
constexpr std::string_view only_route = "linear";

}  // namespace

std::string Client::dial_url(std::string_view base, std::string_view route) const {
  return wire::join_url(base, std::string(public_path) + std::string(route));
}

std::optional<std::string> Server::route_of(std::string_view target, std::vector<Topic>&) const {
  const std::string_view path = wire::Target::split(target).path;
  if (!path.starts_with(public_path) || path.substr(public_path.size()) != only_route) {
    return std::nullopt;
  }
  return std::string(only_route);
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return channel < sheet().channels.size() && sheet().channels[channel].route == route;
}

}  // namespace feedwatch::venues::bybit_linear
