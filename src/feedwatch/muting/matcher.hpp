#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace re2 {
class RE2;
}

namespace feedwatch::muting {

/// One condition on one label, as Alertmanager's: `venue="kraken"`, `symbol!="BTCUSDT"`,
/// `symbol=~"BTC.*"`, `severity!~"warning|info"`.
///
/// A label that is missing counts as an empty one. Regular expressions are RE2's, anchored at both
/// ends, and take time linear in the value, whatever was written. Immutable; any thread.
class Matcher {
 public:
  enum class Type : std::uint8_t { equal, not_equal, matches, not_matches };

  static constexpr std::size_t max_name = 128;
  static constexpr std::size_t max_value = 1024;

  /// Errors: a name that is none, a value that is too long, an expression that cannot be read.
  static Result<Matcher> make(std::string name, Type type, std::string value);
  /// From its text; quotes around the value may be left out where nothing in it needs them.
  static Result<Matcher> parse(std::string_view text);

  bool holds(const Labels& labels) const { return holds_for(value_of(labels, name_)); }
  /// Whether a missing label would do.
  bool holds_for_missing() const { return holds_for({}); }

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  Type type() const { return type_; }
  bool is_regex() const { return type_ == Type::matches || type_ == Type::not_matches; }
  bool is_equal() const { return type_ == Type::equal || type_ == Type::matches; }
  /// `name=~"value"`: parse() reads it back.
  std::string text() const;

  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  Matcher() = default;
  bool holds_for(std::string_view value) const;
  static std::string_view value_of(const Labels& labels, std::string_view name);

  std::string name_, value_;
  Type type_ = Type::equal;
  std::shared_ptr<const re2::RE2> regex_;
};

using Matchers = std::vector<Matcher>;

/// Reads `a="1",b=~"2|3"`, with or without braces around; an empty text is no matcher.
Result<Matchers> parse_matchers(std::string_view text);
/// All of them hold; true when there are none.
bool all_hold(const Matchers& matchers, const Labels& labels);
/// `a="1",b=~"2|3"`.
std::string text_of(const Matchers& matchers);
/// Alertmanager's JSON: [{"name":"a","value":"1","isRegex":false,"isEqual":true}].
std::string json_of(const Matchers& matchers);

}  // namespace feedwatch::muting
