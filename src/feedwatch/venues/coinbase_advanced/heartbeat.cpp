#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"

namespace feedwatch::venues::coinbase_advanced {

/// The protocol has no pings of its own; those of WebSocket are answered.
std::string Client::ping_text() const {
  return {};
}

std::string Server::encode_pong(const ClientMessage&) const {
  return {};
}

}  // namespace feedwatch::venues::coinbase_advanced
