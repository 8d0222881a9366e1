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
  return wire::only_route(target, public_path, only_route);
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::bybit_linear
