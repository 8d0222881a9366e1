#include "feedwatch/venues/binance/binance.hpp"

namespace feedwatch::venues::binance {

// Pings are WebSocket frames in both directions; there is no ping in the text protocol.
std::string Client::ping_text() const {
  return {};
}
std::string Server::encode_pong(const ClientMessage&) const {
  return {};
}

}  // namespace feedwatch::venues::binance
