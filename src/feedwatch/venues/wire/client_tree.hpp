#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues::wire {

/// A client's message as a tree, for venues whose requests are more than a list of topic texts.
/// Requests are few, so the validating parser is worth its price. The views of its answers live as
/// long as it does. Not thread-safe.
class ClientTree {
 public:
  using Element = simdjson::dom::element;

  /// Any bytes; without padding. What is no JSON object has no members.
  explicit ClientTree(std::string_view text);

  const Element& root() const { return root_; }
  bool is_object() const { return root_.is_object(); }
  /// The member's value as JSON, to be echoed: only a string or an unsigned number, else empty.
  std::string id(std::string_view key) const;

 private:
  simdjson::dom::parser parser_;
  Element root_;
};

/// "subscribe", "unsubscribe" and "ping", as most venues call them.
ClientOp op_of(std::string_view name);

/// A string member of an object; empty where there is none.
std::string_view text_at(const simdjson::dom::element& object, std::string_view key);

/// Adds a topic of the channel for every string in the list below `key`; what is no string, or an
/// empty one, is added to the invalid ones as it stands. False where there is no such list.
bool add_symbols(const simdjson::dom::element& object, std::string_view key, std::uint8_t channel,
                 ClientMessage& message);

}  // namespace feedwatch::venues::wire
