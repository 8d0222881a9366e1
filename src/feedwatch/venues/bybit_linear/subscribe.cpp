#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/wire/client_message.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

std::vector<ClientRequest> requests(std::string_view op, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  return wire::split_requests(sheet(), topics, first_id, topic_text,
                              [&](std::uint64_t id, std::string_view args) {
                                std::string text;
                                JsonWriter(text)
                                    .begin_object()
                                    .field("req_id", std::to_string(id))
                                    .field("op", op)
                                    .key("args")
                                    .raw("[" + std::string(args) + "]")
                                    .end_object();
                                return text;
                              });
}

}  // namespace

std::string topic_text(const Topic& topic) {
  return std::string(sheet().channels[topic.channel].name) + "." + topic.symbol;
}

std::optional<Topic> topic_of(std::string_view text) {
  for (std::uint8_t channel = 0; channel < sheet().channels.size(); ++channel) {
    const std::string prefix = std::string(sheet().channels[channel].name) + ".";
    if (text.size() > prefix.size() && text.starts_with(prefix)) {
      return Topic{channel, std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

std::vector<ClientRequest> Client::subscribe(std::span<const Topic> topics,
                                             std::uint64_t first_id) const {
  return requests("subscribe", topics, first_id);
}

std::vector<ClientRequest> Client::unsubscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const {
  return requests("unsubscribe", topics, first_id);
}

ClientMessage Server::parse_client(std::string_view text) const {
  return wire::parse_client(text,
                            {.op = "op",
                             .id = "req_id",
                             .topics = "args",
                             .subscribe = "subscribe",
                             .unsubscribe = "unsubscribe",
                             .ping = "ping"},
                            topic_of);
}

}  // namespace feedwatch::venues::bybit_linear
