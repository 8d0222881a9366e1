#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/wire/client_tree.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::coinbase {

namespace {

std::vector<ClientRequest> requests(std::string_view type, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  const auto render = [&](std::uint64_t, std::uint8_t channel, std::string_view symbols) {
    std::string text;
    JsonWriter(text)
        .begin_object()
        .field("type", type)
        .key("product_ids")
        .raw("[" + std::string(symbols) + "]")
        .key("channels")
        .begin_array()
        .string(sheet().channels[channel].name)
        .end_array()
        .end_object();
    return text;
  };
  return wire::split_by_channel(sheet(), topics, first_id, render);
}

/// One member of `channels`: a name, for the products of the whole request, or an object with its
/// own.
void add_channel(const simdjson::dom::element& root, const simdjson::dom::element& member,
                 ClientMessage& message) {
  std::string_view name;
  const bool bare = !member.get_string().get(name);
  if (!bare) name = wire::text_at(member, "name");
  const auto channel = wire::channel_named(sheet(), name);
  const bool known =
      channel && wire::add_symbols(bare ? root : member, "product_ids", *channel, message);
  if (!known) message.invalid.push_back(simdjson::minify(member));
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
  simdjson::dom::array channels;
  if (tree.root()["channels"].get_array().get(channels)) return message;
  for (const simdjson::dom::element channel : channels) {
    add_channel(tree.root(), channel, message);
  }
  return message;
}

}  // namespace feedwatch::venues::coinbase
