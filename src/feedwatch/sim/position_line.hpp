#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/sim/line_reader.hpp"

namespace feedwatch::sim {

/// What a bot tells about a position.
struct PositionStep {
  PositionKey key;
  /// Registered, renewed or changed; absent = closed. Opened when the step is taken.
  std::optional<Position> held;
  std::optional<Duration> ttl;
  std::string owner = "bot";
};

/// Whether a step begins with this word: `hold`, `close`.
bool is_position_word(std::string_view word);
/// `hold VENUE/SYMBOL ID long|short QUANTITY at PRICE [for D] [by OWNER]`, `close VENUE/SYMBOL ID`.
/// Throws LineError.
PositionStep take_position(LineReader& words, std::string_view word);

}  // namespace feedwatch::sim
