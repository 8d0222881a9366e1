// What is shipped beside the program (packaging/) speaks of metrics that there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "feedwatch/api/metrics.hpp"
#include "feedwatch/api/tests/api_bench.hpp"
#include "feedwatch/api/tests/exposition.hpp"
#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch::api {
namespace {

const std::filesystem::path packaging = std::filesystem::path{FEEDWATCH_SOURCE_DIR} / "packaging";

bool has(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

int in(const std::filesystem::path& folder, const std::string& command) {
  return std::system(("cd '" + folder.string() + "' && " + command).c_str());
}

/// Names as they stand in a query: of samples, so a histogram's with its suffixes.
std::set<std::string> names_of_samples() {
  ApiBench bench;
  bench.facts.loops = {{.name = "control", .lag = Histogram(latency_bounds).snapshot()}};
  bench.facts.venues = {{.venue = "v",
                         .interarrival = Histogram(latency_bounds).snapshot(),
                         .source_lag = Histogram(latency_bounds).snapshot()}};
  std::uint64_t left_out = 0;
  const std::string text =
      render_metrics(bench.ports(), "1", MetricsText::Format::prometheus, left_out);
  const Exposition found = ExpositionReader(false).read(text);
  EXPECT_EQ(found.fault, "");
  std::set<std::string> names(found.families.begin(), found.families.end());
  for (const std::string& family : found.families) {
    for (const char* suffix : {"_bucket", "_sum", "_count"}) names.insert(family + suffix);
  }
  return names;
}

std::set<std::string> names_in(const std::string& text) {
  static const std::regex name("\\b(feedwatch|process)_[a-z0-9_]+");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    names.insert(at->str());
  }
  return names;
}

TEST(Packaging, rules_and_dashboard_name_only_metrics_that_there_are) {
  const std::set<std::string> there = names_of_samples();
  for (const char* file : {"prometheus/feedwatch.rules.yml", "grafana/feedwatch.json"}) {
    const std::string text = feedwatch::testing::read_file(packaging / file);
    const std::set<std::string> named = names_in(text);
    EXPECT_GT(named.size(), 10U) << file;
    for (const std::string& name : named) EXPECT_TRUE(there.contains(name)) << file << ": " << name;
  }
}

TEST(Packaging, every_panel_says_what_it_shows_and_in_which_unit) {
  const Json board =
      Json::parse(feedwatch::testing::read_file(packaging / "grafana/feedwatch.json"));
  std::set<int> ids;
  std::set<std::string> variables;
  for (const Json& variable : board["templating"]["list"]) {
    variables.insert(variable["name"].get<std::string>());
  }
  EXPECT_THAT(variables, ::testing::IsSupersetOf({"datasource", "instance", "venue", "symbol"}));
  for (const Json& panel : board["panels"]) {
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << panel["title"];
    if (panel["type"] == "row") continue;
    EXPECT_FALSE(panel["description"].get<std::string>().empty()) << panel["title"];
    const Json& defaults = panel["fieldConfig"]["defaults"];
    const bool words = !defaults["mappings"].empty() || panel["type"] == "table";
    EXPECT_TRUE(words || defaults.contains("unit")) << panel["title"];
    EXPECT_FALSE(defaults["thresholds"]["steps"].empty()) << panel["title"];
    EXPECT_FALSE(panel["targets"].empty()) << panel["title"];
  }
}

TEST(Packaging, promtool_finds_the_rules_good) {
  if (!has("promtool")) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  EXPECT_EQ(in(packaging / "prometheus", "promtool check rules feedwatch.rules.yml"), 0);
  EXPECT_EQ(in(packaging / "prometheus", "promtool test rules feedwatch.rules_test.yml"), 0);
}

TEST(Packaging, systemd_finds_the_unit_good_and_tight) {
  if (!has("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  // The program it names need not be installed where this runs.
  const std::string unit =
      (std::filesystem::temp_directory_path() / "feedwatch-test.service").string();
  ASSERT_EQ(in(packaging / "systemd",
               "sed 's,^ExecStart=/usr/bin/feedwatch,ExecStart=/bin/true,' feedwatch.service > '" +
                   unit + "'"),
            0);
  EXPECT_EQ(std::system(("systemd-analyze verify --man=no '" + unit + "' 2>&1").c_str()), 0);
  EXPECT_EQ(std::system(("systemd-analyze security --offline=true --threshold=15 '" + unit +
                         "' >/dev/null 2>&1")
                            .c_str()),
            0)
      << "its exposure is above 1.5 of 10";
  std::filesystem::remove(unit);
}

}  // namespace
}  // namespace feedwatch::api
