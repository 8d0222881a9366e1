#include "feedwatch/api/lease_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::api {
namespace {

using ::testing::HasSubstr;

TEST(LeaseBody, reads_owner_and_time_to_live) {
  const auto lease = parse_lease(R"({"owner": "desk-7", "ttl": "1h30m"})");
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->owner, "desk-7");
  EXPECT_EQ(lease->ttl, 90min);
  EXPECT_EQ(parse_lease(R"({"owner":"x"})")->ttl, 0s) << "until it is ended";
  EXPECT_TRUE(parse_lease(R"({"owner":")" + std::string(200, 'x') + R"("})"));
}

TEST(LeaseBody, errors_name_the_field_and_what_to_send) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{", "not a JSON object"},
      {R"({"owner":"x"} trailing)", "not a JSON object"},
      {"\xff\xfe", "not a JSON object"},
      {std::string(5'000, '['), "not a JSON object"},
      {"{}", "'owner' is missing"},
      {R"({"owner":""})", "'owner' is missing or empty"},
      {R"({"owner":7})", "'owner' must be a string"},
      {R"({"owner":null})", "'owner' must be a string"},
      {R"({"owner":"x","ttl":60})", "'ttl' must be a string"},
      {R"({"owner":"x","ttl":"soon"})", "ttl: "},
      {R"({"owner":"x","ttl":"-1s"})", "ttl: "},
      {R"({"owner":"x","ttl":"0s"})", "longer than zero"},
      {R"({"owner":"x","tll":"1s"})", "unknown key 'tll'"},
      {R"({"owner":")" + std::string(201, 'x') + R"("})", "over 200 bytes"},
  };
  for (const auto& [body, why] : cases) {
    const auto lease = parse_lease(body);
    ASSERT_FALSE(lease) << body;
    EXPECT_THAT(lease.error().text(), HasSubstr(why)) << body;
    EXPECT_THAT(lease.error().text(), HasSubstr(R"(send {"owner")"));
  }
}

}  // namespace
}  // namespace feedwatch::api
