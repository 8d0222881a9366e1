/// Instrument lists that recorders kept: the whole of what a venue answers, not an excerpt.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/capture/reader.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {
namespace {

/// REST answers of a recording by URL; a later one replaces an earlier one.
std::map<std::string, std::string> answers_of(const std::filesystem::path& path) {
  std::map<std::string, std::string> answers;
  const auto reader = capture::Reader::open(path.string());
  if (!reader) return answers;
  for (auto record = (*reader)->next(); record && *record; record = (*reader)->next()) {
    if ((*record)->direction == capture::Direction::http) {
      answers.insert_or_assign(std::string((*record)->address), std::string((*record)->text));
    }
  }
  return answers;
}

TEST(InstrumentCapture, CoinbaseAdvancedWithoutItsAliases) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/COINBASE.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const Venue& venue = *find_venue("coinbase-advanced");
  const auto answers = answers_of(path);
  const auto body = answers.find(venue.instruments_url(venue.sheet().rest_url));
  ASSERT_NE(body, answers.end()) << "asked at our URL";
  const auto read = venue.parse_instruments(body->second);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->size(), 520U) << "920, of which 400 are aliases";
  EXPECT_EQ(std::ranges::count(*read, true, &Instrument::trading), 516);
  EXPECT_EQ(std::ranges::find(*read, "BTC-USDC", &Instrument::symbol), read->end());
  EXPECT_TRUE(venue.next_instruments_url(venue.sheet().rest_url, body->second).empty());
}

TEST(InstrumentCapture, OkxTypeByType) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/OKX.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const Venue& venue = *find_venue("okx");
  const auto answers = answers_of(path);
  std::vector<std::size_t> sizes;
  for (std::string url = venue.instruments_url(venue.sheet().rest_url); !url.empty();) {
    const auto body = answers.find(url);
    ASSERT_NE(body, answers.end()) << url;
    const auto read = venue.parse_instruments(body->second);
    ASSERT_TRUE(read) << read.error();
    sizes.push_back(read->size());
    url = venue.next_instruments_url(venue.sheet().rest_url, body->second);
  }
  ASSERT_EQ(sizes.size(), 3U) << "SPOT, SWAP, FUTURES";
  EXPECT_EQ(sizes[0], 513U);
  EXPECT_EQ(sizes[1], 166U);
  EXPECT_EQ(sizes[2], 104U);
}

TEST(InstrumentCapture, AListOfKrakenFromBeforeItToldTheStatusIsRefused) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/KRAKEN.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const Venue& venue = *find_venue("kraken");
  const auto answers = answers_of(path);
  const auto body = answers.find(venue.instruments_url(venue.sheet().rest_url));
  ASSERT_NE(body, answers.end());
  const auto read = venue.parse_instruments(body->second);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), "instrument 1 lacks a symbol or a status");
}

/// Answers about all pairs name them as the list of pairs does; none may be taken for another.
TEST(InstrumentCapture, KrakensPairsAreFoundByWhatRestCallsThem) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/KRAKEN.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const auto answers = answers_of(path);
  const auto body = answers.find(find_venue("kraken")->instruments_url("https://api.kraken.com"));
  ASSERT_NE(body, answers.end());
  const auto pairs = nlohmann::json::parse(body->second).at("result");
  std::size_t found = 0;
  for (const auto& [key, pair] : pairs.items()) {
    if (!pair.contains("wsname")) continue;  // a dark pool
    std::vector<std::string> called = kraken::rest_keys(pair.at("wsname").get<std::string>());
    std::erase_if(called, [&](const std::string& name) { return !pairs.contains(name); });
    EXPECT_EQ(called, std::vector{key}) << pair.at("wsname");
    ++found;
  }
  EXPECT_EQ(found, 293U);
}

}  // namespace
}  // namespace feedwatch::venues
