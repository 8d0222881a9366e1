#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/base/error.hpp"

/// Rules of the configuration (`[[rule]]`): conditions over named facts, all of which must hold.
/// Pure: facts → whether it holds, and when time alone may change that.
namespace feedwatch::engine::rules {

enum class Subject : std::uint8_t { stream, line, venue, pulse, sink, store };
constexpr std::string_view to_text(Subject subject) {
  constexpr std::array<std::string_view, 6> words{"stream", "line", "venue",
                                                  "pulse",  "sink", "store"};
  return words[static_cast<std::size_t>(subject)];
}
std::optional<Subject> subject_of(std::string_view text);

/// text: compared by globs. flag: true or false. number: in thousandths. duration: nanoseconds; an
/// `age` grows with time by itself. rank: one of its words, in order.
enum class FactType : std::uint8_t { text, flag, number, duration, age, rank };

struct FactInfo {
  std::string_view name;
  FactType type = FactType::text;
  std::span<const std::string_view> words = {};  ///< rank: from good to bad
};
/// What is known of a subject, in the order of FactValues.
std::span<const FactInfo> facts_of(Subject subject);

/// One fact at one instant: its number, or its text. Neither = not known: no comparison holds.
struct FactValue {
  std::optional<std::int64_t> number;
  std::string text;
};
using FactValues = std::vector<FactValue>;

FactValue fact(std::string_view text);
FactValue fact_flag(bool yes);
FactValue fact_number(double number);
FactValue fact_duration(const std::optional<Duration>& duration);
FactValue fact_rank(std::span<const std::string_view> words, std::string_view word);

/// As it is written in the configuration.
struct RuleText {
  std::string name;
  std::string on;
  std::vector<std::string> when;
  std::string severity;             ///< empty = warning
  std::string message;              ///< with {placeholders}: names of facts; empty = the conditions
  std::vector<std::string> labels;  ///< "team=alpha"
  Duration hold{};
};

class CustomRule {
 public:
  /// The error says what is wrong with which part, and what there is.
  static Result<CustomRule> parse(const RuleText& text);

  struct Outcome {
    bool holds = false;
    MonoTime next = never_mono;  ///< when time alone may change it
  };
  Outcome judge(const FactValues& values, MonoTime now) const;
  std::string message(const FactValues& values) const;
  std::string metadata(const FactValues& values) const;

  const std::string& name() const { return name_; }
  Subject subject() const { return subject_; }
  alert::Severity severity() const { return severity_; }
  Duration hold() const { return hold_; }
  /// The scope of a subject with the labels of the rule, in order.
  Labels labels(Labels scope) const;

 private:
  enum class Op : std::uint8_t { equal, unequal, less, at_most, more, at_least };
  struct Condition {
    std::size_t fact = 0;
    Op op = Op::equal;
    std::int64_t number = 0;
    std::vector<std::string> globs;
  };

  static Result<Condition> parse_condition(std::string_view text, Subject subject);
  Result<void> parse_labels(const std::vector<std::string>& labels);
  bool holds(const Condition& condition, const FactValue& value) const;
  std::string value_text(std::size_t fact, const FactValue& value) const;

  std::string name_;
  Subject subject_ = Subject::stream;
  std::vector<Condition> conditions_;
  std::string template_;
  Labels labels_;
  alert::Severity severity_ = alert::Severity::warning;
  Duration hold_{};
};

/// How a built-in rule differs from what it is by itself.
struct RuleChange {
  bool enabled = true;
  std::optional<alert::Severity> severity;
  std::optional<Duration> hold;
};

struct RuleSet {
  std::vector<CustomRule> custom;
  std::map<std::string, RuleChange, std::less<>> changes;
};

std::optional<alert::Severity> severity_of_text(std::string_view text);
/// Alerts of rules of the configuration say so: those of a rule that is gone have nobody to end
/// them.
bool is_custom(std::string_view metadata);

}  // namespace feedwatch::engine::rules
