#include "feedwatch/sim/position_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "feedwatch/sim/receiver.hpp"

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

PositionKey take_key(LineReader& words) {
  const std::string what = words.take("VENUE/SYMBOL");
  const std::size_t slash = what.find('/');
  if (slash == std::string::npos) {
    LineReader::fail(fmt::format("\"{}\" has no symbol", what), "VENUE/SYMBOL");
  }
  return {what.substr(0, slash), what.substr(slash + 1), words.take("an id")};
}

void check(std::string_view problem) {
  if (!problem.empty()) LineReader::fail(std::string(problem));
}

TrailingOptions take_trailing(LineReader& words) {
  TrailingOptions options;
  for (;;) {
    if (words.accept("activation")) {
      options.activation_percent = take_decimal(words, "a percentage");
    } else if (words.accept("callback")) {
      options.callback_percent = take_decimal(words, "a percentage");
    } else if (words.accept("breakeven")) {
      options.breakeven_percent = take_decimal(words, "a percentage");
    } else if (words.accept("step")) {
      const Decimal profit = take_decimal(words, "a percentage");
      options.steps.push_back({profit, take_decimal(words, "a percentage")});
    } else {
      check(options.problem());
      return options;
    }
  }
}

AgedOptions take_aged(LineReader& words) {
  AgedOptions options;
  for (;;) {
    if (words.accept("max-age")) {
      options.max_age = words.take_duration("max-age");
    } else if (words.accept("grace")) {
      options.grace = words.take_duration("grace");
    } else if (words.accept("progressive")) {
      options.progressive = words.take_duration("progressive");
    } else {
      check(options.problem());
      return options;
    }
  }
}

}  // namespace

bool is_position_word(std::string_view word) {
  return word == "hold" || word == "close";
}

SourceStep take_source(LineReader& words) {
  constexpr std::array<std::string_view, 3> types{"lists", "unready", "silent"};
  SourceStep step{.name = words.take("a source")};
  const std::string word = words.take("what it does", "lists, unready, silent");
  const auto found = std::ranges::find(types, word);
  if (found == types.end()) {
    LineReader::fail(fmt::format("\"{}\"", word), "lists, unready, silent");
  }
  step.type = static_cast<SourceStep::Type>(found - types.begin());
  if (step.type == SourceStep::Type::lists && !words.accept("nothing")) {
    do {
      const PositionKey key = take_key(words);
      Position position{.id = key.id, .venue = key.venue, .symbol = key.symbol};
      position.opened_at = undated;
      position.side = take_side(words);
      position.quantity = take_decimal(words, "a quantity");
      if (!words.accept("at")) LineReader::fail("at what price?", "at PRICE");
      position.entry_price = take_decimal(words, "a price");
      step.positions.push_back(std::move(position));
    } while (!words.done());
  }
  words.finish("nothing more");
  return step;
}

PositionStep take_position(LineReader& words, std::string_view word) {
  PositionStep step;
  step.key = take_key(words);
  if (word == "hold") {
    Position held;
    held.venue = step.key.venue;
    held.symbol = step.key.symbol;
    held.id = step.key.id;
    held.side = take_side(words);
    held.quantity = take_decimal(words, "a quantity");
    if (!words.accept("at")) LineReader::fail("at what price?", "at PRICE");
    step.at_market = words.accept("market");
    if (!step.at_market) held.entry_price = take_decimal(words, "a price");
    step.held = std::move(held);
    if (words.accept("opened")) {
      step.opened = words.take_duration("opened");
      if (!words.accept("ago")) LineReader::fail("opened when?", "opened D ago");
    }
    if (words.accept("for")) step.ttl = words.take_duration("for");
    if (words.accept("by")) step.owner = words.take("an owner");
  }
  words.finish("opened D ago, for D, by OWNER");
  return step;
}

engine::RuleOptions take_position_rules(LineReader& words) {
  engine::RuleOptions rules;
  if (words.accept("trailing")) rules.trailing = take_trailing(words);
  if (words.accept("aged")) rules.aged = take_aged(words);
  words.finish(
      "trailing, activation P, callback P, breakeven P, step PROFIT CALLBACK; aged, "
      "max-age D, grace D, progressive D");
  if (!rules.trailing && !rules.aged) LineReader::fail("by which rule?", "trailing, aged");
  return rules;
}

int take_answer(LineReader& words) {
  const std::string valid = "a status from 200 to 599, nothing";
  if (!words.accept("answers")) LineReader::fail("what does it answer?", "answers " + valid);
  const std::string word = words.take("what it answers", valid);
  if (word == "nothing") return MemoryReceiver::no_answer;
  int status = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
  const bool is_number = error == std::errc{} && end == word.data() + word.size();
  if (!is_number || status < 200 || status > 599) {
    LineReader::fail(fmt::format("\"{}\"", word), valid);
  }
  return status;
}

BotMode take_bot_mode(LineReader& words) {
  const std::string valid = fmt::format("{}", fmt::join(bot_words, ", "));
  const std::string word = words.take("what the bot does", valid);
  const auto found = std::ranges::find(bot_words, word);
  if (found == bot_words.end()) LineReader::fail(fmt::format("\"{}\"", word), valid);
  return static_cast<BotMode>(found - bot_words.begin());
}

}  // namespace feedwatch::sim
