#include <algorithm>
#include <array>
#include <utility>

#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance {

namespace {

/// Takes "/public" or "/market" off the front.
std::string_view take_route(const Market& market, std::string_view& path) {
  for (const std::string_view route : market.routes) {
    const std::size_t length = route.size() + 1;
    if (path.size() > length && path[0] == '/' && path.substr(1, route.size()) == route &&
        path[length] == '/') {
      path.remove_prefix(length);
      return route;
    }
  }
  return market.unrouted;
}

/// Stream names joined by '/'. Names of channels we do not model are left out, as the venue's own
/// acknowledgement leaves them unmentioned.
void add_streams(const Market& market, std::string_view names, std::vector<Topic>& topics) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find('/'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    auto topic = topic_of(market, wire::percent_decode(name));
    if (topic) topics.push_back(std::move(*topic));
  }
}

}  // namespace

std::string Client::dial_url(std::string_view base, std::string_view route) const {
  const std::string prefix = market_.routes.empty() ? "" : "/" + std::string(route);
  return wire::join_url(base, prefix + "/stream");
}

std::optional<std::string> Server::route_of(std::string_view target,
                                            std::vector<Topic>& topics) const {
  const wire::Target parts = wire::Target::split(target);
  std::string_view path = parts.path;
  const std::string_view route = take_route(market_, path);
  if (path == "/stream") {
    // Only separators and '=' matter here; each name is decoded on its own.
    std::string_view query = parts.query;
    if (query.starts_with("streams=")) {
      query.remove_prefix(8);
      add_streams(market_, query.substr(0, query.find('&')), topics);
    }
    return std::string(route);
  }
  // "/ws?<stream>" is no form of the venue's.
  if (path == "/ws" && !parts.has_query) return std::string(route);
  if (path.starts_with("/ws/")) {
    add_streams(market_, path.substr(4), topics);
    return std::string(route);
  }
  return std::nullopt;
}

bool Server::delivers(std::string_view route, std::uint8_t channel) const {
  return wire::on_route(sheet(), route, channel);
}

}  // namespace feedwatch::venues::binance
