#include "feedwatch/base/json_writer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "feedwatch/base/random.hpp"
#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch {
namespace {

template <class T>
std::string value_text(const T& value) {
  std::string out;
  JsonWriter{out}.value(value);
  return out;
}

TEST(JsonWriter, PutsCommasBetweenSiblingsOnly) {
  std::string out;
  JsonWriter json{out};
  json.begin_object().field("a", 1).key("b").begin_array();
  json.begin_object().end_object().begin_array().end_array().value("x").null().end_array();
  json.field("c", true).key("d").begin_object().field("e", "f").end_object().end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[{},[],"x",null],"c":true,"d":{"e":"f"}})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "data: ";
  JsonWriter{out}.begin_array().value(1).value(2).end_array();
  EXPECT_EQ(out, "data: [1,2]");
}

TEST(JsonWriter, WritesEveryTypeOfValue) {
  EXPECT_EQ(value_text(true), "true");
  EXPECT_EQ(value_text(false), "false");
  EXPECT_EQ(value_text(-5), "-5");
  EXPECT_EQ(value_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(value_text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(value_text(std::uint8_t{65}), "65");
  EXPECT_EQ(value_text("text"), "\"text\"");
  EXPECT_EQ(value_text(std::string{"text"}), "\"text\"");
  EXPECT_EQ(value_text(std::string_view{"text"}), "\"text\"");
  EXPECT_EQ(value_text(std::optional<int>{}), "null");
  EXPECT_EQ(value_text(std::optional{7}), "7");
  EXPECT_EQ(value_text(std::nullopt), "null");
}

TEST(JsonWriter, RawTokensStandAsTheyAre) {
  std::string out;
  JsonWriter{out}.begin_array().raw("28145.10").raw("1e-7").end_array();
  EXPECT_EQ(out, "[28145.10,1e-7]");
}

TEST(JsonWriter, DoublesAreShortAndNonFiniteOnesNull) {
  EXPECT_EQ(value_text(0.1), "0.1");
  EXPECT_EQ(value_text(5.0), "5");
  EXPECT_EQ(value_text(1e300), "1e+300");
  EXPECT_EQ(value_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(value_text(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(value_text(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriter, DoublesReadBackAsThemselves) {
  Random random{6};
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random.next());
    if (!std::isfinite(value)) continue;
    const std::string text = value_text(value);
    EXPECT_EQ(nlohmann::json::parse(text).get<double>(), value) << text;
  }
}

TEST(JsonWriter, EscapesWhatJsonDemands) {
  EXPECT_EQ(json_quoted("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(json_quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_quoted(std::string_view{"\0\x1f\x7f", 3}), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(json_quoted("Ж币🚀"), "\"Ж币🚀\"");
  EXPECT_EQ(json_quoted(""), "\"\"");
}

TEST(JsonWriter, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(json_quoted("a\u0080\u009bz"), R"("a\u0080\u009bz")") << "C1, CSI among them";
  EXPECT_EQ(json_quoted("\u00a0\u200d"), "\"\u00a0\u200d\"") << "harmless";
  EXPECT_EQ(json_quoted("\u202egnp.exe\u2066"), R"("\u202egnp.exe\u2066")");
  EXPECT_EQ(nlohmann::json::parse(json_quoted("\u009b\u2028")), "\u009b\u2028");
}

TEST(JsonWriter, KeysAreEscapedLikeStrings) {
  std::string out;
  JsonWriter{out}.begin_object().field("a\"\n", 1).end_object();
  EXPECT_EQ(out, R"({"a\"\n":1})");
}

TEST(JsonWriter, EachIllFormedSubpartBecomesOneReplacementCharacter) {
  EXPECT_EQ(json_quoted("a\xFFz"), "\"a\uFFFDz\"");
  EXPECT_EQ(json_quoted("\xE2\x82"), "\"\uFFFD\"");
  EXPECT_EQ(json_quoted("\xC0\xAF"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(json_quoted("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
}

TEST(JsonWriter, RandomBytesAlwaysMakeValidJson) {
  Random random{7};
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes;
    for (std::uint64_t n = random.below(24); n > 0; --n)
      bytes += static_cast<char>(random.below(256));
    EXPECT_TRUE(nlohmann::json::accept(json_quoted(bytes))) << ::testing::PrintToString(bytes);
  }
}

TEST(JsonWriter, NaughtyStringsReadBackAsThemselves) {
  const auto path = testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  const auto strings = nlohmann::json::parse(testing::read_file(path));
  ASSERT_GT(strings.size(), 400U);
  for (const auto& entry : strings) {
    const auto text = entry.get<std::string>();
    EXPECT_EQ(nlohmann::json::parse(json_quoted(text)).get<std::string>(), text);
  }
}

}  // namespace
}  // namespace feedwatch
