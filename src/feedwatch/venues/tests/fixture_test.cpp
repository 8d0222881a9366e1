/// Messages that authors of client libraries keep as examples of what these venues send.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues {
namespace {

/// Whose messages a file holds, by how its name begins.
constexpr std::pair<std::string_view, std::string_view> owners[] = {
    {"Binance/Spot__", "binance-spot"},         {"Binance/UsdFutures__", "binance-usdm"},
    {"Binance/CoinFutures__", "binance-coinm"}, {"Bybit/V5__Spot__", "bybit-spot"},
    {"Bybit/V5__Linear__", "bybit-linear"},
};

/// What the venue sends in such a file: each begins with '=' and maybe a number, on one line or
/// many;
/// '>' and '<' are requests and their answers.
std::vector<std::string> messages_of(const std::filesystem::path& path) {
  std::vector<std::string> messages;
  std::istringstream lines(testing::read_file(path));
  bool ours = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    const bool begins = !line.empty() && std::string_view("=<>").contains(line.front());
    if (begins) {
      ours = line.front() == '=';
      if (ours) messages.emplace_back();
      line.erase(0, std::min(line.find_first_not_of("=<>0123456789"), line.size()));
    }
    if (ours) messages.back() += line + "\n";
  }
  return messages;
}

/// "last 0.001 @12345" for each tick, "beat" and "status" for what is none.
std::vector<std::string> told(const test::Reading& reading) {
  std::vector<std::string> all;
  for (const WireTick& tick : reading.out.ticks) {
    std::string text = std::string(to_text(tick.kind)) + " " + std::string(tick.price_text);
    if (tick.fields.ask) text.append(" ").append(tick.ask_text);
    if (tick.seq) text += " @" + std::to_string(*tick.seq);
    all.push_back(std::move(text));
  }
  for (std::size_t i = 0; i < reading.out.beats.size(); ++i) all.emplace_back("beat");
  if (reading.type == MessageType::status) all.emplace_back("status");
  return all;
}

using Told = std::map<std::string, std::vector<std::string>>;

/// Every file of an owner, without the names of its suffix; those that say nothing are left out.
void read_files(const std::filesystem::path& folder, std::string_view prefix,
                std::string_view venue, Told& all) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = folder.filename().string() + "/" + entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    for (const std::string& text : messages_of(entry.path())) {
      const test::Reading reading(*find_venue(venue), text);
      EXPECT_TRUE(reading.type.has_value()) << name << '\n' << text;
      std::vector<std::string> ticks = told(reading);
      if (!ticks.empty()) all[name] = std::move(ticks);
    }
  }
}

TEST(Fixtures, WhatOthersTakeForTheVenuesMessages) {
  const auto folder = testing::test_data_path("captures/jkorf");
  FEEDWATCH_NEEDS_DATA(folder);
  Told all;
  for (const auto& [prefix, venue] : owners) {
    const std::string exchange(prefix.substr(0, prefix.find('/')));
    read_files(folder / exchange, prefix, venue, all);
  }
  const Told expected{
      {"Binance/Spot__ExchangeData__AggregatedTrades.txt", {"last 0.001 @12345"}},
      {"Binance/Spot__ExchangeData__BookTicker.txt", {"quote 25.35190000 25.36520000 @400900217"}},
      {"Binance/UsdFutures__AggTrades.txt", {"last 0.001 @5933014"}},
      {"Binance/UsdFutures__BookTicker.txt", {"quote 25.35190000 25.36520000 @400900217"}},
      {"Binance/UsdFutures__MarkPrice.txt", {"mark 11794.15000000", "index 11784.62659091"}},
      {"Bybit/V5__Linear__Ticker.txt",
       {"last 17216.00 @24987956059", "mark 17217.33 @24987956059", "index 17227.36 @24987956059"}},
      {"Bybit/V5__Spot__SystemStatus.txt", {"status"}},
      {"Bybit/V5__Spot__Ticker.txt", {"last 21109.77 @2588407389"}},
  };
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace feedwatch::venues
