#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/wire/client_tree.hpp"
#include "feedwatch/venues/wire/text.hpp"

namespace feedwatch::venues::okx {

namespace {

std::vector<ClientRequest> requests(std::string_view op, std::span<const Topic> topics,
                                    std::uint64_t first_id) {
  return wire::split_arguments(sheet(), topics, first_id, argument_text,
                               [&](std::uint64_t id, std::string_view args) {
                                 std::string text;
                                 JsonWriter(text)
                                     .begin_object()
                                     .field("id", std::to_string(id))
                                     .field("op", op)
                                     .key("args")
                                     .raw("[" + std::string(args) + "]")
                                     .end_object();
                                 return text;
                               });
}

/// One argument: a channel of ours, with an instrument where it needs one.
std::optional<Topic> topic_of(const simdjson::dom::element& argument) {
  const auto channel = wire::channel_named(sheet(), wire::text_at(argument, "channel"));
  if (!channel) return std::nullopt;
  if (*channel == status) return Topic{status, {}};
  const std::string_view symbol = wire::text_at(argument, "instId");
  if (symbol.empty()) return std::nullopt;
  return Topic{*channel, std::string(symbol)};
}

/// An argument as the venue's refusals name it.
std::string named(const simdjson::dom::element& argument) {
  if (!argument.is_object()) return simdjson::minify(argument);
  return "channel:" + std::string(wire::text_at(argument, "channel")) +
         ",instId:" + std::string(wire::text_at(argument, "instId"));
}

}  // namespace

std::string argument_text(const Topic& topic) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("channel", sheet().channels[topic.channel].name);
  if (topic.channel != status) json.field("instId", topic.symbol);
  json.end_object();
  return text;
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
  ClientMessage message;
  if (text == "ping") {
    message.op = ClientOp::ping;
    return message;
  }
  const wire::ClientTree tree(text);
  message.op = wire::op_of(wire::text_at(tree.root(), "op"));
  message.id = tree.id("id");
  simdjson::dom::array args;
  if (tree.root()["args"].get_array().get(args)) return message;
  for (const simdjson::dom::element argument : args) {
    if (auto topic = topic_of(argument)) {
      message.topics.push_back(std::move(*topic));
    } else {
      message.invalid.push_back(named(argument));
    }
  }
  return message;
}

}  // namespace feedwatch::venues::okx
