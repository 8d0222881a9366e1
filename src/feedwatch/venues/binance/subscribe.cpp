#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/wire/client_message.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::binance {

namespace {

std::vector<ClientRequest> requests(const Market& market, std::string_view method,
                                    std::span<const Topic> topics, std::uint64_t first_id) {
  const auto name = [&](const Topic& topic) { return stream_name(market, topic); };
  return wire::split_requests(market.sheet, topics, first_id, name,
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

std::string stream_name(const Market& market, const Topic& topic) {
  const std::string_view channel = market.sheet.channels[topic.channel].name;
  return wire::ascii_lower(topic.symbol).append("@").append(channel);
}

std::optional<Topic> topic_of(const Market& market, std::string_view name) {
  const auto channels = market.sheet.channels;
  for (std::uint8_t channel = 0; channel < channels.size(); ++channel) {
    const std::string suffix = "@" + std::string(channels[channel].name);
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      return Topic{channel, wire::ascii_upper(name)};
    }
  }
  return std::nullopt;
}

std::vector<ClientRequest> Client::subscribe(std::span<const Topic> topics,
                                             std::uint64_t first_id) const {
  return requests(market_, "SUBSCRIBE", topics, first_id);
}

std::vector<ClientRequest> Client::unsubscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const {
  return requests(market_, "UNSUBSCRIBE", topics, first_id);
}

ClientMessage Server::parse_client(std::string_view text) const {
  return wire::parse_client(text,
                            {.op = "method",
                             .id = "id",
                             .topics = "params",
                             .subscribe = "SUBSCRIBE",
                             .unsubscribe = "UNSUBSCRIBE",
                             .ping = {}},
                            [&](std::string_view name) { return topic_of(market_, name); });
}

}  // namespace feedwatch::venues::binance
