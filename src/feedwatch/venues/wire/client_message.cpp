#include "feedwatch/venues/wire/client_message.hpp"

#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::wire {

namespace {

using TopicOf = std::function<std::optional<Topic>(std::string_view)>;

/// Only a string or an integer: the id is echoed as it stands, so it must be valid JSON by itself.
std::string echoable(const Token& id) {
  const bool integer = !id.is_string() && parse_unsigned(id).has_value();
  return id.is_string() || integer ? std::string(id.text) : std::string{};
}

simdjson::error_code read_topics(ondemand::value& value, const TopicOf& topic_of,
                                 ClientMessage& message) {
  ondemand::array list;
  if (const auto error = value.get_array().get(list)) return error;
  for (auto item : list) {
    ondemand::value member;
    if (const auto error = std::move(item).get(member)) return error;
    const std::string_view raw = raw_token(member);
    std::string_view text;
    if (member.get_string().get(text)) {
      message.invalid.emplace_back(raw);
    } else if (auto topic = topic_of(text)) {
      message.topics.push_back(std::move(*topic));
    } else {
      message.invalid.emplace_back(text);
    }
  }
  return simdjson::SUCCESS;
}

ClientOp op_of(std::string_view name, const ClientWords& words) {
  if (name.empty()) return ClientOp::unknown;
  if (name == words.subscribe) return ClientOp::subscribe;
  if (name == words.unsubscribe) return ClientOp::unsubscribe;
  if (name == words.ping) return ClientOp::ping;
  return ClientOp::unknown;
}

}  // namespace

ClientMessage parse_client(std::string_view text, const ClientWords& words,
                           const TopicOf& topic_of) {
  std::string padded(text);
  padded.append(frame_padding, '\0');
  JsonReader reader;
  ClientMessage message;
  Token op;
  Token id;
  const auto error =
      reader.read(std::string_view(padded.data(), text.size()),
                  [&](std::string_view key, ondemand::value value) -> simdjson::error_code {
                    if (key == words.op) {
                      op.set(raw_token(value));
                    } else if (key == words.id) {
                      id.set(raw_token(value));
                    } else if (key == words.topics && raw_token(value) == "[") {
                      return read_topics(value, topic_of, message);
                    }
                    return simdjson::SUCCESS;
                  });
  if (error != DocumentError::none) return {};
  message.op = op_of(op.inner(), words);
  message.id = echoable(id);
  return message;
}

}  // namespace feedwatch::venues::wire
