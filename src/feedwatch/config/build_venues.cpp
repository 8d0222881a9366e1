#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/nearest.hpp"
#include "feedwatch/config/schema.hpp"
#include "feedwatch/config/url.hpp"

namespace feedwatch::config {
namespace {

constexpr std::size_t max_name = 64;
constexpr std::size_t max_symbol = 256;

std::optional<Preset> preset_of(const Section& section) {
  return section.given("preset") ? preset_from_text(section.text("preset")) : std::nullopt;
}

std::optional<Duration> duration_of(const Section& section, std::string_view key) {
  return section.given(key) ? std::optional{section.duration(key)} : std::nullopt;
}

std::optional<int> integer_of(const Section& section, std::string_view key) {
  return section.given(key) ? std::optional{static_cast<int>(section.integer(key))} : std::nullopt;
}

PolicyRule rule_of(const Section& section) {
  PolicyRule rule;
  rule.match = section.text("match");
  rule.preset = preset_of(section);
  rule.degraded_after = duration_of(section, "degraded_after");
  rule.stale_after = duration_of(section, "stale_after");
  rule.suspect_after = duration_of(section, "suspect_after");
  rule.first_tick_after = duration_of(section, "first_tick_after");
  rule.recover_ticks = integer_of(section, "recover_ticks");
  rule.sanity_percent = integer_of(section, "sanity_percent");
  rule.sanity_repeats = integer_of(section, "sanity_repeats");
  rule.protect_max_age = duration_of(section, "protect_max_age");
  return rule;
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20U || c == '\x7f' || c == '/' || c == '*' ||
           c == '\\';
  });
}

