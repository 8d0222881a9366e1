#include "feedwatch/config/diff.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {
namespace {

Document document(const std::string& text) {
  auto loaded =
      load_text(text, "test.toml", {.file = {}, .environment = {{"HOME", "/h"}}, .flags = {}});
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().front().text());
  return loaded ? loaded->document : Document{};
}

std::vector<std::string> texts(const std::string& running, const std::string& next) {
  std::vector<std::string> out;
  for (const Difference& each : differences(document(running), document(next))) {
    out.push_back(each.what + (each.restart ? " (restart)" : ""));
  }
  return out;
}

using Texts = std::vector<std::string>;

const std::string two_venues = R"(
[[venue]]
name = "kraken"
streams = ["BTC/USD/last"]
[[venue]]
name = "okx"
)";

TEST(ConfigDiff, TheSameIsNoDifferenceWhateverItsFormAndPlace) {
  EXPECT_EQ(texts("", ""), Texts{});
  EXPECT_EQ(texts("", "[alerts]\nrepeat = \"240m\"\n"), Texts{}) << "the default, written out";
  EXPECT_EQ(texts(two_venues, "# moved\n\n" + two_venues), Texts{});
}

TEST(ConfigDiff, WhomDecisionsAreToldTakesARestart) {
  const std::string bot = "[aged]\nenabled = true\n[[decision_webhook]]\nname = \"bot\"\n";
  EXPECT_EQ(texts(bot + "url = \"http://h/a\"\n", bot + "url = \"http://h/b\"\n"),
            Texts{"decision_webhook bot (restart)"});
}

TEST(ConfigDiff, SettingsAreNamedByTheirKey) {
  EXPECT_EQ(texts("", "preset = \"tight\"\n[alerts]\nrepeat = \"1h\"\n[log]\nlevel = \"debug\"\n"),
            (Texts{"preset", "log.level", "alerts.repeat"}));
}

TEST(ConfigDiff, TablesOfAnArrayAreNamedByTheirName) {
  EXPECT_EQ(texts(two_venues, R"(
[[venue]]
name = "okx"
lines = 2
[[venue]]
name = "coinbase"
)"),
            (Texts{"venue kraken", "venue okx", "venue coinbase"}));
  EXPECT_EQ(texts("[[policy]]\nmatch = \"*\"\nstale_after = \"400s\"\n",
                  "[[policy]]\nmatch = \"*\"\nstale_after = \"500s\"\n"),
            Texts{"policy *"});
}

TEST(ConfigDiff, WhatARunningMonitorCannotTakeIsMarked) {
  EXPECT_EQ(texts("", "seed = 3\n[api]\nlisten = \"127.0.0.1:1\"\n[board]\nshm = \"b\"\n"),
            (Texts{"seed (restart)", "api.listen (restart)", "board.shm (restart)"}));
}

}  // namespace
}  // namespace feedwatch::config
