#include "feedwatch/protect/rule_overrides.hpp"

#include <utility>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch {
namespace {

constexpr std::string_view rule_of(const TrailingOverride& /*of*/) {
  return "trailing";
}
constexpr std::string_view rule_of(const AgedOverride& /*of*/) {
  return "aged";
}

Result<void> read(std::string_view text, std::optional<Decimal>& into) {
  const auto number = Decimal::parse(text);
  if (!number || number->is_negative()) {
    return std::unexpected(Error{"", "is no percentage", R"(write it as in "0.5")"});
  }
  into = *number;
  return {};
}

Result<void> read(std::string_view text, std::optional<Duration>& into) {
  const Result<Duration> duration = parse_duration(text);
  if (!duration) return std::unexpected(Error{"", duration.error().why, duration.error().fix});
  into = *duration;
  return {};
}

Result<void> read(std::string_view text, std::optional<std::vector<TrailingStep>>& into) {
  std::vector<TrailingStep> steps;
  while (!text.empty()) {
    const std::string_view step = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), step.size() + 1));
    const std::size_t colon = step.find(':');
    const auto profit = Decimal::parse(step.substr(0, colon));
    const auto callback = Decimal::parse(colon == std::string_view::npos ? std::string_view{}
                                                                         : step.substr(colon + 1));
    if (!profit || !callback) {
      return std::unexpected(Error{"", "has a step that is none",
                                   R"(write profit:callback in percent, as in "3:0.3")"});
    }
    steps.push_back({.profit_percent = *profit, .callback_percent = *callback});
  }
  into = std::move(steps);
  return {};
}

template <class Override>
Result<void> set(Override& of, std::string_view name, std::string_view value) {
  const std::string rule(rule_of(of));
  Result<void> done;
  std::string names;
  bool known = false;
  for_each_number(of, [&](std::string_view each, auto& number) {
    names += (names.empty() ? "" : ", ") + std::string(each);
    if (each != name) return;
    known = true;
    done = read(value, number);
  });
  if (!known) {
    return std::unexpected(
        Error{rule, "has no number '" + std::string(name) + "'", "it has " + names});
  }
  if (!done) done.error().what = rule + "." + std::string(name);
  return done;
}

template <class Override>
std::string print(const Override& of) {
  if (!of.enabled) return "off";
  std::string text;
  for_each_number(of, [&](std::string_view name, const auto& number) {
    if (number) text += (text.empty() ? "" : " ") + std::string(name) + "=" + text_of(*number);
  });
  return text.empty() ? "on" : text;
}

template <class Override>
Result<Override> parse(std::string_view text) {
  Override of;
  of.enabled = text != "off";
  if (!of.enabled || text == "on") return of;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return std::unexpected(Error{std::string(rule_of(of)),
                                   "'" + std::string(pair) + "' is no number of it",
                                   "write off, on, or name=value"});
    }
    const Result<void> done = set(of, pair.substr(0, equals), pair.substr(equals + 1));
    if (!done) return std::unexpected(done.error());
  }
  return of;
}

template <class T>
void take(T& into, const std::optional<T>& given) {
  if (given) into = *given;
}

}  // namespace

Result<void> set_number(TrailingOverride& of, std::string_view name, std::string_view value) {
  return set(of, name, value);
}
Result<void> set_number(AgedOverride& of, std::string_view name, std::string_view value) {
  return set(of, name, value);
}

std::string text_of(const Decimal& number) {
  return number.to_string();
}
std::string text_of(Duration number) {
  return format_duration(number);
}
std::string text_of(const std::vector<TrailingStep>& steps) {
  std::string text;
  for (const TrailingStep& step : steps) {
    if (!text.empty()) text += ',';
    text += step.profit_percent.to_string() + ":" + step.callback_percent.to_string();
  }
  return text;
}

std::string to_text(const TrailingOverride& of) {
  return print(of);
}
std::string to_text(const AgedOverride& of) {
  return print(of);
}
Result<TrailingOverride> trailing_override(std::string_view text) {
  return parse<TrailingOverride>(text);
}
Result<AgedOverride> aged_override(std::string_view text) {
  return parse<AgedOverride>(text);
}

TrailingOptions applied(const TrailingOverride& of, TrailingOptions options) {
  take(options.activation_percent, of.activation_percent);
  take(options.callback_percent, of.callback_percent);
  take(options.steps, of.steps);
  if (of.breakeven_percent) options.breakeven_percent = of.breakeven_percent;
  take(options.commission_percent, of.commission_percent);
  take(options.confirm_within, of.confirm_within);
  return options;
}

AgedOptions applied(const AgedOverride& of, AgedOptions options) {
  take(options.max_age, of.max_age);
  take(options.grace, of.grace);
  take(options.progressive, of.progressive);
  take(options.commission_percent, of.commission_percent);
  take(options.loss_step_percent, of.loss_step_percent);
  take(options.max_loss_percent, of.max_loss_percent);
  return options;
}

}  // namespace feedwatch
