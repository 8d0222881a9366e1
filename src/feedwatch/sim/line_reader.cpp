#include "feedwatch/sim/line_reader.hpp"

#include <fmt/format.h>

#include <charconv>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::int64_t max_expanded = 10'000;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

}  // namespace

LineReader::LineReader(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    if (is_blank(line[i])) {
      ++i;
    } else if (line[i] == '#') {
      return;
    } else if (line[i] == ';') {
      words_.emplace_back(";");
      ++i;
    } else if (line[i] == '"') {
      const std::size_t end = line.find('"', i + 1);
      if (end == std::string_view::npos) fail("a quote is not closed", "end the word with \"");
      words_.emplace_back(line.substr(i + 1, end - i - 1));
      i = end + 1;
    } else {
      std::size_t end = i;
      while (end < line.size() && !is_blank(line[end]) && line[end] != ';') ++end;
      words_.emplace_back(line.substr(i, end - i));
      i = end;
    }
  }
}

std::string_view LineReader::peek() const {
  return done() ? std::string_view{} : std::string_view{words_[next_]};
}

bool LineReader::accept(std::string_view word) {
  if (peek() != word || done()) return false;
  ++next_;
  return true;
}

std::string LineReader::take(std::string_view what, std::string_view valid) {
  if (!done()) return words_[next_++];
  fail(fmt::format("{} is missing", what), valid.empty() ? "" : fmt::format("one of: {}", valid));
}

Duration LineReader::take_duration(std::string_view what) {
  const auto parsed = parse_duration(take(what, "a duration such as 750ms, 5s, 2m"));
  if (!parsed)
    fail(fmt::format("{}: {}: {}", what, parsed.error().what, parsed.error().why),
         parsed.error().fix);
  return *parsed;
}

Duration LineReader::take_signed_duration(std::string_view what) {
  const std::string text = take(what, "a duration such as +5s or -1h");
  const bool negative = text.starts_with('-');
  const auto parsed =
      parse_duration(std::string_view{text}.substr(negative || text.starts_with('+') ? 1 : 0));
  if (!parsed)
    fail(fmt::format("{}: {}: {}", what, parsed.error().what, parsed.error().why),
         parsed.error().fix);
  return negative ? -*parsed : *parsed;
}

std::int64_t LineReader::take_number(std::string_view what) {
  const std::string text = take(what, "a whole number");
  const auto value = whole_number(text);
  if (!value) fail(fmt::format("{}: \"{}\" is not a whole number", what, text));
  return *value;
}

void LineReader::fail(std::string why, std::string fix) {
  throw LineError{.why = std::move(why), .fix = std::move(fix)};
}

void LineReader::finish(std::string_view valid) const {
  if (done()) return;
  fail(fmt::format("unexpected \"{}\"", peek()),
       valid.empty() ? "remove it" : fmt::format("valid here: {}", valid));
}

std::vector<std::string> expand_range(std::string_view word) {
  const std::size_t open = word.find('[');
  const std::size_t dots = word.find("..", open == std::string_view::npos ? word.size() : open);
  const std::size_t close = word.find(']', dots == std::string_view::npos ? word.size() : dots);
  if (close == std::string_view::npos) return {std::string(word)};
  const auto first = whole_number(word.substr(open + 1, dots - open - 1));
  const auto last = whole_number(word.substr(dots + 2, close - dots - 2));
  if (!first || !last || *last < *first || *last - *first >= max_expanded) {
    LineReader::fail(fmt::format("\"{}\" is no range", word), "write S[1..50]");
  }
  std::vector<std::string> out;
  for (std::int64_t i = *first; i <= *last; ++i) {
    out.push_back(fmt::format("{}{}{}", word.substr(0, open), i, word.substr(close + 1)));
  }
  return out;
}

}  // namespace feedwatch::sim
