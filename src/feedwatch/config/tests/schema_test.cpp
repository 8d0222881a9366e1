#include "feedwatch/config/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "feedwatch/config/nearest.hpp"
#include "feedwatch/config/url.hpp"

namespace feedwatch::config {
namespace {

TEST(Schema, EveryKeyIsSound) {
  std::set<std::string> variables;
  for (const Table& table : schema()) {
    EXPECT_FALSE(table.help.empty());
    for (const Key& key : table.keys) {
      EXPECT_FALSE(key.help.empty()) << key.name;
      EXPECT_EQ(key.type == Type::word, !key.words.empty()) << key.name;
      EXPECT_FALSE(key.required && !key.fallback.empty()) << key.name;
      EXPECT_FALSE(key.required && !table.array) << key.name;
      EXPECT_TRUE(variables.insert(std::string(table.name) + "." + std::string(key.name)).second);
      EXPECT_EQ(fallback_value(key).has_value(), !key.fallback.empty());
    }
  }
}

TEST(Schema, ReferencePageIsTheOneCommitted) {
  const std::filesystem::path page =
      std::filesystem::path(FEEDWATCH_SOURCE_DIR) / "docs/reference/configuration.md";
  const std::string wanted = reference_markdown();
  if (::getenv("FEEDWATCH_REGENERATE") != nullptr) {
    std::ofstream(page, std::ios::binary) << wanted;
  }
  std::ifstream in(page, std::ios::binary);
  const std::string committed(std::istreambuf_iterator<char>(in), {});
  EXPECT_TRUE(committed == wanted) << page << " is not what the schema says; regenerate it with\n"
                                   << "  FEEDWATCH_REGENERATE=1 build/dev/config_test "
                                      "--gtest_filter=Schema.ReferencePageIsTheOneCommitted";
}

TEST(Schema, JsonSchemaIsJsonAndStrict) {
  const nlohmann::json json = nlohmann::json::parse(json_schema());
  EXPECT_EQ(json.at("additionalProperties"), false);
  const auto& venue = json.at("properties").at("venue");
  EXPECT_EQ(venue.at("type"), "array");
  EXPECT_EQ(venue.at("items").at("required"), nlohmann::json::array({"name"}));
  EXPECT_EQ(venue.at("items").at("properties").at("required").at("default"), true);
  EXPECT_EQ(json.at("properties").at("preset").at("enum"),
            nlohmann::json::array({"coarse", "tight"}));
  EXPECT_EQ(json.at("properties").at("alerts").at("properties").at("repeat").at("default"), "4h");
}

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("streams", "streems"), 1U);
  EXPECT_EQ(edit_distance("stroe", "store"), 1U) << "a swap is one";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance(std::string(1000, 'a'), std::string(1000, 'b')), 64U);
  const std::vector<std::string_view> valid{"url", "ca_file", "streams"};
  EXPECT_EQ(nearest("urls", valid), "url");
  EXPECT_EQ(nearest("entirely", valid), "");
  EXPECT_EQ(suggest("entirely", valid), "use one of url, ca_file, streams");
}

TEST(Url, Parts) {
  const auto url = parse_url("WSS://FStream.example.com:9443/a?b=c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "wss");
  EXPECT_EQ(url->host, "fstream.example.com");
  EXPECT_EQ(url->port, 9443);
  EXPECT_EQ(url->path, "/a?b=c");
  EXPECT_EQ(url->origin(), "wss://fstream.example.com:9443");
  EXPECT_EQ(parse_url("http://[::1]:80")->origin(), "http://[::1]:80");
  for (const char* bad : {"", "x", "http://", "http:///p", "http://h:0", "http://h:65536",
                          "http://h:", "http://h:8a", "http://a b", "http://u:p@h", "http://h#f",
                          "http://h/\n", "://h", "http://[::1", "http://[x]", "http://[::1]x"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
  EXPECT_EQ(parse_url("http://h:65535")->port, 65535);
}

TEST(Url, LoopbackAndEndpoints) {
  for (const char* yes : {"127.0.0.1", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1", "localhost"}) {
    EXPECT_TRUE(is_loopback(yes)) << yes;
  }
  for (const char* no : {"0.0.0.0", "128.0.0.1", "126.1.1.1", "::", "example.com",
                         "127.0.0.1.example.com", "127.1", ""}) {
    EXPECT_FALSE(is_loopback(no)) << no;
  }
  EXPECT_EQ(parse_endpoint("[::1]:65535")->port, 65535);
  for (const char* bad : {"", "1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "example.com:1",
                          "::1:1", "127.0.0.1:-1", ":1"}) {
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  }
}

}  // namespace
}  // namespace feedwatch::config
