#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::expected<Config, std::vector<Error>> try_load(const std::string& text) {
  return load_text(text, "f.toml",
                   {.file = std::nullopt, .environment = {{"HOME", "/home/u"}}, .flags = {}});
}

Config good(const std::string& text) {
  auto config = try_load(text);
  if (!config) throw std::runtime_error(config.error().at(0).text());
  return std::move(*config);
}

std::string error_of(const std::string& text) {
  const auto config = try_load(text);
  return config ? "no error" : config.error().at(0).text();
}

TEST(ConfigRules, of_ones_own_and_built_in_ones_changed) {
  const Config config = good(R"([[rule]]
name = "old"
on = "stream"
when = ["age > 10s", "venue = binance-*"]
for = "5s"
severity = "critical"
message = "{symbol} is {age} old"
labels = ["team=alpha"]
[[rule]]
name = "off"
on = "store"
when = ["pending > 5"]
enabled = false
[[rule]]
name = "venue_lag"
for = "1m"
[[rule]]
name = "flapping"
enabled = false
)");
  ASSERT_EQ(config.rules.custom.size(), 1U);
  EXPECT_EQ(config.rules.custom[0].name(), "old");
  EXPECT_EQ(config.rules.custom[0].hold(), 5s);
  EXPECT_EQ(config.rules.changes.at("venue_lag").hold, 1min);
  EXPECT_TRUE(config.rules.changes.at("venue_lag").enabled);
  EXPECT_FALSE(config.rules.changes.at("venue_lag").severity);
  EXPECT_FALSE(config.rules.changes.at("flapping").enabled);
}

TEST(ConfigRules, mistakes_have_a_place_and_say_what_to_do) {
  EXPECT_EQ(error_of("[[rule]]\nname = \"x\"\n"),
            "f.toml:1:1: rule.on: is missing, and \"x\" is no built-in rule (say what it is about: "
            "stream, line, venue, pulse, sink or store)");
  EXPECT_THAT(
      error_of("[[rule]]\nname = \"x\"\non = \"stream\"\nwhen = [\"old > 1s\"]\n"),
      HasSubstr("f.toml:4:8: rule.when: \"old > 1s\" names no fact of a stream (use stream, "));
  EXPECT_THAT(error_of("[[rule]]\nname = \"line_down\"\non = \"line\"\n"),
              HasSubstr("rule.on: \"line_down\" is a built-in rule"));
  EXPECT_THAT(error_of("[[rule]]\nname = \"monitor_suspect\"\nenabled = false\n"),
              HasSubstr("is as it is"));
  EXPECT_THAT(error_of("[[rule]]\nname = \"Watchdog\"\nenabled = false\n"),
              HasSubstr("use [watchdog]"));
  EXPECT_THAT(error_of("[[rule]]\nname = \"flapping\"\n[[rule]]\nname = \"flapping\"\n"),
              HasSubstr("f.toml:4:8: rule.name: \"flapping\" stands at f.toml:2:8"));
}

TEST(ConfigPulses, by_period_or_schedule) {
  const Config config = good(R"([[pulse]]
name = "trend"
every = "1m"
grace = "10s"
required = true
[[pulse]]
name = "waves"
schedule = ["5,20,35,50 * * * *"]
[[pulse]]
name = "signals"
)");
  ASSERT_EQ(config.pulses.size(), 3U);
  EXPECT_EQ(config.pulses[0].every, 1min);
  EXPECT_EQ(config.pulses[0].grace, 10s);
  EXPECT_TRUE(config.pulses[0].required);
  ASSERT_TRUE(config.pulses[1].schedule);
  EXPECT_EQ(config.pulses[1].schedule->text(), "5,20,35,50 * * * *");
  EXPECT_THAT(error_of("[[pulse]]\nname = \"x\"\n"),
              HasSubstr("pulse.every: is missing, and schedule too"));
  EXPECT_THAT(error_of("[[pulse]]\nname = \"x\"\nevery = \"1m\"\nschedule = [\"06:00\"]\n"),
              HasSubstr("pulse.schedule: stands beside every"));
  EXPECT_THAT(error_of("[[pulse]]\nname = \"x\"\nschedule = [\"25:00\"]\n"),
              HasSubstr("f.toml:3:12: pulse.schedule: schedule '25:00' is no time of day"));
}

TEST(ConfigWatchdog, is_on_and_told_to_whom_it_names) {
  EXPECT_TRUE(good("").watchdog.enabled);
  EXPECT_EQ(good("").watchdog.options.repeat, 5min);
  EXPECT_THAT(good("").watchdog.options.sinks, ElementsAre());
  const Config config =
      good("[[sink]]\ntype = \"log\"\n[watchdog]\nrepeat = \"1m\"\nsinks = [\"log\"]\n");
  EXPECT_THAT(config.watchdog.options.sinks, ElementsAre("log"));
  EXPECT_FALSE(good("[watchdog]\nenabled = false\n").watchdog.enabled);
  EXPECT_THAT(error_of("[watchdog]\nsinks = [\"pager\"]\n"),
              HasSubstr("f.toml:2:9: watchdog.sinks: there is no sink \"pager\""));
}

TEST(ConfigWatchdog, url_is_a_secret_in_a_file) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / "feedwatch-heartbeat-url";
  const auto with = [&](const std::string& text) {
    std::ofstream(file) << text;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return "[watchdog]\nurl_file = \"" + file.string() + "\"\n";
  };
  EXPECT_EQ(good(with("https://hc.example/ping/canary\n")).watchdog.url,
            "https://hc.example/ping/canary");
  const std::string error = error_of(with("canary"));
  EXPECT_THAT(error, HasSubstr("watchdog.url_file: holds no URL"));
  EXPECT_THAT(error, testing::Not(HasSubstr("canary")));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace feedwatch::config
