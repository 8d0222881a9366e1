#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/config/config.hpp"
#include "feedwatch/config/print.hpp"

namespace feedwatch::config {
namespace {

const Sources at_home{.file = {}, .environment = {{"HOME", "/home/u"}}, .flags = {}};

std::string toml_text(const std::string& text) {
  std::string out;
  for (const char c : json_quoted(text)) {
    if (c == '\x7f') {
      out += "\\u007F";
    } else {
      out += c;
    }
  }
  return out;
}

TEST(Hostile, TextCutAtEveryByteNeverCrashes) {
  const std::string sample =
      "preset = \"tight\" # comment\n[[venue]]\nname = \"binance-usdm\"\n"
      "streams = [\"BTCUSDT/mark\", 'Ω/quote']\n[store]\nurl = \"\"\"sqlite:///a\\u00e9\"\"\"\n"
      "[alerts]\nkeep_firing = \"1h30m\"\nmax_notifications = 1_000\n[[policy]]\nmatch = \"*\"\n"
      "x.y = {a = 1, b = [1979-05-27T07:32:00Z, 3.5e+22, 0xFF, inf]}\n";
  for (std::size_t size = 0; size <= sample.size(); ++size) {
    const auto config = load_text(sample.substr(0, size), "f", at_home);
    if (!config) {
      EXPECT_FALSE(config.error().empty()) << size;
    }
    std::string damaged = sample;
    if (size < sample.size()) damaged[size] = static_cast<char>(damaged[size] ^ '\x80');
    static_cast<void>(load_text(damaged, "f", at_home));
  }
}

TEST(Hostile, NaughtyStringsAsSymbolsAndKeys) {
  const std::filesystem::path file = testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(file);
  std::ifstream in(file);
  int symbols = 0;
  for (const nlohmann::json& each : nlohmann::json::parse(in)) {
    const std::string text = each.get<std::string>();
    const std::string stream = text + "/mark";
    const auto config =
        load_text("[[venue]]\nname = \"binance-usdm\"\nstreams = [" + toml_text(stream) + "]\n",
                  "f", at_home);
    if (text.empty() || text.size() > 256) {
      EXPECT_FALSE(config) << text;
    } else {
      ASSERT_TRUE(config) << text << config.error().at(0).text();
      EXPECT_EQ(config->venues.at(0).streams.at(0), stream);
      // Printing it is TOML again, with the same symbol.
      const auto again = load_text(print_toml(*config), "f", at_home);
      ASSERT_TRUE(again) << text << again.error().at(0).text();
      EXPECT_EQ(again->venues.at(0).streams.at(0), stream);
      ++symbols;
    }
    const auto as_key = load_text(toml_text(text) + " = 1\n", "f", at_home);
    ASSERT_FALSE(as_key) << text;
    for (const char c : as_key.error().at(0).text()) {
      ASSERT_GE(static_cast<unsigned char>(c), 0x20U) << text;
    }
  }
  EXPECT_GT(symbols, 400);
}

}  // namespace
}  // namespace feedwatch::config
