// [[rule]], [[pulse]] and [watchdog].

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/nearest.hpp"
#include "feedwatch/config/url.hpp"
#include "feedwatch/engine/rules/rules.hpp"

namespace feedwatch::config {
namespace {

using engine::rules::CustomRule;
using engine::rules::RuleChange;

constexpr std::size_t longest_name = 100;

/// Where each name of a kind of table stands first.
class Names {
 public:
  explicit Names(Problems& problems) : problems_(problems) {}

  bool take(const Section& section) {
    if (!section.given("name")) return false;
    const std::string& name = section.text("name");
    if (name.empty() || name.size() > longest_name) {
      problems_.add(section, "name", "is empty or too long",
                    fmt::format("give it a name of at most {} bytes", longest_name));
      return false;
    }
    const auto [first, fresh] = places_.emplace(name, section.place("name"));
    if (fresh) return true;
    problems_.add(section, "name",
                  fmt::format("{} stands at {}", json_quoted(name), first->second.text()),
                  "give this one another name");
    return false;
  }

 private:
  Problems& problems_;
  std::map<std::string, Origin> places_;
};

/// What may not be changed about a rule that is there anyway.
bool is_fixed(std::string_view name) {
  return name == engine::rules::watchdog_name || name == engine::rules::monitor_suspect_name;
}

void change_rule(const Section& section, Config& config, Problems& problems) {
  const std::string& name = section.text("name");
  if (is_fixed(name)) {
    problems.add(section, "name", json_quoted(name) + " is as it is",
                 name == engine::rules::watchdog_name ? "use [watchdog]" : "remove this rule");
    return;
  }
  for (const std::string_view key : {"on", "when", "message", "labels"}) {
    if (section.place(key).source == Origin::Source::built_in || section.find(key) == nullptr) {
      continue;
    }
    problems.add(section, key, json_quoted(name) + " is a built-in rule",
                 "set enabled, severity and for only, or take another name");
  }
  RuleChange change;
  change.enabled = section.flag("enabled");
  if (section.given("severity")) {
    change.severity = engine::rules::severity_of_text(section.text("severity"));
  }
  if (section.given("for")) change.hold = section.duration("for");
  config.rules.changes.insert_or_assign(name, change);
}

void add_rule(const Section& section, Config& config, Problems& problems) {
  if (!section.given("on")) {
    if (section.find("on") == nullptr) {
      problems.add(
          section, "on",
          fmt::format("is missing, and {} is no built-in rule", json_quoted(section.text("name"))),
          "say what it is about: stream, line, venue, pulse, sink or store");
    }
    return;
  }
  engine::rules::RuleText text{.name = section.text("name"),
                               .on = section.text("on"),
                               .when = section.list("when"),
                               .severity = section.text("severity"),
                               .message = section.text("message"),
                               .labels = section.list("labels"),
                               .hold = section.duration("for")};
  auto rule = CustomRule::parse(text);
  if (!rule) {
    // "when", or "when \"age > x\"": the key, and which of its values.
    const Error& error = rule.error();
    const std::string key = error.what.substr(0, error.what.find(' '));
    problems.add(
        section, key,
        error.what == key ? error.why : error.what.substr(key.size() + 1) + " " + error.why,
        error.fix);
    return;
  }
  if (section.flag("enabled")) config.rules.custom.push_back(std::move(*rule));
}

}  // namespace

void build_rules(const Document& document, Config& config, Problems& problems) {
  Names names(problems);
  for (const Section* section : document.all("rule")) {
    if (!names.take(*section)) continue;
    if (engine::rules::names().contains(section->text("name"))) {
      change_rule(*section, config, problems);
    } else {
      add_rule(*section, config, problems);
    }
  }
}

void build_pulses(const Document& document, Config& config, Problems& problems) {
  Names names(problems);
  for (const Section* section : document.all("pulse")) {
    if (!names.take(*section)) continue;
    PulseOptions pulse{.name = section->text("name"),
                       .every = section->duration("every"),
                       .schedule = std::nullopt,
                       .grace = section->duration("grace"),
                       .required = section->flag("required")};
    const std::vector<std::string>& times = section->list("schedule");
    if (!times.empty() && section->find("every") != nullptr) {
      problems.add(*section, "schedule", "stands beside every", "keep one of the two");
    } else if (!times.empty()) {
      auto schedule = Schedule::parse(times);
      if (schedule) {
        pulse.schedule = std::move(*schedule);
      } else {
        problems.add(*section, "schedule", schedule.error().what + " " + schedule.error().why,
                     schedule.error().fix);
      }
    } else if (section->find("every") == nullptr && pulse.name != signals_pulse) {
      problems.add(*section, "every", "is missing, and schedule too", "set one of them");
    }
    config.pulses.push_back(std::move(pulse));
  }
}

void build_watchdog(const Document& document, const Surroundings& around, Config& config,
                    Problems& problems) {
  const Section& section = document.single("watchdog");
  WatchdogConfig& watchdog = config.watchdog;
  watchdog.enabled = section.flag("enabled");
  watchdog.options.repeat = section.duration("repeat");
  watchdog.options.sinks = section.list("sinks");
  watchdog.ca_file = section.text("ca_file");
  check_ca_file(section, problems);
  for (const std::string& name : watchdog.options.sinks) {
    if (std::ranges::find(config.sinks, name, &SinkConfig::name) != config.sinks.end()) continue;
    problems.add(section, "sinks", "there is no sink " + json_quoted(name),
                 "name sinks of this file, by their name");
  }
  if (!section.given("url_file")) return;
  const auto url = read_secret(section, "url_file", around, problems);
  if (!url) return;
  const auto parsed = parse_url(*url);
  if (parsed && (parsed->scheme == "http" || parsed->scheme == "https")) {
    watchdog.url = *url;
    return;
  }
  // Not quoted: such a URL is a secret in itself.
  problems.add(section, "url_file", "holds no URL",
               "write http://host[:port][/path] or https://…, without credentials");
}

}  // namespace feedwatch::config
