// [positions], [trailing] and [aged]: what is asked of positions, and their rules.

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"

namespace feedwatch::config {
namespace {

/// Zero where it was complained about.
Decimal percent(const Section& section, std::string_view key, Problems& problems) {
  const std::string& text = section.text(key);
  const auto number = Decimal::parse(text);
  if (number && !number->is_negative()) return *number;
  problems.add(section, key, json_quoted(text) + " is no percentage", R"(write it as in "0.5")");
  return {};
}

/// Of which price; nothing where that is the venue's affair.
std::optional<Kind> price_of(const Section& section) {
  if (!section.given("price")) return std::nullopt;
  return kind_from_text(section.text("price"));
}

std::vector<TrailingStep> steps_of(const Section& section, Problems& problems) {
  std::vector<TrailingStep> steps;
  for (const std::string& text : section.list("steps")) {
    const std::size_t colon = text.find(':');
    const auto profit = Decimal::parse(text.substr(0, colon));
    const auto callback = Decimal::parse(
        colon == std::string::npos ? std::string_view{} : std::string_view(text).substr(colon + 1));
    if (profit && callback) {
      steps.push_back({.profit_percent = *profit, .callback_percent = *callback});
      continue;
    }
    problems.add(section, "steps", json_quoted(text) + " is no step",
                 R"(write profit:callback in percent, as in "3:0.3")");
  }
  return steps;
}

void build_trailing(const Section& section, Config& config, Problems& problems) {
  TrailingOptions options;
  options.activation_percent = percent(section, "activation_percent", problems);
  options.callback_percent = percent(section, "callback_percent", problems);
  options.commission_percent = percent(section, "commission_percent", problems);
  options.steps = steps_of(section, problems);
  if (section.given("breakeven_percent")) {
    options.breakeven_percent = percent(section, "breakeven_percent", problems);
  }
  options.confirm_within = section.duration("confirm_within");
  config.position_rules.trailing_numbers = options;
  config.positions.trailing_price = price_of(section);
  if (!section.flag("enabled")) return;
  if (const std::string_view problem = options.problem(); problems.empty() && !problem.empty()) {
    problems.add(section, "enabled", fmt::format("the rule cannot be followed: {}", problem),
                 "change its numbers");
  }
  config.position_rules.trailing = std::move(options);
}

void build_aged(const Section& section, Config& config, Problems& problems) {
  AgedOptions options;
  options.max_age = section.duration("max_age");
  options.grace = section.duration("grace");
  options.progressive = section.duration("progressive");
  options.commission_percent = percent(section, "commission_percent", problems);
  options.loss_step_percent = percent(section, "loss_step_percent", problems);
  options.max_loss_percent = percent(section, "max_loss_percent", problems);
  config.position_rules.aged_numbers = options;
  config.positions.aged_price = price_of(section);
  if (!section.flag("enabled")) return;
  if (const std::string_view problem = options.problem(); problems.empty() && !problem.empty()) {
    problems.add(section, "enabled", fmt::format("the rule cannot be followed: {}", problem),
                 "change its numbers");
  }
  config.position_rules.aged = options;
}

void build_positions(const Section& section, Config& config, Problems& problems) {
  const DivergenceOptions divergence{.percent = percent(section, "divergence_percent", problems),
                                     .longer_than = section.duration("divergence_for")};
  config.positions.divergence.reset();
  if (divergence.percent.is_positive()) config.positions.divergence = divergence;
}

}  // namespace

void build_position_rules(const Document& document, Config& config, Problems& problems) {
  build_positions(document.single("positions"), config, problems);
  build_trailing(document.single("trailing"), config, problems);
  build_aged(document.single("aged"), config, problems);
}

}  // namespace feedwatch::config