std::string kinds_of(const venues::VenueSheet& sheet) {
  std::vector<std::string_view> kinds;
  for (const Kind kind : all_kinds) {
    if (venues::channel_for(sheet, kind)) kinds.push_back(to_text(kind));
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

class VenueBuilder {
 public:
  VenueBuilder(const PolicySet& policies, Problems& problems)
      : policies_(policies), problems_(problems) {}

  engine::VenueOptions build(const Section& section) {
    engine::VenueOptions options;
    options.name = section.text("name");
    options.venue = venue_of(section);
    options.ws_url = url_of(section, "url", {"ws", "wss"});
    options.rest_url = url_of(section, "rest_url", {"http", "https"});
    if (options.rest_url.empty()) options.rest_url = simulator_rest(options.ws_url);
    options.ca_file = section.text("ca_file");
    options.streams = section.list("streams");
    options.required = section.flag("required");
    options.lines = static_cast<std::size_t>(section.integer("lines"));
    check_ca_file(section, problems_);
    check_name(section);
    check_streams(section, options);
    return options;
  }

 private:
  void check_name(const Section& section) {
    if (!section.given("name")) return;
    const std::string& name = section.text("name");
    if (!good_name(name)) {
      problems_.add(section, "name", json_quoted(name) + " cannot name a venue",
                    fmt::format("use 1 to {} characters without / * \\ and blanks", max_name));
    }
    const auto [first, fresh] = names_.emplace(name, section.place("name"));
    if (!fresh) {
      problems_.add(section, "name",
                    fmt::format("{} is taken by {}", json_quoted(name), first->second.text()),
                    "give this venue another name, and its type");
    }
  }

  const venues::Venue* venue_of(const Section& section) {
    const std::string_view key = section.find("type") != nullptr ? "type" : "name";
    if (!section.given(key)) return nullptr;
    const std::string& type = section.text(key);
    const venues::Venue* venue = venues::find_venue(type);
    if (venue != nullptr) return venue;
    std::string fix = suggest(type, venues::venue_names());
    if (key == "name") fix += "; or set type";
    problems_.add(section, key, "unknown venue type " + json_quoted(type), std::move(fix));
    return nullptr;
  }

  std::string url_of(const Section& section, std::string_view key,
                     std::initializer_list<std::string_view> schemes) {
    if (!section.given(key)) return {};
    const std::string& text = section.text(key);
    const std::optional<Url> url = parse_url(text);
    if (url && std::ranges::find(schemes, url->scheme) != schemes.end()) return text;
    problems_.add(section, key, json_quoted(text) + " is not such a URL",
                  fmt::format("write {}://host[:port][/path], without credentials",
                              fmt::join(schemes, ":// or ")));
    return {};
  }

  /// A simulator serves REST beside its sockets, and asking the real venue about it would be wrong.
  static std::string simulator_rest(const std::string& ws_url) {
    std::optional<Url> url = parse_url(ws_url);
    if (!url || !is_loopback(url->host)) return {};
    url->scheme = url->scheme == "wss" ? "https" : "http";
    return url->origin();
  }

  void check_streams(const Section& section, const engine::VenueOptions& options) {
    if (!section.given("streams")) return;
    std::set<std::string_view> seen;
    for (const std::string& stream : options.streams) {
      if (!seen.insert(stream).second) {
        problems_.add(section, "streams", json_quoted(stream) + " is listed twice",
                      "keep one of the two");
        continue;
      }
      check_stream(section, options, stream);
    }
  }

  void check_stream(const Section& section, const engine::VenueOptions& options,
                    const std::string& stream) {
    const std::size_t slash = stream.rfind('/');
    const std::size_t symbol = slash == stream.npos ? 0 : slash;
    if (slash == stream.npos || symbol == 0 || symbol > max_symbol) {
      problems_.add(section, "streams", json_quoted(stream) + " is no SYMBOL/KIND",
                    "write it as in BTCUSDT/mark");
      return;
    }
    const std::string_view word = std::string_view(stream).substr(slash + 1);
    const std::optional<Kind> kind = kind_from_text(word);
    if (!kind) {
      problems_.add(
          section, "streams",
          fmt::format("{} has the unknown kind {}", json_quoted(stream), json_quoted(word)),
          "use one of last, quote, mark, index");
      return;
    }
    if (options.venue == nullptr) return;
    const venues::VenueSheet& sheet = options.venue->sheet();
    const std::optional<std::uint8_t> channel = venues::channel_for(sheet, *kind);
    if (!channel) {
      problems_.add(section, "streams",
                    fmt::format("{}: {} offers no {} price", json_quoted(stream), sheet.name, word),
                    "it has " + kinds_of(sheet));
      return;
    }
    check_limits(section, options.name + "/" + stream, sheet.channels[*channel]);
  }

  void check_limits(const Section& section, const std::string& stream,
                    const venues::ChannelSheet& channel) {
    const Policy policy = policies_.for_stream(
        stream, {channel.cadence, channel.snapshot_on_subscribe, channel.suspect_after});
    if (policy.stale_after > policy.degraded_after) return;
    problems_.add(section, "streams",
                  fmt::format("the policy of {} leaves nothing between degraded_after and "
                              "stale_after ({})",
                              json_quoted(stream), format_duration(policy.stale_after)),
                  "set both in the [[policy]] that matches it");
  }

  const PolicySet& policies_;
  Problems& problems_;
  std::map<std::string, Origin> names_;
};

/// A rule that cannot be right for any stream. True when it is left out of the set.
bool impossible(const Section& section, Problems& problems) {
  if (section.given("match") && section.text("match").empty()) {
    problems.add(section, "match", "is empty", "write a stream or a pattern, as in \"*/mark\"");
    return true;
  }
  if (!section.given("degraded_after") || !section.given("stale_after")) return false;
  const Duration degraded = section.duration("degraded_after");
  const Duration stale = section.duration("stale_after");
  if (stale > degraded) return false;
  problems.add(section, "stale_after",
               fmt::format("{} is not above degraded_after {}", format_duration(stale),
                           format_duration(degraded)),
               "make it greater");
  return true;
}

}  // namespace

void build_policies(const Document& document, Config& config, Problems& problems) {
  std::vector<PolicyRule> rules;
  for (const Section* section : document.all("policy")) {
    if (!impossible(*section, problems)) rules.push_back(rule_of(*section));
  }
  const Preset preset = preset_of(document.single("")).value_or(Preset::coarse);
  config.policies = PolicySet(std::move(rules), preset);
}

void build_venues(const Document& document, Config& config, Problems& problems) {
  VenueBuilder builder(config.policies, problems);
  for (const Section* section : document.all("venue")) {
    config.venues.push_back(builder.build(*section));
  }
}

}  // namespace feedwatch::config
