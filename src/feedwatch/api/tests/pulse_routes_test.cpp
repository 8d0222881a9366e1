#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using testing::HasSubstr;

class PulseRoutesTest : public testing::Test {
 protected:
  ApiBench bench;
};

/// "404 pulse 'other': …"
std::string problem_text(const net::Response& response) {
  const Json body = Json::parse(response.body);
  return std::to_string(response.status) + " " + body.value("detail", "");
}

TEST_F(PulseRoutesTest, a_pulse_is_told_and_shown) {
  EXPECT_EQ(bench.json("/v1/pulses")["pulses"].size(), 0U);
  EXPECT_EQ(bench.get("/v1/pulses/signals").status, 404);
  EXPECT_EQ(bench.write("POST", "/v1/pulses/signals").status, 200);
  bench.run_until(bench.clock.time + 5s);
  const Json heard = bench.json("/v1/pulses/signals");
  EXPECT_EQ(heard["state"], "ok");
  EXPECT_EQ(heard["silence_seconds"], 5.0);
  EXPECT_EQ(heard["expected"], "every 5m");
  const net::Response failed =
      bench.write("POST", "/v1/pulses/signals", R"({"mark":"failed","detail":"no \"margin\""})");
  EXPECT_EQ(Json::parse(failed.body)["state"], "degraded");
  EXPECT_EQ(Json::parse(failed.body)["detail"], "no \"margin\"");
  EXPECT_EQ(bench.json("/v1/pulses")["pulses"][0]["marks"], 2);
}

TEST_F(PulseRoutesTest, pulse_errors) {
  EXPECT_THAT(problem_text(bench.write("POST", "/v1/pulses/other")),
              HasSubstr("404 pulse 'other': no such pulse is configured"));
  const auto post = [&](const char* body) {
    return problem_text(bench.write("POST", "/v1/pulses/signals", body));
  };
  EXPECT_THAT(post("beat"), HasSubstr("400 body: is not a JSON object"));
  EXPECT_THAT(post(R"({"mark":"late"})"), HasSubstr("must be beat, started or failed"));
  EXPECT_THAT(post(R"({"mark":1})"), HasSubstr("'mark' must be a string"));
  EXPECT_THAT(post(R"({"at":"now"})"), HasSubstr("unknown key 'at'"));
  const std::string longest = R"({"detail":")" + std::string(1'025, 'x') + "\"}";
  EXPECT_THAT(post(longest.c_str()), HasSubstr("'detail' is over 1024 bytes"));
  EXPECT_EQ(bench.ask({.method = "POST", .target = "/v1/pulses/signals"}).status, 401);
  EXPECT_EQ(bench.write("PUT", "/v1/pulses/signals").status, 405);
  EXPECT_EQ(bench.json("/v1/pulses")["pulses"].size(), 0U);
}

}  // namespace
}  // namespace feedwatch::api
