#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace feedwatch {

/// Where a price that was given out comes from (semantics §5).
enum class PriceSource : std::uint8_t {
  live,     ///< the stream's own feed
  sibling,  ///< the same symbol's price of another kind
  bridge,   ///< asked over REST while the feed was silent
};
constexpr std::size_t price_source_count = 3;

constexpr std::string_view to_text(PriceSource source) {
  constexpr std::array<std::string_view, price_source_count> words{"live", "sibling", "bridge"};
  return words[static_cast<std::size_t>(source)];
}

}  // namespace feedwatch
