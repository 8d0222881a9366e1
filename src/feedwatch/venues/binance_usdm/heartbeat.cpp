#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"

namespace feedwatch::venues::binance_usdm {

// Pings are WebSocket frames in both directions; there is no ping in the text protocol.
std::string Client::ping_text() const {
  return {};
}
std::string Server::encode_pong(const ClientMessage&) const {
  return {};
}

}  // namespace feedwatch::venues::binance_usdm
