#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/wire/client_tree.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase_advanced {

namespace {

/// A request names one channel; heartbeats have no products.
std::vector<ClientRequest> requests(std::string_view type, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  const auto render = [&](std::uint64_t, std::uint8_t channel, std::string_view symbols) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("type", type);
    if (channel == ticker) json.key("product_ids").raw("[" + std::string(symbols) + "]");
    json.field("channel", sheet().channels[channel].name).end_object();
    return text;
  };
  return wire::split_by_channel(sheet(), topics, first_id, render);
}

}  // namespace

std::vector<ClientRequest> Client::subscribe(std::span<const Topic> topics,
                                             std::uint64_t first_id) const {
  return requests("subscribe", topics, first_id);
}

std::vector<ClientRequest> Client::unsubscribe(std::span<const Topic> topics,
                                               std::uint64_t first_id) const {
  return requests("unsubscribe", topics, first_id);
}

ClientMessage Server::parse_client(std::string_view text) const {
  ClientMessage message;
  const wire::ClientTree tree(text);
  message.op = wire::op_of(wire::text_at(tree.root(), "type"));
  const std::string_view name = wire::text_at(tree.root(), "channel");
  const auto channel = wire::channel_named(sheet(), name);
  if (channel == heartbeats) {
    message.topics.push_back({heartbeats, {}});
  } else if (!channel || !wire::add_symbols(tree.root(), "product_ids", *channel, message)) {
    if (!name.empty()) message.invalid.emplace_back(name);
  }
  return message;
}

}  // namespace feedwatch::venues::coinbase_advanced
