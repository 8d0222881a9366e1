// The configuration read again by a running monitor, on SIGHUP and over HTTP.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;

constexpr const char* token = "a-token-of-tests-1234";

class Reload : public testing::Test {
 protected:
  std::string configure(const std::string& streams, const std::string& more = {}) const {
    return scratch_.write("feedwatch.toml",
                          fmt::format(R"(preset = "tight"
[[venue]]
name = "binance-usdm"
url = "{}"
streams = {}
[watchdog]
enabled = false
[store]
url = "sqlite://{}"
state_dir = "{}"
[api]
token_file = "token"
{}
)",
                                      exchange_.ws_url(), streams, scratch_.file("feedwatch.db"),
                                      scratch_.path().string(), more));
  }
  static nlohmann::json stream(Monitored& monitor, const std::string& name) {
    const Answer answer = get(monitor.url() + "/v1/streams/" + name);
    return answer.status == 200 ? answer.json() : nlohmann::json::object();
  }
  static bool healthy(Monitored& monitor, const std::string& name) {
    return wait_for([&] { return stream(monitor, name).value("level", "") == "healthy"; });
  }
  static Answer reload(Monitored& monitor) {
    return http("POST", monitor.url() + "/v1/admin/reload", "", token);
  }

  Simulated exchange_{
      {"--venue", "binance-usdm", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--rate", "50"}};
  Simulated second_{{"--venue", "bybit-linear", "--symbols", "BTCUSDT", "--rate", "50"}};
  Scratch scratch_;
  std::string token_file_ = scratch_.write("token", token);
};

TEST_F(Reload, StreamsAndVenuesComeAndGoAndWhatStaysIsNotTouched) {
  Monitored monitor(configure(R"(["BTCUSDT/mark", "ETHUSDT/mark"])"));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  ASSERT_TRUE(healthy(monitor, "binance-usdm/BTCUSDT/mark"));
  const auto before = stream(monitor, "binance-usdm/BTCUSDT/mark");
  const auto dials = exchange_.control()["counters"]["dials"];
  ASSERT_EQ(dials, 1);

  configure(R"(["BTCUSDT/mark", "SOLUSDT/mark"])",
            fmt::format(
                "[[venue]]\nname = \"bybit-linear\"\nurl = \"{}\"\nstreams = [\"BTCUSDT/last\"]\n",
                second_.ws_url()));
  const Answer answer = reload(monitor);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["changed"], (nlohmann::json{"venue binance-usdm", "venue bybit-linear"}));
  EXPECT_TRUE(healthy(monitor, "binance-usdm/SOLUSDT/mark"));
  EXPECT_TRUE(healthy(monitor, "bybit-linear/BTCUSDT/last"));
  EXPECT_EQ(get(monitor.url() + "/v1/streams/binance-usdm/ETHUSDT/mark").status, 404);
  const auto after = stream(monitor, "binance-usdm/BTCUSDT/mark");
  EXPECT_EQ(after["epoch"], before["epoch"]);
  EXPECT_EQ(after["level_since"], before["level_since"]);
  EXPECT_EQ(exchange_.control()["counters"]["dials"], dials);

  configure(R"(["BTCUSDT/mark", "SOLUSDT/mark"])");
  monitor.process().signal(SIGHUP);
  EXPECT_TRUE(wait_for(
      [&] { return get(monitor.url() + "/v1/streams/bybit-linear/BTCUSDT/last").status == 404; }));
  EXPECT_EQ(get(monitor.url() + "/v1/lines").json()["lines"].size(), 1U);
  EXPECT_EQ(monitor.open_alerts().size(), 0U);
}

TEST_F(Reload, AMistakeChangesNothingAndIsTold) {
  Monitored monitor(configure(R"(["BTCUSDT/mark"])"));
  ASSERT_TRUE(healthy(monitor, "binance-usdm/BTCUSDT/mark"));
  configure(R"(["ETHUSDT/mark", "ETHUSDT/lost"])");
  const Answer answer = reload(monitor);
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("lost"));
  EXPECT_THAT(answer.body, HasSubstr("feedwatch.toml:5"));
  EXPECT_EQ(stream(monitor, "binance-usdm/BTCUSDT/mark").value("level", ""), "healthy");
  EXPECT_EQ(get(monitor.url() + "/v1/streams/binance-usdm/ETHUSDT/mark").status, 404);
  EXPECT_THAT(monitor.process().err(), HasSubstr("reload refused, nothing was changed"));
}

TEST_F(Reload, WhatTakesARestartIsRefusedByName) {
  Monitored monitor(configure(R"(["BTCUSDT/mark"])"));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  configure(R"(["ETHUSDT/mark"])", "[board]\nmax_streams = 17\n");
  const Answer answer = reload(monitor);
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("board.max_streams"));
  EXPECT_EQ(get(monitor.url() + "/v1/streams/binance-usdm/ETHUSDT/mark").status, 404);
}

TEST_F(Reload, NeedsTheToken) {
  Monitored monitor(configure(R"(["BTCUSDT/mark"])"));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  EXPECT_EQ(http("POST", monitor.url() + "/v1/admin/reload").status, 401);
  EXPECT_EQ(get(monitor.url() + "/v1/admin/reload").status, 404);
}

}  // namespace
}  // namespace feedwatch::integration
