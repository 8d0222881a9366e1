#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

enum class Side : std::uint8_t { buy, sell };  ///< LONG and SHORT

constexpr std::string_view to_text(Side side) {
  constexpr std::array<std::string_view, 2> words{"long", "short"};
  return words[static_cast<std::size_t>(side)];
}
/// Of "long" or "short"; nothing of any other text.
constexpr std::optional<Side> side_from_text(std::string_view text) {
  for (const Side side : {Side::buy, Side::sell}) {
    if (text == to_text(side)) return side;
  }
  return std::nullopt;
}

/// Whether `a` is a better price than `b` for who holds this side: higher for LONG, lower for
/// SHORT.
constexpr bool is_better(Side side, const Decimal& a, const Decimal& b) {
  return side == Side::buy ? a > b : a < b;
}

/// Of a position of which nobody has said when it was opened.
inline constexpr WallTime undated = WallTime::min();

/// What somebody holds, as he registered it (semantics §10). Known by venue, symbol and id.
struct Position {
  std::string id;
  std::string venue, symbol;
  Side side = Side::buy;
  Decimal entry_price;   ///< positive
  Decimal quantity;      ///< positive
  WallTime opened_at{};  ///< or `undated`, until it is in a book
};

}  // namespace feedwatch
