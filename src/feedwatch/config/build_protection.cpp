// [positions]: lists of them, and what is asked of them; [trailing] and [aged]: their rules.

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
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

/// By which positions at a venue of that sheet go.
std::set<Kind> protecting_kinds(const Config& config, const venues::VenueSheet& sheet) {
  const auto kind_of = [&](const std::optional<Kind>& wanted) {
    return wanted && venues::channel_for(sheet, *wanted) ? *wanted : engine::protecting_kind(sheet);
  };
  std::set<Kind> kinds{kind_of(config.positions.trailing_price)};
  if (config.position_rules.aged) kinds.insert(kind_of(config.positions.aged_price));
  return kinds;
}

/// A channel that may be silent for longer than its price may be old leaves positions without one
/// time and again, and nothing is wrong with it.
void warn_if_seldom(const Section& section, const PolicySet& policies,
                    const engine::VenueOptions& venue, Kind kind, Problems& problems) {
  const venues::VenueSheet& sheet = venue.venue->sheet();
  const auto number = venues::channel_for(sheet, kind);
  if (!number) return;
  const venues::ChannelSheet& channel = sheet.channels[*number];
  const std::string pattern = fmt::format("{}/*/{}", venue.name, to_text(kind));
  const Policy policy = policies.for_stream(
      pattern, {channel.cadence, channel.snapshot_on_subscribe, channel.suspect_after});
  const Duration limit = engine::PriceTap::max_age_of(policy, channel.cadence);
  if (channel.cadence.type != CadenceType::clocked || channel.cadence.period < limit) return;
  const std::string period = format_duration(channel.cadence.period);
  problems.warn(section, "name",
                fmt::format("{} prices come every {} when nothing changes, and protect a position "
                            "for {}: it is refused in between",
                            to_text(kind), period, format_duration(limit)),
                fmt::format("set protect_max_age above {} in a [[policy]] with match = {}", period,
                            json_quoted(pattern)));
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

void check_protection(const Document& document, const Config& config, Problems& problems) {
  const engine::RuleOptions& rules = config.position_rules;
  if (!rules.trailing && !rules.aged && config.position_files.empty()) return;
  const std::vector<const Section*> sections = document.all("venue");
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const engine::VenueOptions& venue = config.venues[i];
    if (venue.venue == nullptr) continue;
    for (const Kind kind : protecting_kinds(config, venue.venue->sheet())) {
      warn_if_seldom(*sections[i], config.policies, venue, kind, problems);
    }
  }
}

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
