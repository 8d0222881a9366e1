#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::sim {

/// Client's side of the generic protocol (generic_venue.hpp). One per connection.
class GenericDecoder final : public venues::Decoder {
 public:
  std::expected<venues::MessageType, venues::DecodeError> decode(const Frame& frame,
                                                                 venues::Decoded& out) override;

 private:
  std::expected<venues::MessageType, venues::DecodeError> decode_tick(
      const std::vector<std::string_view>& words, venues::Decoded& out);
  std::expected<venues::MessageType, venues::DecodeError> decode_beat(
      const std::vector<std::string_view>& words, venues::Decoded& out);
  std::string_view symbol_of(std::string_view word);

  std::string symbol_;  ///< unescaped symbol of the newest message, when it needed unescaping
};

}  // namespace feedwatch::sim
