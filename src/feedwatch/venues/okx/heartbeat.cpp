#include "feedwatch/venues/okx/okx.hpp"

namespace feedwatch::venues::okx {

std::string Client::ping_text() const {
  return "ping";
}

std::string Server::encode_pong(const ClientMessage&) const {
  return "pong";
}

}  // namespace feedwatch::venues::okx
