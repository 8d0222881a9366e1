#include <gtest/gtest.h>

#include <string>

#include "feedwatch/base/random.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {
namespace {

TEST(Glob, WithoutStarOnlyTheTextItself) {
  EXPECT_TRUE(glob_match("v/BTCUSDT/mark", "v/BTCUSDT/mark"));
  EXPECT_FALSE(glob_match("v/BTCUSDT/mark", "v/BTCUSDT/mar"));
  EXPECT_FALSE(glob_match("v/BTCUSDT/mar", "v/BTCUSDT/mark"));
  EXPECT_FALSE(glob_match("v/btcusdt/mark", "v/BTCUSDT/mark"));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("a", ""));
}

TEST(Glob, StarIsAnyRunSlashesIncluded) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("*", "a/b/c"));
  EXPECT_TRUE(glob_match("*/mark", "v/BTCUSDT/mark"));
  EXPECT_TRUE(glob_match("kraken/*/quote", "kraken/XBT/USD/quote"));
  EXPECT_TRUE(glob_match("v/*USDT/last", "v/USDT/last"));
  EXPECT_TRUE(glob_match("*a*b*", "xxaxxbxx"));
  EXPECT_TRUE(glob_match("a**b", "ab"));
  EXPECT_TRUE(glob_match("*ab", "aab"));
  EXPECT_TRUE(glob_match("*aab", "aaab"));
  EXPECT_FALSE(glob_match("*/mark", "v/BTCUSDT/last"));
  EXPECT_FALSE(glob_match("*a*b*", "xxbxxaxx"));
  EXPECT_FALSE(glob_match("a*b", "abc"));
  EXPECT_FALSE(glob_match("aa*aa", "aaa"));
}

TEST(Glob, BackslashMakesStarAndBackslashLiteral) {
  EXPECT_TRUE(glob_match(R"(a\*b)", "a*b"));
  EXPECT_FALSE(glob_match(R"(a\*b)", "axb"));
  EXPECT_TRUE(glob_match(R"(a\\b)", R"(a\b)"));
  EXPECT_FALSE(glob_match(R"(a\\b)", R"(a\\b)"));
  EXPECT_TRUE(glob_match(R"(a\\*)", R"(a\xyz)"));
  EXPECT_TRUE(glob_match(R"(*\**)", "x*y"));
  EXPECT_FALSE(glob_match(R"(*\**)", "xy"));
}

TEST(Glob, EverythingElseStandsForItself) {
  EXPECT_TRUE(glob_match(R"(a\b)", R"(a\b)"));
  EXPECT_TRUE(glob_match(R"(a\)", R"(a\)"));
  EXPECT_TRUE(glob_match("[a-z]?.+", "[a-z]?.+"));
  EXPECT_FALSE(glob_match("?", "a"));
  EXPECT_TRUE(glob_match("币*", "币安人生"));
}

TEST(Glob, RankCountsLiteralsAndExactBeatsEveryGlob) {
  EXPECT_EQ(glob_rank("*"), (GlobRank{false, 0}));
  EXPECT_EQ(glob_rank("*/mark"), (GlobRank{false, 5}));
  EXPECT_EQ(glob_rank("v/B/mark"), (GlobRank{true, 8}));
  EXPECT_EQ(glob_rank(R"(v/\*/mark)"), (GlobRank{true, 8}));
  EXPECT_EQ(glob_rank(R"(\\*)"), (GlobRank{false, 1}));
  EXPECT_EQ(glob_rank(R"(a\b)"), (GlobRank{true, 3}));
  EXPECT_GT(glob_rank("a/b/last"), glob_rank("a-very-long-venue-name*/last"));
  EXPECT_GT(glob_rank("v/*/mark"), glob_rank("*/mark"));
}

/// The meaning of a pattern by recursion, which the product must not use.
bool by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return by_definition(pattern.substr(1), text) ||
           (!text.empty() && by_definition(pattern, text.substr(1)));
  }
  const bool escaped =
      pattern.size() > 1 && pattern[0] == '\\' && (pattern[1] == '*' || pattern[1] == '\\');
  const std::size_t length = escaped ? 2 : 1;
  return !text.empty() && text.front() == pattern[length - 1] &&
         by_definition(pattern.substr(length), text.substr(1));
}

std::string random_text(Random& random, std::string_view alphabet, std::uint64_t longest) {
  std::string text;
  for (std::uint64_t n = random.below(longest + 1); n > 0; --n) {
    text += alphabet[random.below(alphabet.size())];
  }
  return text;
}

TEST(GlobProperty, MatchesAsDefined) {
  Random random{8};
  int matched = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string pattern = random_text(random, "aab**\\", 7);
    const std::string text = random_text(random, "aab*\\", 7);
    const bool expected = by_definition(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(glob_match(pattern, text), expected) << pattern << " on " << text;
  }
  EXPECT_GT(matched, 10'000);
}

TEST(Glob, LiteralIsTheOneTextAnExactPatternMatches) {
  for (const char* pattern :
       {"", "BTCUSDT", R"(a\*b)", R"(\\)", R"(a\xb)", R"(tail\)", R"(\*\*)"}) {
    ASSERT_TRUE(glob_rank(pattern).exact) << pattern;
    EXPECT_TRUE(glob_match(pattern, glob_literal(pattern))) << pattern;
  }
  EXPECT_EQ(glob_literal(R"(a\*b)"), "a*b");
  EXPECT_EQ(glob_literal(R"(\\)"), R"(\)");
  EXPECT_EQ(glob_literal(R"(a\xb)"), R"(a\xb)");
}

TEST(GlobProperty, HostilePatternsEndSoon) {
  std::string pattern;
  for (int i = 0; i < 2'000; ++i) pattern += "*a";
  pattern += "b";
  EXPECT_FALSE(glob_match(pattern, std::string(20'000, 'a')));
}

}  // namespace
}  // namespace feedwatch
