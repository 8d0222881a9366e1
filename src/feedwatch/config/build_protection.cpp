// [positions]: lists of them, and what is asked of them; [trailing] and [aged]: their rules.

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/utf8.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/engine/position_list.hpp"

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

constexpr std::size_t most_files = 8;
constexpr std::size_t longest_file_name = PositionSources::max_name - engine::file_source.size();

void build_divergence(const Section& section, Config& config, Problems& problems) {
  const DivergenceOptions divergence{.percent = percent(section, "divergence_percent", problems),
                                     .longer_than = section.duration("divergence_for")};
  config.positions.divergence.reset();
  if (divergence.percent.is_positive()) config.positions.divergence = divergence;
}

}  // namespace

void build_position_rules(const Document& document, Config& config, Problems& problems) {
  build_trailing(document.single("trailing"), config, problems);
  build_aged(document.single("aged"), config, problems);
}

void build_positions(const Document& document, Config& config, Problems& problems) {
  const Section& section = document.single("positions");
  build_divergence(section, config, problems);
  std::set<std::string> names;
  for (const std::string& text : section.list("files")) {
    const std::filesystem::path path = text;
    const std::string name = path.filename().string();
    if (!path.is_absolute() || name.empty()) {
      problems.add(section, "files", json_quoted(text) + " is not an absolute path of a file",
                   R"(write it as in "/run/bot/positions.json")");
    } else if (name.size() > longest_file_name || !is_text(name)) {
      problems.add(section, "files", json_quoted(text) + " has a name that is too long, or no text",
                   fmt::format("use at most {} bytes", longest_file_name));
    } else if (!names.insert(name).second) {
      problems.add(section, "files", json_quoted(text) + " has the name of another one",
                   "sources are told apart by the names of their files: give each its own");
    } else {
      config.position_files.push_back(path);
    }
  }
  if (config.position_files.size() > most_files) {
    problems.add(
        section, "files",
        fmt::format("are {}, which is more than {}", config.position_files.size(), most_files),
        "put several lists into one file");
  }
}

}  // namespace feedwatch::config
