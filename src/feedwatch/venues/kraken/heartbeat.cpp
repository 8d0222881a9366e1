#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"

namespace feedwatch::venues::kraken {

std::string Client::ping_text() const {
  return R"({"method":"ping"})";
}

std::string Server::encode_pong(const ClientMessage& message) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("method", "pong");
  if (!message.id.empty()) json.key("req_id").raw(message.id);
  json.end_object();
  return text;
}

std::string Server::encode_heartbeat(WallTime, std::uint64_t) const {
  return R"({"channel":"heartbeat"})";
}

}  // namespace feedwatch::venues::kraken
