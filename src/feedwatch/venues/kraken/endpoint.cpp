#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::kraken {

std::string Client::dial_url(std::string_view base, std::string_view route) const {
  return wire::join_url(base, "/" + std::string(route));
}

std::optional<std::string> Server::route_of(std::string_view target, std::vector<Topic>&) const {
  return wire::only_route(target, "/", "v2");  // the bare path speaks v1
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::kraken
