#include "feedwatch/sim/position_line.hpp"

#include <fmt/format.h>

namespace feedwatch::sim {
namespace {

Decimal take_decimal(LineReader& words, std::string_view what) {
  const std::string text = words.take(what);
  const auto number = Decimal::parse(text);
  if (!number) LineReader::fail(fmt::format("\"{}\" is no number", text), std::string(what));
  return *number;
}

Side take_side(LineReader& words) {
  const std::string text = words.take("a side", "long, short");
  const auto side = side_from_text(text);
  if (!side) LineReader::fail(fmt::format("\"{}\" is no side", text), "long, short");
  return *side;
}

}  // namespace

bool is_position_word(std::string_view word) {
  return word == "hold" || word == "close";
}

PositionStep take_position(LineReader& words, std::string_view word) {
  PositionStep step;
  const std::string what = words.take("VENUE/SYMBOL");
  const std::size_t slash = what.find('/');
  if (slash == std::string::npos) {
    LineReader::fail(fmt::format("\"{}\" has no symbol", what), "VENUE/SYMBOL");
  }
  step.key = {what.substr(0, slash), what.substr(slash + 1), words.take("an id")};
  if (word == "hold") {
    Position held;
    held.venue = step.key.venue;
    held.symbol = step.key.symbol;
    held.id = step.key.id;
    held.side = take_side(words);
    held.quantity = take_decimal(words, "a quantity");
    if (!words.accept("at")) LineReader::fail("at what price?", "at PRICE");
    held.entry_price = take_decimal(words, "a price");
    step.held = std::move(held);
    if (words.accept("for")) step.ttl = words.take_duration("for");
    if (words.accept("by")) step.owner = words.take("an owner");
  }
  words.finish("for D, by OWNER");
  return step;
}

}  // namespace feedwatch::sim
