#include "feedwatch/base/json_valid.hpp"

#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

TEST(JsonValid, ObjectsAlone) {
  for (const char* good :
       {"{}", " {} ", "{\"a\":1}", R"({"a":[1,-0.5e+3,true,false,null,{"b":""}]})",
        R"({"":"\u00e9\n\"\\\/","x":"é🚀"})", "{\"a\" : [ ] ,\n\"b\":{}}",
        R"({"a":"\ud83d\ude80"})"}) {
    EXPECT_TRUE(is_json_object(good)) << good;
  }
  for (const char* bad : {"",
                          " ",
                          "[]",
                          "1",
                          "\"\"",
                          "null",
                          "{",
                          "}",
                          "{}{}",
                          "{} x",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{a:1}",
                          "{\"a\":1,}",
                          "{,}",
                          "{\"a\":01}",
                          "{\"a\":+1}",
                          "{\"a\":1.}",
                          "{\"a\":.5}",
                          "{\"a\":1e}",
                          "{\"a\":tru}",
                          "{\"a\":\"\n\"}",
                          R"({"a":"\x"})",
                          R"({"a":"\u00g0"})",
                          R"({"a":"\u00)",
                          R"({"a":"\ud83d"})",
                          R"({"a":"\ude80"})",
                          R"({"a":"\ud83d\u0041"})",
                          "{\"a\":\"\xff\"}",
                          "{\"a\":[1 2]}",
                          "{\"a\":[1,]}",
                          "{\"a\":-}",
                          "{'a':1}"}) {
    EXPECT_FALSE(is_json_object(bad)) << bad;
  }
}

TEST(JsonValid, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(is_json_object(nested(64)));
  EXPECT_FALSE(is_json_object(nested(65)));
  EXPECT_FALSE(is_json_object(nested(1'000'000)));
}

TEST(JsonValid, AgreesWithAParserOnMutations) {
  Random random{11};
  const std::string sample = R"({"a":[1,-2.5e3,"x\u00e9\n"],"b":{"c":null,"d":true}})";
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = sample;
    for (std::uint64_t n = 1 + random.below(2); n > 0; --n) {
      text[random.below(text.size())] = sample[random.below(sample.size())];
    }
    const bool good = nlohmann::json::accept(text) && nlohmann::json::parse(text).is_object();
    EXPECT_EQ(is_json_object(text), good) << text;
    accepted += good ? 1 : 0;
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace feedwatch
