#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues::wire {

/// The words a venue uses in client messages; they all have the same shape: an object with an
/// operation, an id and a list of topic texts.
struct ClientWords {
  std::string_view op;      ///< key of the operation
  std::string_view id;      ///< key of the id
  std::string_view topics;  ///< key of the list
  std::string_view subscribe;
  std::string_view unsubscribe;
  std::string_view ping;  ///< empty = the venue knows none
};

/// Reads what a client sent to the venue's side. Never throws; what is not understood has op
/// unknown. The text needs no padding. List members that are no strings, or that `topic_of` does
/// not know, are invalid.
ClientMessage parse_client(std::string_view text, const ClientWords& words,
                           const std::function<std::optional<Topic>(std::string_view)>& topic_of);

}  // namespace feedwatch::venues::wire
