#include "feedwatch/api/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Target, takes_path_and_query_apart) {
  const auto target = parse_target("/v1/streams?level=stale&venue=binance-usdm");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("v1", "streams"));
  EXPECT_THAT(target->query, ElementsAre(Pair("level", "stale"), Pair("venue", "binance-usdm")));
  EXPECT_EQ(target->parameter("level"), "stale");
  EXPECT_EQ(target->parameter("limit"), std::nullopt);
}

TEST(Target, root_has_no_segments_and_an_end_slash_adds_none) {
  EXPECT_THAT(parse_target("/")->segments, IsEmpty());
  EXPECT_THAT(parse_target("/?x")->segments, IsEmpty());
  EXPECT_EQ(parse_target("/?x")->parameter("x"), "");
  EXPECT_THAT(parse_target("/livez/")->segments, ElementsAre("livez"));
}

TEST(Target, escaped_slash_stays_in_its_segment) {
  EXPECT_THAT(parse_target("/v1/prices/kraken/BTC%2FUSD/last")->segments,
              ElementsAre("v1", "prices", "kraken", "BTC/USD", "last"));
  EXPECT_THAT(parse_target("/a%3fb?c%26d=%3D")->query, ElementsAre(Pair("c&d", "=")));
}

TEST(Target, escapes_make_any_byte) {
  EXPECT_EQ(parse_target("/%00%ff%25")->segments.at(0), std::string("\0\xff%", 3));
  EXPECT_EQ(parse_target("/%e2%82%BF")->segments.at(0), "\u20bf");
}

TEST(Target, broken_escapes_and_what_is_no_path_are_refused) {
  for (const char* bad : {"", "v1", "http://localhost/", "*", "/%", "/%4", "/%zz", "/%-1", "/a?b=%",
                          "/a?%g0=1", "/%2/x"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

std::string escaped(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

TEST(Target, naughty_strings_come_back_as_they_were) {
  const auto path = feedwatch::testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  for (const auto& entry : nlohmann::json::parse(feedwatch::testing::read_file(path))) {
    const auto text = entry.get<std::string>();
    if (text.empty()) continue;
    const auto target = parse_target("/v1/streams/v/" + escaped(text) + "/last?q=" + escaped(text));
    ASSERT_TRUE(target) << text;
    EXPECT_EQ(target->segments.at(3), text);
    EXPECT_EQ(target->parameter("q"), text);
    parse_target("/" + text + "?" + text);  // raw: no crash
  }
}

}  // namespace
}  // namespace feedwatch::api
