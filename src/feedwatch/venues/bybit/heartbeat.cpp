#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"

namespace feedwatch::venues::bybit {

std::string Client::ping_text() const {
  return R"({"op":"ping"})";
}

std::string Server::encode_pong(const ClientMessage& message) const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("success", true).field("ret_msg", "pong");
  json.field("conn_id", "feedwatch-0");
  json.key("req_id").raw(message.id.empty() ? R"("")" : message.id);
  json.field("op", "ping").end_object();
  return text;
}

}  // namespace feedwatch::venues::bybit
