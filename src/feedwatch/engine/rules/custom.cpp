#include "feedwatch/engine/rules/custom.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::engine::rules {
namespace {

constexpr double thousandths = 1000;
constexpr Duration instant{1};

constexpr std::array<std::string_view, 4> levels{"healthy", "unknown", "degraded", "stale"};
constexpr std::array<std::string_view, 4> pulse_states{"ok", "unknown", "degraded", "silent"};

constexpr std::array stream_facts{
    FactInfo{"stream", FactType::text},       FactInfo{"venue", FactType::text},
    FactInfo{"symbol", FactType::text},       FactInfo{"kind", FactType::text},
    FactInfo{"line", FactType::text},         FactInfo{"level", FactType::rank, levels},
    FactInfo{"reason", FactType::text},       FactInfo{"fault", FactType::flag},
    FactInfo{"required", FactType::flag},     FactInfo{"quarantined", FactType::flag},
    FactInfo{"flapping", FactType::flag},     FactInfo{"repair_exhausted", FactType::flag},
    FactInfo{"age", FactType::age},           FactInfo{"receive_age", FactType::age},
    FactInfo{"confirmed_age", FactType::age}, FactInfo{"event_age", FactType::age},
    FactInfo{"transit", FactType::duration},  FactInfo{"level_for", FactType::age},
    FactInfo{"suspect_for", FactType::age},   FactInfo{"ticks", FactType::number},
};
constexpr std::array line_facts{
    FactInfo{"line", FactType::text},     FactInfo{"venue", FactType::text},
    FactInfo{"route", FactType::text},    FactInfo{"state", FactType::text},
    FactInfo{"reason", FactType::text},   FactInfo{"up", FactType::flag},
    FactInfo{"silence", FactType::age},   FactInfo{"state_for", FactType::age},
    FactInfo{"rtt", FactType::duration},  FactInfo{"rate", FactType::number},
    FactInfo{"topics", FactType::number}, FactInfo{"dials", FactType::number},
    FactInfo{"closes", FactType::number},
};
constexpr std::array venue_facts{
    FactInfo{"venue", FactType::text},      FactInfo{"live", FactType::flag},
    FactInfo{"limited", FactType::flag},    FactInfo{"required", FactType::flag},
    FactInfo{"live_for", FactType::age},    FactInfo{"down_for", FactType::age},
    FactInfo{"dials", FactType::number},    FactInfo{"streams", FactType::number},
    FactInfo{"degraded", FactType::number}, FactInfo{"stale", FactType::number},
    FactInfo{"unknown", FactType::number},
};
constexpr std::array pulse_facts{
    FactInfo{"pulse", FactType::text},    FactInfo{"state", FactType::rank, pulse_states},
    FactInfo{"silence", FactType::age},   FactInfo{"failed", FactType::flag},
    FactInfo{"required", FactType::flag}, FactInfo{"detail", FactType::text},
};
constexpr std::array sink_facts{
    FactInfo{"sink", FactType::text},       FactInfo{"failures", FactType::number},
    FactInfo{"failing_for", FactType::age}, FactInfo{"pending", FactType::number},
    FactInfo{"oldest", FactType::age},      FactInfo{"since_success", FactType::age},
};
constexpr std::array store_facts{
    FactInfo{"failing_for", FactType::age},    FactInfo{"errors", FactType::number},
    FactInfo{"pending", FactType::number},     FactInfo{"oldest", FactType::age},
    FactInfo{"spooled", FactType::number},     FactInfo{"spool_age", FactType::age},
    FactInfo{"spool_bytes", FactType::number}, FactInfo{"dropped", FactType::number},
};

std::string names_of(std::span<const FactInfo> facts) {
  std::string out;
  for (const FactInfo& info : facts) {
    if (!out.empty()) out += ", ";
    out += info.name;
  }
  return out;
}

std::unexpected<Error> bad(std::string_view what, std::string why, std::string fix) {
  return std::unexpected(
      Error{.what = std::string(what), .why = std::move(why), .fix = std::move(fix)});
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// Index of a fact, or nothing.
std::optional<std::size_t> find_fact(std::span<const FactInfo> facts, std::string_view name) {
  const auto found = std::ranges::find(facts, name, &FactInfo::name);
  if (found == facts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - facts.begin());
}

std::optional<std::int64_t> number_of(std::string_view text, const FactInfo& info) {
  switch (info.type) {
    case FactType::text:
      return std::nullopt;
    case FactType::flag:
      if (text == "true") return 1;
      return text == "false" ? std::optional<std::int64_t>(0) : std::nullopt;
    case FactType::rank:
      return fact_rank(info.words, text).number;
    case FactType::duration:
    case FactType::age: {
      const auto duration = parse_duration(text);
      return duration ? std::optional(to_ns(*duration)) : std::nullopt;
    }
    case FactType::number: {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      constexpr double largest = 1e15;
      if (error != std::errc{} || end != text.data() + text.size() ||
          !(std::abs(value) < largest)) {
        return std::nullopt;
      }
      return static_cast<std::int64_t>(std::llround(value * thousandths));
    }
  }
  return std::nullopt;
}

std::string value_hint(const FactInfo& info) {
  switch (info.type) {
    case FactType::text:
      return "compare it by = or != with patterns, several by |";
    case FactType::flag:
      return "compare it by = with true or false";
    case FactType::number:
      return "compare it with a number";
    case FactType::duration:
    case FactType::age:
      return R"(compare it with a duration, as in "10s")";
    case FactType::rank:
      return fmt::format("compare it with one of {}", fmt::join(info.words, ", "));
  }
  return {};
}

/// `visit` is called with every {placeholder}; `text` with what stands between. False at a brace
/// that is not closed.
template <class Text, class Visit>
bool walk_template(std::string_view from, Text text, Visit visit) {
  while (!from.empty()) {
    const std::size_t open = from.find('{');
    text(from.substr(0, open));
    if (open == std::string_view::npos) return true;
    const std::size_t close = from.find('}', open);
    if (close == std::string_view::npos) return false;
    visit(from.substr(open + 1, close - open - 1));
    from.remove_prefix(close + 1);
  }
  return true;
}

}  // namespace

std::optional<Subject> subject_of(std::string_view text) {
  for (const Subject subject : {Subject::stream, Subject::line, Subject::venue, Subject::pulse,
                                Subject::sink, Subject::store}) {
    if (text == to_text(subject)) return subject;
  }
  return std::nullopt;
}

std::span<const FactInfo> facts_of(Subject subject) {
  switch (subject) {
    case Subject::stream:
      return stream_facts;
    case Subject::line:
      return line_facts;
    case Subject::venue:
      return venue_facts;
    case Subject::pulse:
      return pulse_facts;
    case Subject::sink:
      return sink_facts;
    case Subject::store:
      return store_facts;
  }
  return {};
}

FactValue fact(std::string_view text) {
  return {.number = std::nullopt, .text = std::string(text)};
}
FactValue fact_flag(bool yes) {
  return {.number = yes ? 1 : 0, .text = {}};
}
FactValue fact_number(double number) {
  return {.number = static_cast<std::int64_t>(std::llround(number * thousandths)), .text = {}};
}
FactValue fact_duration(const std::optional<Duration>& duration) {
  if (!duration) return {};
  return {.number = to_ns(*duration), .text = {}};
}
FactValue fact_rank(std::span<const std::string_view> words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return {};
  return {.number = found - words.begin(), .text = {}};
}

std::optional<alert::Severity> severity_of_text(std::string_view text) {
  for (const auto severity :
       {alert::Severity::info, alert::Severity::warning, alert::Severity::critical}) {
    if (text == alert::to_text(severity)) return severity;
  }
  return std::nullopt;
}

bool is_custom(std::string_view metadata) {
  return metadata.starts_with(R"({"rule":)");
}

Result<CustomRule> CustomRule::parse(const RuleText& text) {
  CustomRule rule;
  rule.name_ = text.name;
  rule.hold_ = text.hold;
  const auto subject = subject_of(text.on);
  if (!subject) {
    return bad("on", fmt::format("'{}' is nothing a rule can be about", text.on),
               "use stream, line, venue, pulse, sink or store");
  }
  rule.subject_ = *subject;
  if (!text.severity.empty()) {
    const auto severity = severity_of_text(text.severity);
    if (!severity) return bad("severity", "is none", "use info, warning or critical");
    rule.severity_ = *severity;
  }
  if (text.when.empty()) return bad("when", "names no condition", R"(write as in "age > 10s")");
  for (const std::string& each : text.when) {
    auto condition = parse_condition(each, *subject);
    if (!condition) return std::unexpected(condition.error());
    rule.conditions_.push_back(std::move(*condition));
  }
  if (auto labels = rule.parse_labels(text.labels); !labels) {
    return std::unexpected(labels.error());
  }
  rule.template_ =
      text.message.empty() ? fmt::format("{}", fmt::join(text.when, ", ")) : text.message;
  if (text.message.empty()) return rule;
  const auto facts = rules::facts_of(*subject);
  std::string unknown;
  const bool closed = walk_template(
      rule.template_, [](std::string_view) {},
      [&](std::string_view name) {
        if (!find_fact(facts, name) && unknown.empty()) unknown = fmt::format("{{{}}}", name);
      });
  if (!closed) return bad("message", "a { is not closed", "write {age}");
  if (!unknown.empty()) {
    return bad("message", unknown + " is no fact of a " + text.on, "use " + names_of(facts));
  }
  return rule;
}

Result<CustomRule::Condition> CustomRule::parse_condition(std::string_view text, Subject subject) {
  constexpr std::array<std::pair<std::string_view, Op>, 6> ops{{{"!=", Op::unequal},
                                                                {"<=", Op::at_most},
                                                                {">=", Op::at_least},
                                                                {"=", Op::equal},
                                                                {"<", Op::less},
                                                                {">", Op::more}}};
  const std::string what = fmt::format("when \"{}\"", text);
  const auto facts = rules::facts_of(subject);
  const std::size_t at = text.find_first_of("=<>!");
  const auto* op = std::ranges::find_if(ops, [&](const auto& each) {
    return at != std::string_view::npos && text.substr(at).starts_with(each.first);
  });
  if (op == ops.end()) return bad(what, "is no comparison", R"(write as in "age > 10s")");
  Condition condition;
  condition.op = op->second;
  const auto known = find_fact(facts, trimmed(text.substr(0, at)));
  if (!known) {
    return bad(what, fmt::format("names no fact of a {}", to_text(subject)),
               "use " + names_of(facts));
  }
  condition.fact = *known;
  const FactInfo& info = facts[*known];
  std::string_view value = trimmed(text.substr(at + op->first.size()));
  const bool equality = condition.op == Op::equal || condition.op == Op::unequal;
  if (info.type == FactType::text) {
    if (!equality || value.empty()) return bad(what, "compares no text", value_hint(info));
    while (true) {
      const std::size_t bar = value.find('|');
      condition.globs.emplace_back(trimmed(value.substr(0, bar)));
      if (bar == std::string_view::npos) return condition;
      value.remove_prefix(bar + 1);
    }
  }
  const auto number = number_of(value, info);
  if (!number || (info.type == FactType::flag && !equality)) {
    return bad(what, fmt::format("'{}' does not fit {}", value, info.name), value_hint(info));
  }
  condition.number = *number;
  return condition;
}

Result<void> CustomRule::parse_labels(const std::vector<std::string>& labels) {
  constexpr std::array<std::string_view, 9> taken{
      "venue", "symbol", "kind", "line", "pulse", "sink", "severity", "alertname", "instance"};
  for (const std::string& label : labels) {
    const std::size_t equals = label.find('=');
    const std::string name = label.substr(0, equals);
    const bool fits =
        equals != std::string::npos && !name.empty() &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos &&
        (name[0] < '0' || name[0] > '9');
    if (!fits) {
      return bad("labels", fmt::format("'{}' is no label", label), R"(write as in "team=alpha")");
    }
    if (std::ranges::find(taken, name) != taken.end() ||
        std::ranges::find(labels_, name, &Labels::value_type::first) != labels_.end()) {
      return bad("labels", fmt::format("'{}' is there already", name), "take another name");
    }
    labels_.emplace_back(name, label.substr(equals + 1));
  }
  return {};
}

Labels CustomRule::labels(Labels scope) const {
  scope.insert(scope.end(), labels_.begin(), labels_.end());
  std::ranges::sort(scope);
  return scope;
}

bool CustomRule::holds(const Condition& condition, const FactValue& value) const {
  if (!condition.globs.empty()) {
    const bool matches = std::ranges::any_of(
        condition.globs, [&](const std::string& glob) { return glob_match(glob, value.text); });
    return matches == (condition.op == Op::equal);
  }
  if (!value.number) return false;
  switch (condition.op) {
    case Op::equal:
      return *value.number == condition.number;
    case Op::unequal:
      return *value.number != condition.number;
    case Op::less:
      return *value.number < condition.number;
    case Op::at_most:
      return *value.number <= condition.number;
    case Op::more:
      return *value.number > condition.number;
    case Op::at_least:
      return *value.number >= condition.number;
  }
  return false;
}

CustomRule::Outcome CustomRule::judge(const FactValues& values, MonoTime now) const {
  Outcome outcome{.holds = true, .next = never_mono};
  const auto facts = rules::facts_of(subject_);
  for (const Condition& condition : conditions_) {
    const FactValue& value = values.at(condition.fact);
    outcome.holds = outcome.holds && holds(condition, value);
    if (facts[condition.fact].type != FactType::age || !value.number) continue;
    // An age grows as fast as time: it will be there, and past it, at these moments.
    const MonoTime there = plus(now, Duration{condition.number} - Duration{*value.number});
    for (const MonoTime at : {there, plus(there, instant)}) {
      if (at > now) outcome.next = std::min(outcome.next, at);
    }
  }
  return outcome;
}

std::string CustomRule::value_text(std::size_t fact, const FactValue& value) const {
  const FactInfo& info = rules::facts_of(subject_)[fact];
  if (info.type == FactType::text) return value.text;
  if (!value.number) return "never";
  switch (info.type) {
    case FactType::flag:
      return *value.number != 0 ? "true" : "false";
    case FactType::number:
      return fmt::format("{:g}", static_cast<double>(*value.number) / thousandths);
    case FactType::rank:
      return std::string(info.words[static_cast<std::size_t>(*value.number)]);
    case FactType::duration:
    case FactType::age:
      return fmt::format("{:.3f}s", to_seconds(Duration{*value.number}));
    case FactType::text:
      break;
  }
  return {};
}

std::string CustomRule::message(const FactValues& values) const {
  std::string out;
  const auto facts = rules::facts_of(subject_);
  walk_template(
      template_, [&](std::string_view text) { out += text; },
      [&](std::string_view name) {
        const auto index = find_fact(facts, name);
        if (index) out += value_text(*index, values.at(*index));
      });
  return out;
}

std::string CustomRule::metadata(const FactValues& values) const {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("rule", name_);
  const auto facts = rules::facts_of(subject_);
  std::vector<std::size_t> told;
  for (const Condition& condition : conditions_) {
    if (std::ranges::find(told, condition.fact) != told.end()) continue;
    told.push_back(condition.fact);
    json.field(facts[condition.fact].name, value_text(condition.fact, values.at(condition.fact)));
  }
  json.end_object();
  return out;
}

}  // namespace feedwatch::engine::rules
