#include "feedwatch/sim/mute_line.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/engine/rules/rules.hpp"
#include "feedwatch/sim/virtual_clock.hpp"

namespace feedwatch::sim {
namespace {

muting::Matchers take_matchers(LineReader& words, std::string_view end) {
  muting::Matchers matchers;
  while (!words.accept(end)) {
    auto matcher = muting::Matcher::parse(words.take("a matcher, then " + std::string(end)));
    if (!matcher) LineReader::fail(matcher.error().what + ": " + matcher.error().why);
    matchers.push_back(std::move(*matcher));
  }
  if (matchers.empty()) LineReader::fail("no matcher", "write one as in symbol=BTCUSDT");
  return matchers;
}

}  // namespace

bool is_mute_word(std::string_view word) {
  return word == "silence" || word == "expire" || word == "ack" || word == "unack";
}

MuteStep take_mute(LineReader& words, std::string_view word) {
  MuteStep step;
  if (word == "silence") {
    step.matchers = take_matchers(words, "for");
    step.length = words.take_duration("for");
  } else if (word == "expire") {
    step.type = MuteStep::Type::expire;
  } else {
    step.type = word == "ack" ? MuteStep::Type::acknowledge : MuteStep::Type::unacknowledge;
    step.alert = words.take("an alert's name");
    if (!engine::rules::names().contains(step.alert)) {
      LineReader::fail(fmt::format("\"{}\" is no alert", step.alert),
                       fmt::format("one of: {}", fmt::join(engine::rules::names(), ", ")));
    }
  }
  return step;
}

muting::Maintenance take_maintenance(LineReader& words) {
  muting::Maintenance window;
  window.name = "maintenance";
  window.matchers = take_matchers(words, "from");
  const Duration from = words.take_duration("from");
  if (!words.accept("to")) LineReader::fail("until when?", "maintenance MATCHER… from D to D");
  const Duration to = words.take_duration("to");
  if (to <= from) LineReader::fail("it ends before it begins", "put the earlier time first");
  window.once = {world_start_wall + from, world_start_wall + to};
  return window;
}

}  // namespace feedwatch::sim
