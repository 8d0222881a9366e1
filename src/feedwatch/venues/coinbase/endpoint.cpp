#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase {

std::string Client::dial_url(std::string_view base, std::string_view) const {
  return wire::join_url(base, "/");
}

std::optional<std::string> Server::route_of(std::string_view target, std::vector<Topic>&) const {
  return wire::Target::split(target).path == "/" ? std::optional<std::string>("feed")
                                                 : std::nullopt;
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::coinbase
