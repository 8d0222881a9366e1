#include "feedwatch/muting/matcher.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::muting {
namespace {

constexpr std::int64_t max_regex_memory = std::int64_t{1} << 20;
constexpr std::array<std::string_view, 4> operators{"=", "!=", "=~", "!~"};
constexpr std::string_view form = R"(write name="value", with =, !=, =~ or !~ in the middle)";

Error wrong(std::string_view text, std::string why, std::string fix = std::string(form)) {
  return {"matcher " + json_quoted(text), std::move(why), std::move(fix)};
}

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= Matcher::max_name && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

/// Reads matchers from a text, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : whole_(text), rest_(text) { skip_blanks(); }

  bool done() const { return rest_.empty(); }
  bool accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  Result<Matcher> take() {
    std::string name;
    while (!rest_.empty() && (is_letter(rest_.front()) || is_digit(rest_.front()))) {
      name += rest_.front();
      rest_.remove_prefix(1);
    }
    skip_blanks();
    const auto type = take_operator();
    if (!type) return std::unexpected(wrong(whole_, "has no operator where one is expected"));
    skip_blanks();
    Result<std::string> value = take_value();
    if (!value) return std::unexpected(value.error());
    skip_blanks();
    return Matcher::make(std::move(name), *type, std::move(*value));
  }

  Error leftover() const {
    return wrong(whole_, fmt::format("{} is left over", json_quoted(rest_)));
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::optional<Matcher::Type> take_operator() {
    // The longer ones first: = begins =~.
    for (const std::size_t i : {1U, 2U, 3U, 0U}) {
      if (!rest_.starts_with(operators[i])) continue;
      rest_.remove_prefix(operators[i].size());
      return static_cast<Matcher::Type>(i);
    }
    return std::nullopt;
  }

  Result<std::string> take_value() {
    if (!rest_.starts_with('"')) return take_bare();
    std::string value;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      const bool escaped = rest_[i] == '\\' && i + 1 < rest_.size();
      if (!escaped) {
        value += rest_[i];
        continue;
      }
      ++i;
      if (rest_[i] == 'n') {
        value += '\n';
      } else if (rest_[i] == '"' || rest_[i] == '\\') {
        value += rest_[i];
      } else {
        value += {'\\', rest_[i]};  // an escape of the expression
      }
    }
    return std::unexpected(wrong(whole_, "has a quote that does not end"));
  }

  Result<std::string> take_bare() {
    const std::size_t end = std::min(rest_.find_first_of(",}\""), rest_.size());
    std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end);
    while (!value.empty() && is_blank(value.back())) value.pop_back();
    return value;
  }

  std::string_view whole_, rest_;
};

std::shared_ptr<const re2::RE2> compiled(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_regex_memory);
  return std::make_shared<const re2::RE2>(pattern, options);
}

}  // namespace

Result<Matcher> Matcher::make(std::string name, Type type, std::string value) {
  if (!is_name(name)) {
    return std::unexpected(wrong(name, "is not the name of a label",
                                 "use letters, digits and _, as in venue or alertname"));
  }
  if (value.size() > max_value) {
    return std::unexpected(wrong(name, fmt::format("its value is over {} bytes", max_value),
                                 "use a shorter one, or several matchers"));
  }
  Matcher matcher;
  matcher.name_ = std::move(name);
  matcher.value_ = std::move(value);
  matcher.type_ = type;
  if (matcher.is_regex()) {
    matcher.regex_ = compiled(matcher.value_);
    if (!matcher.regex_->ok()) {
      return std::unexpected(
          wrong(matcher.text(), "its regular expression cannot be used: " + matcher.regex_->error(),
                "write it as RE2 reads it"));
    }
  }
  return matcher;
}

Result<Matcher> Matcher::parse(std::string_view text) {
  Reader reader(text);
  Result<Matcher> matcher = reader.take();
  if (matcher && !reader.done()) return std::unexpected(reader.leftover());
  return matcher;
}

std::string_view Matcher::value_of(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Labels::value_type::first);
  return found == labels.end() ? std::string_view{} : std::string_view(found->second);
}

bool Matcher::holds_for(std::string_view value) const {
  const bool found =
      is_regex() ? re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_)
                 : value == value_;
  return found == is_equal();
}

std::string Matcher::text() const {
  std::string text = name_;
  text += operators[static_cast<std::size_t>(type_)];
  text += '"';
  for (const char c : value_) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
  return text;
}

Result<Matchers> parse_matchers(std::string_view text) {
  Reader reader(text);
  const bool braces = reader.accept('{');
  Matchers matchers;
  while (!reader.done() && !(braces && reader.accept('}'))) {
    Result<Matcher> matcher = reader.take();
    if (!matcher) return std::unexpected(matcher.error());
    matchers.push_back(std::move(*matcher));
    if (reader.accept(',')) continue;
    if (braces ? reader.accept('}') && reader.done() : reader.done()) break;
    return std::unexpected(reader.leftover());
  }
  if (!reader.done()) return std::unexpected(reader.leftover());
  return matchers;
}

bool all_hold(const Matchers& matchers, const Labels& labels) {
  return std::ranges::all_of(matchers, [&](const Matcher& one) { return one.holds(labels); });
}

std::string text_of(const Matchers& matchers) {
  std::string text;
  for (const Matcher& matcher : matchers) text += (text.empty() ? "" : ",") + matcher.text();
  return text;
}

std::string json_of(const Matchers& matchers) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Matcher& matcher : matchers) {
    json.begin_object().field("name", matcher.name()).field("value", matcher.value());
    json.field("isRegex", matcher.is_regex()).field("isEqual", matcher.is_equal()).end_object();
  }
  json.end_array();
  return out;
}

}  // namespace feedwatch::muting
