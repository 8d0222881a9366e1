#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/wire/client_tree.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::kraken {

namespace {

/// A request names one channel. `snapshot` is not part of giving up.
std::vector<ClientRequest> requests(std::string_view method, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  const auto render = [&](std::uint64_t id, std::uint8_t channel, std::string_view symbols) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("method", method).key("params").begin_object();
    json.field("channel", sheet().channels[channel].name)
        .key("symbol")
        .raw("[" + std::string(symbols) + "]");
    if (channel == ticker) json.field("event_trigger", "bbo");
    if (method == "subscribe") json.field("snapshot", true);
    json.end_object().field("req_id", id).end_object();
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
  message.op = wire::op_of(wire::text_at(tree.root(), "method"));
  message.id = tree.id("req_id");
  simdjson::dom::element params;
  if (tree.root()["params"].get(params)) return message;
  const std::string_view name = wire::text_at(params, "channel");
  if (const auto channel = wire::channel_named(sheet(), name)) {
    wire::add_symbols(params, "symbol", *channel, message);
  } else if (!name.empty()) {
    message.invalid.emplace_back(name);
  }
  return message;
}

}  // namespace feedwatch::venues::kraken
