#include "feedwatch/api/terminal_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace feedwatch::api {
namespace {

const std::string mark = "\uFFFD";

TEST(Printable, ordinary_text_stays) {
  for (const char* text : {"", "BTCUSDT", "1000PEPE-USD", "\u20bf \u4e2d\u6587 \U0001F680"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, control_characters_never_pass) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a" + mark + "[2Jb");
  EXPECT_EQ(printable("a\r\n\tb"), "a" + mark + mark + mark + "b");
  EXPECT_EQ(printable(std::string("\0", 1)), mark);
  EXPECT_EQ(printable("\x7f"), mark);
  EXPECT_EQ(printable("\u0080\u009b31m\u009f\u00a0"), mark + mark + "31m" + mark + "\u00a0");
  EXPECT_EQ(printable("\u202eUSD\u2066\u200f"), mark + "USD" + mark + mark) << "reordering";
  EXPECT_EQ(printable("\xff\xc2"), mark + mark) << "not UTF-8; C2 would begin a C1 control";
}

TEST(PrintableJson, is_the_same_value_without_control_characters) {
  const std::string json = "{\"a\":\"x\x7f\u009b\u202e\",\n\"b\":\"\\u001b\"}";
  const std::string safe = printable_json(json);
  EXPECT_EQ(nlohmann::json::parse(safe), nlohmann::json::parse(json));
  EXPECT_EQ(safe, "{\"a\":\"x\\u007f\\u009b\\u202e\", \"b\":\"\\u001b\"}");
}

TEST(Columns, counts_code_points) {
  EXPECT_EQ(columns(""), 0U);
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("\u20bf\u4e2d"), 2U);
}

}  // namespace
}  // namespace feedwatch::api
