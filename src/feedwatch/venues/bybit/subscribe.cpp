#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"
#include "feedwatch/venues/wire/client_message.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::bybit {

namespace {

std::vector<ClientRequest> requests(const VenueSheet& sheet, std::string_view op,
                                    std::span<const Topic> topics, std::uint64_t first_id) {
  const auto name = [&](const Topic& topic) { return topic_text(sheet, topic); };
  return wire::split_requests(sheet, topics, first_id, name,
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

std::string topic_text(const VenueSheet& sheet, const Topic& topic) {
  const ChannelSheet& channel = sheet.channels[topic.channel];
  std::string text(channel.name);
  return channel.beats == BeatScope::venue ? text : text.append(".").append(topic.symbol);
}

std::optional<Topic> topic_of(const VenueSheet& sheet, std::string_view text) {
  for (std::uint8_t channel = 0; channel < sheet.channels.size(); ++channel) {
    const ChannelSheet& known = sheet.channels[channel];
    if (known.beats == BeatScope::venue) {
      if (text == known.name) return Topic{channel, {}};
      continue;
    }
    const std::string prefix = std::string(known.name) + ".";
    if (text.size() > prefix.size() && text.starts_with(prefix)) {
      return Topic{channel, std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

std::vector<ClientRequest> Client::subscribe(std::span<const Topic> topics,
                                             std::uint64_t first_id) const {
  return requests(sheet(), "subscribe", topics, first_id);
}

std::vector<ClientRequest> Client::unsubscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const {
  return requests(sheet(), "unsubscribe", topics, first_id);
}

ClientMessage Server::parse_client(std::string_view text) const {
  return wire::parse_client(text,
                            {.op = "op",
                             .id = "req_id",
                             .topics = "args",
                             .subscribe = "subscribe",
                             .unsubscribe = "unsubscribe",
                             .ping = "ping"},
                            [&](std::string_view name) { return topic_of(sheet(), name); });
}

}  // namespace feedwatch::venues::bybit
