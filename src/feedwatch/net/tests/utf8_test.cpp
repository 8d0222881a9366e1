#include "feedwatch/net/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace feedwatch::net {
namespace {

TEST(Utf8, TheTableOfTheStandard) {
  for (const char* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                           "12345678\xe2\x82\xac"
                           "12345678"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "12345678\xe2\x82", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8Stream, AnyCutGivesTheSameAnswerAtTheEarliestByte) {
  struct Case {
    std::string text;
    std::size_t wrong_at;  ///< npos: well-formed
  };
  const auto npos = std::string::npos;
  const Case cases[] = {{"k\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x92\xb6 end of a longer text", npos},
                        {"abc\x80", 3},
                        {"abc\xc1\xbf", 3},
                        {"abcdefgh\xe0\x9f\xbf", 9},
                        {"abcdefgh\xed\xa0\x80", 9},
                        {"\xf4\x90\x80\x80", 1},
                        {"\xf0\x90\x80 ", 3},
                        {"\xf5", 0},
                        {"\xe2\x82 ", 2}};
  for (const Case& c : cases) {
    for (std::size_t first = 0; first <= c.text.size(); ++first) {
      for (std::size_t second = first; second <= c.text.size(); ++second) {
        Utf8Stream stream;
        const std::string_view text = c.text;
        EXPECT_EQ(stream.feed(text.substr(0, first)), c.wrong_at >= first);
        if (c.wrong_at < first) continue;
        EXPECT_EQ(stream.feed(text.substr(first, second - first)), c.wrong_at >= second);
        if (c.wrong_at < second) continue;
        EXPECT_EQ(stream.feed(text.substr(second)) && stream.complete(), c.wrong_at == npos);
      }
    }
  }
}

TEST(Utf8, AByteOfNoCharacterIsFoundWhereverItStands) {
  for (std::size_t size = 1; size < 80; ++size) {
    std::string text(size, 'x');
    EXPECT_TRUE(is_utf8(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(is_utf8(text)) << at << " of " << size;
      text[at] = 'x';
    }
  }
}

}  // namespace
}  // namespace feedwatch::net
