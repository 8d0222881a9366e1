#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/protect/aged.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

/// What one position wants of its rules instead of what the configuration says. Values; any thread.
namespace feedwatch {

/// Of a rule that is off nothing else counts; what is absent is the configuration's.
struct TrailingOverride {
  bool enabled = true;
  std::optional<Decimal> activation_percent, callback_percent;
  std::optional<std::vector<TrailingStep>> steps;
  std::optional<Decimal> breakeven_percent, commission_percent;
  std::optional<Duration> confirm_within;
  friend bool operator==(const TrailingOverride&, const TrailingOverride&) = default;
};
struct AgedOverride {
  bool enabled = true;
  std::optional<Duration> max_age, grace, progressive;
  std::optional<Decimal> commission_percent, loss_step_percent, max_loss_percent;
  friend bool operator==(const AgedOverride&, const AgedOverride&) = default;
};
struct RuleOverrides {
  std::optional<TrailingOverride> trailing;
  std::optional<AgedOverride> aged;
  friend bool operator==(const RuleOverrides&, const RuleOverrides&) = default;
};

/// Calls `action(name, number)` for each of its numbers, of whichever constness, in this order. The
/// names are those of the configuration.
template <class Override, class Action>
void for_each_number(Override& of, Action action) {
  if constexpr (std::is_same_v<std::remove_const_t<Override>, TrailingOverride>) {
    action("activation_percent", of.activation_percent);
    action("callback_percent", of.callback_percent);
    action("steps", of.steps);
    action("breakeven_percent", of.breakeven_percent);
    action("commission_percent", of.commission_percent);
    action("confirm_within", of.confirm_within);
  } else {
    static_assert(std::is_same_v<std::remove_const_t<Override>, AgedOverride>);
    action("max_age", of.max_age);
    action("grace", of.grace);
    action("progressive", of.progressive);
    action("commission_percent", of.commission_percent);
    action("loss_step_percent", of.loss_step_percent);
    action("max_loss_percent", of.max_loss_percent);
  }
}

/// Sets one number as people write it: "0.3", "90m", steps as "3:0.5,5:0.3". The error names the
/// field, as in "trailing.callback_percent".
Result<void> set_number(TrailingOverride& of, std::string_view name, std::string_view value);
Result<void> set_number(AgedOverride& of, std::string_view name, std::string_view value);

std::string text_of(const Decimal& number);
std::string text_of(Duration number);
std::string text_of(const std::vector<TrailingStep>& steps);

/// "off", "on", or its numbers: "callback_percent=0.3 steps=3:0.5,5:0.3".
std::string to_text(const TrailingOverride& of);
std::string to_text(const AgedOverride& of);
/// The same back. Errors as of set_number().
Result<TrailingOverride> trailing_override(std::string_view text);
Result<AgedOverride> aged_override(std::string_view text);

/// The numbers, where they are given, in place of those.
TrailingOptions applied(const TrailingOverride& of, TrailingOptions options);
AgedOptions applied(const AgedOverride& of, AgedOptions options);

}  // namespace feedwatch
