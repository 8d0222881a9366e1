#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/wire/client_message.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

std::vector<ClientRequest> requests(std::string_view method, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  return wire::split_requests(sheet(), topics, first_id, stream_name,
                              [&](std::uint64_t id, std::string_view params) {
                                std::string text;
                                JsonWriter(text)
                                    .begin_object()
                                    .field("method", method)
                                    .key("params")
                                    .raw("[" + std::string(params) + "]")
                                    .field("id", id)
                                    .end_object();
                                return text;
                              });
}

}  // namespace

std::string stream_name(const Topic& topic) {
  return wire::ascii_lower(topic.symbol) + "@" + std::string(sheet().channels[topic.channel].name);
}

std::optional<Topic> topic_of(std::string_view name) {
  for (std::uint8_t channel = 0; channel < sheet().channels.size(); ++channel) {
    const std::string suffix = "@" + std::string(sheet().channels[channel].name);
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      return Topic{channel, wire::ascii_upper(name)};
    }
  }
  return std::nullopt;
}

std::vector<ClientRequest> Client::subscribe(std::span<const Topic> topics,
                                             std::uint64_t first_id) const {
  return requests("SUBSCRIBE", topics, first_id);
}

std::vector<ClientRequest> Client::unsubscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const {
  return requests("UNSUBSCRIBE", topics, first_id);
}

ClientMessage Server::parse_client(std::string_view text) const {
  return wire::parse_client(text,
                            {.op = "method",
                             .id = "id",
                             .topics = "params",
                             .subscribe = "SUBSCRIBE",
                             .unsubscribe = "UNSUBSCRIBE",
                             .ping = {}},
                            topic_of);
}

}  // namespace feedwatch::venues::binance_usdm
