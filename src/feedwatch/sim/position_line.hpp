#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/engine/position_rules.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/sim/bot.hpp"
#include "feedwatch/sim/line_reader.hpp"

namespace feedwatch::sim {

/// What a bot tells about a position.
struct PositionStep {
  PositionKey key;
  /// Registered, renewed or changed; absent = closed. Opened when the step is taken.
  std::optional<Position> held;
  std::optional<Duration> ttl;
  std::string owner = "bot";
  bool at_market = false;  ///< entered at the venue's price of that moment
  /// Nobody can hold what has no price, or close what he does not hold: then it is nothing.
  bool if_possible = false;
  std::optional<Duration> opened;  ///< so long before the step is taken; absent = then
};

/// What a source of lists does from then on: reports each `report_every`, or nothing.
struct SourceStep {
  static constexpr Duration report_every = 5s;
  enum class Type : std::uint8_t { lists, unready, silent };
  Type type = Type::lists;
  std::string name;
  std::vector<Position> positions;  ///< all it lists, undated
};
/// `NAME lists nothing`, `NAME lists VENUE/SYMBOL ID long|short QUANTITY at PRICE …`,
/// `NAME unready`, `NAME silent`. Throws LineError.
SourceStep take_source(LineReader& words);

/// Whether a step begins with this word: `hold`, `close`.
bool is_position_word(std::string_view word);
/// `hold VENUE/SYMBOL ID long|short QUANTITY at PRICE|market [opened D ago] [for D] [by OWNER]`,
/// `close VENUE/SYMBOL ID`. Throws LineError.
PositionStep take_position(LineReader& words, std::string_view word);

/// `[trailing [activation P] [callback P] [breakeven P] [step PROFIT CALLBACK]…]
/// [aged [max-age D] [grace D] [progressive D]]`. Throws LineError.
engine::RuleOptions take_position_rules(LineReader& words);

/// `confirms`, `rejects`, `ignores`. Throws LineError.
BotMode take_bot_mode(LineReader& words);
/// What comes behind `receiver`: `answers STATUS|nothing`, as MemoryReceiver has it. Throws
/// LineError.
int take_answer(LineReader& words);

}  // namespace feedwatch::sim
