#include "feedwatch/engine/decision_mark.hpp"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace feedwatch::engine {
namespace {

// "1 since NANOSECONDS", or "1 UPTO OPEN OPEN …".
constexpr std::string_view version = "1 ";
constexpr std::string_view since_word = "since ";

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || (at != end && *at != ' ')) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + (at != end ? 1 : 0));
  return number;
}

}  // namespace

std::string mark_text(const DecisionMark& mark) {
  std::string text(version);
  if (mark.since) return text += fmt::format("{}{}", since_word, to_ns(*mark.since));
  std::int64_t upto = mark.upto;
  std::string open;
  std::size_t count = 0;
  for (const std::int64_t seq : mark.open) {
    open += fmt::format(" {}", seq);
    if (++count == marked_open && mark.open.size() > marked_open) {
      upto = seq;
      break;
    }
  }
  return text += fmt::format("{}{}", upto, open);
}

std::optional<DecisionMark> read_mark(const std::string& text) {
  std::string_view rest = text;
  if (!rest.starts_with(version)) return std::nullopt;
  rest.remove_prefix(version.size());
  DecisionMark mark;
  const bool fresh = rest.starts_with(since_word);
  if (fresh) rest.remove_prefix(since_word.size());
  const auto first = take_number(rest);
  if (!first) return std::nullopt;
  if (fresh) {
    mark.since = wall_from_ns(*first);
    return mark;
  }
  mark.upto = *first;
  while (!rest.empty()) {
    const auto seq = take_number(rest);
    if (!seq) return std::nullopt;
    mark.open.insert(*seq);
  }
  return mark;
}

}  // namespace feedwatch::engine
