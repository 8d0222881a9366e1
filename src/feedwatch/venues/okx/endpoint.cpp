#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::okx {

namespace {

constexpr std::string_view base_path = "/ws/v5/";
constexpr std::string_view only_route = "public";

}  // namespace

std::string Client::dial_url(std::string_view base, std::string_view route) const {
  return wire::join_url(base, std::string(base_path) + std::string(route));
}

std::optional<std::string> Server::route_of(std::string_view target, std::vector<Topic>&) const {
  return wire::only_route(target, base_path, only_route);
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::okx
