#include "feedwatch/muting/matcher.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::muting {
namespace {

using testing::HasSubstr;

const Labels stream{{"alertname", "price_staleness"}, {"severity", "critical"}, {"venue", "v"}};

bool holds(std::string_view text, const Labels& labels = stream) {
  const auto matcher = Matcher::parse(text);
  EXPECT_TRUE(matcher) << text << ": " << matcher.error().text();
  return matcher && matcher->holds(labels);
}

std::string refused(std::string_view text) {
  const auto matcher = Matcher::parse(text);
  return matcher ? "taken" : matcher.error().text();
}

TEST(Matcher, four_operators) {
  EXPECT_TRUE(holds(R"(venue="v")"));
  EXPECT_FALSE(holds(R"(venue="w")"));
  EXPECT_FALSE(holds(R"(venue!="v")"));
  EXPECT_TRUE(holds(R"(venue!="w")"));
  EXPECT_TRUE(holds(R"(alertname=~"price_.*|line_down")"));
  EXPECT_FALSE(holds(R"(alertname!~"price_.*")"));
  EXPECT_TRUE(holds("venue = v"));
}

TEST(Matcher, expressions_are_anchored_at_both_ends) {
  EXPECT_FALSE(holds(R"(alertname=~"price")"));
  EXPECT_FALSE(holds(R"(alertname=~"staleness")"));
  EXPECT_FALSE(holds(R"(alertname=~"a|price_stale")")) << "the anchors hold for every branch";
  EXPECT_TRUE(holds(R"(alertname!~"price")"));
}

TEST(Matcher, missing_label_equals_an_empty_one) {
  EXPECT_TRUE(holds(R"(symbol="")"));
  EXPECT_TRUE(holds(R"(symbol!="BTC")"));
  EXPECT_TRUE(holds(R"(symbol=~".*")"));
  EXPECT_FALSE(holds(R"(symbol=~".+")"));
  EXPECT_FALSE(holds(R"(symbol!="")"));
  EXPECT_TRUE(holds(R"(symbol="")", {{"symbol", ""}}));
}

TEST(Matcher, text_is_read_back_whatever_the_value) {
  for (const char* value : {"", "a\"b\\c\nd", "{x,y}", "日本 =~", "\\d+\\.\\\\"}) {
    for (const auto type : {Matcher::Type::equal, Matcher::Type::not_matches}) {
      const auto made = Matcher::make("symbol", type, value);
      if (!made) continue;  // not every text is an expression
      const auto read = Matcher::parse(made->text());
      ASSERT_TRUE(read) << made->text();
      EXPECT_EQ(*read, *made) << made->text();
    }
  }
  EXPECT_TRUE(holds(R"(symbol=~"\d+")", {{"symbol", "17"}})) << "an escape of the expression";
}

TEST(Matcher, says_what_is_wrong) {
  EXPECT_THAT(refused("venue"), HasSubstr("operator"));
  EXPECT_THAT(refused("=v"), HasSubstr("not the name of a label"));
  EXPECT_THAT(refused(R"(venue="v)"), HasSubstr("quote"));
  EXPECT_THAT(refused(R"(venue="v" x)"), HasSubstr("left over"));
  EXPECT_THAT(refused(R"(venue=~"(")"), HasSubstr("regular expression"));
  EXPECT_THAT(refused("venue=" + std::string(2'000, 'x')), HasSubstr("over 1024 bytes"));
}

TEST(Matcher, hostile_expressions_are_refused_or_fast) {
  const Labels labels{{"symbol", std::string(10'000, 'a') + "!"}};
  const auto begin = std::chrono::steady_clock::now();  // clock-ok: CPU, not time
  for (const char* pattern : {"(a+)+$", "(a|aa)*b", "(.*a){20}", "((a{0,100}){0,100}){0,100}",
                              "(x+x+)+y", "(?:a?){200}a{200}"}) {
    const auto matcher = Matcher::make("symbol", Matcher::Type::matches, pattern);
    if (matcher) {
      EXPECT_FALSE(matcher->holds(labels)) << pattern;
    }
  }
  const auto spent = std::chrono::steady_clock::now() - begin;  // clock-ok: CPU
  EXPECT_LT(spent, 2s);
}

TEST(Matchers, list_with_and_without_braces) {
  const auto list = parse_matchers(R"({venue="v", severity=~"critical|warning",})");
  ASSERT_TRUE(list) << list.error().text();
  EXPECT_EQ(text_of(*list), R"(venue="v",severity=~"critical|warning")");
  EXPECT_TRUE(all_hold(*list, stream));
  EXPECT_TRUE(all_hold(*parse_matchers(""), stream));
  EXPECT_TRUE(parse_matchers("{}")->empty());
  EXPECT_EQ(parse_matchers("a=1,b!=2")->size(), 2U);
  EXPECT_EQ(json_of(*parse_matchers("a!~x")),
            R"([{"name":"a","value":"x","isRegex":true,"isEqual":false}])");
  for (const char* bad : {"{a=1", "a=1 b=2\"", "{a=1}}", ",", "a=1,,b=2"}) {
    EXPECT_FALSE(parse_matchers(bad)) << bad;
  }
}

}  // namespace
}  // namespace feedwatch::muting
