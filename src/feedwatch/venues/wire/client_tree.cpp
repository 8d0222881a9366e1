#include "feedwatch/venues/wire/client_tree.hpp"

#include <utility>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::venues::wire {

namespace dom = simdjson::dom;

ClientTree::ClientTree(std::string_view text) {
  // An element of nothing cannot be asked anything.
  if (!parser_.parse(text.data(), text.size()).get(root_) && root_.is_object()) return;
  constexpr std::string_view nothing = "null";
  if (parser_.parse(nothing.data(), nothing.size()).get(root_)) std::unreachable();
}

std::string ClientTree::id(std::string_view key) const {
  dom::element value;
  std::string_view text;
  std::uint64_t number = 0;
  if (root_[key].get(value)) return {};
  if (!value.get_uint64().get(number)) return std::to_string(number);
  return value.get_string().get(text) ? std::string{} : json_quoted(text);
}

ClientOp op_of(std::string_view name) {
  if (name == "subscribe") return ClientOp::subscribe;
  if (name == "unsubscribe") return ClientOp::unsubscribe;
  return name == "ping" ? ClientOp::ping : ClientOp::unknown;
}

std::string_view text_at(const dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) ? std::string_view{} : text;
}

bool add_symbols(const dom::element& object, std::string_view key, std::uint8_t channel,
                 ClientMessage& message) {
  dom::array list;
  if (object[key].get_array().get(list)) return false;
  for (const dom::element item : list) {
    std::string_view symbol;
    const bool is_text = !item.get_string().get(symbol);
    if (is_text && !symbol.empty()) {
      message.topics.push_back({channel, std::string(symbol)});
    } else {
      message.invalid.push_back(simdjson::minify(item));
    }
  }
  return true;
}

}  // namespace feedwatch::venues::wire
