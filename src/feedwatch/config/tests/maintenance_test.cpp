#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/config/config.hpp"

namespace feedwatch::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::expected<Config, std::vector<Error>> read(const std::string& keys) {
  Sources sources;
  sources.environment = {{"HOME", "/home/ann"}};
  return load_text("[[maintenance]]\n" + keys, "f.toml", sources);
}

std::string refused(const std::string& keys) {
  const auto config = read(keys);
  return config ? "taken" : config.error().at(0).text();
}

TEST(MaintenanceConfig, one_window) {
  const auto config = read(R"(name = "move"
matchers = ['venue="kraken"', 'severity!="critical"']
start = "2026-12-01T02:00:00Z"
end = "2026-12-01T03:00:00+01:00"
)");
  EXPECT_FALSE(config) << "its end is an hour before its start";
  const auto good = read(R"(name = "move"
matchers = ['venue="kraken"', 'severity!="critical"']
start = "2026-12-01T02:00:00Z"
end = "2026-12-01T04:00:00Z"
)");
  ASSERT_TRUE(good) << good.error()[0].text();
  ASSERT_THAT(good->maintenances, SizeIs(1));
  EXPECT_EQ(good->maintenances[0].name, "move");
  EXPECT_THAT(good->maintenances[0].matchers, SizeIs(2));
  EXPECT_TRUE(good->maintenances[0].open_at(*parse_time("2026-12-01T02:00:00Z")));
  EXPECT_FALSE(good->maintenances[0].open_at(*parse_time("2026-12-01T04:00:00Z")));
}

TEST(MaintenanceConfig, windows_that_come_again) {
  const auto config = read(R"(matchers = ['venue=~".+"']
days = ["sat", "sun"]
at = "22:30"
for = "3h"
)");
  ASSERT_TRUE(config) << config.error()[0].text();
  const muting::Maintenance& weekend = config->maintenances.at(0);
  EXPECT_EQ(weekend.name, "maintenance-1");
  EXPECT_TRUE(weekend.open_at(*parse_time("2026-11-28T22:30:00Z")));  // a Saturday
  EXPECT_TRUE(weekend.open_at(*parse_time("2026-11-30T01:29:59Z")));
  EXPECT_FALSE(weekend.open_at(*parse_time("2026-11-30T22:30:00Z")));
  const auto daily = read("matchers = ['venue=\"v\"']\nat = \"00:00\"\nfor = \"24h\"\n");
  ASSERT_TRUE(daily);
  EXPECT_TRUE(daily->maintenances.at(0).open_at(*parse_time("2026-11-30T12:00:00Z")));
}

TEST(MaintenanceConfig, mistakes_say_where_what_and_what_to_do) {
  const std::string who = "matchers = ['venue=\"v\"']\n";
  EXPECT_THAT(refused("at = \"02:00\"\nfor = \"1h\"\n"),
              HasSubstr("maintenance.matchers: is missing"));
  EXPECT_THAT(refused("matchers = []\nat = \"02:00\"\nfor = \"1h\"\n"), HasSubstr("is empty"));
  EXPECT_THAT(refused("matchers = ['venue=~\"(\"']\nat = \"02:00\"\nfor = \"1h\"\n"),
              HasSubstr("f.toml:2:12: maintenance.matchers: matcher"));
  EXPECT_THAT(refused(who), HasSubstr("maintenance.start: is missing, and at too"));
  EXPECT_THAT(refused(who + "start = \"2026-12-01T02:00:00Z\"\n"),
              HasSubstr("maintenance.end: is missing"));
  EXPECT_THAT(refused(who + "start = \"tomorrow\"\nend = \"2026-12-01T02:00:00Z\"\n"),
              HasSubstr("f.toml:3:9: maintenance.start: \"tomorrow\" is not a time"));
  EXPECT_THAT(refused(who + "at = \"2:00\"\nfor = \"1h\"\n"), HasSubstr("not a time of day"));
  EXPECT_THAT(refused(who + "at = \"24:00\"\nfor = \"1h\"\n"), HasSubstr("not a time of day"));
  EXPECT_THAT(refused(who + "at = \"02:00\"\nfor = \"25h\"\n"), HasSubstr("use at most 24h"));
  EXPECT_THAT(refused(who + "at = \"02:00\"\n"), HasSubstr("maintenance.for: is missing"));
  EXPECT_THAT(refused(who + "days = [\"monday\"]\nat = \"02:00\"\nfor = \"1h\"\n"),
              HasSubstr("\"monday\" is no day of the week"));
  EXPECT_THAT(refused(who + "start = \"2026-12-01T02:00:00Z\"\nend = \"2026-12-01T03:00:00Z\"\n"
                            "at = \"02:00\"\nfor = \"1h\"\n"),
              HasSubstr("stands beside start and end"));
}

}  // namespace
}  // namespace feedwatch::config
