// A real capture played by `feedwatch simulate` to `feedwatch run`, and the commands that look at
// it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "feedwatch/base/tests/test_data.hpp"
#include "process.hpp"

namespace feedwatch::integration {
namespace {

using ::testing::HasSubstr;

/// The last prices of the capture, taken from the file with zstdcat and jq.
const std::map<std::string, std::string> last_prices{
    {"BTCUSDT/last", "65114.30"}, {"BTCUSDT/mark", "65117.19"}, {"BTCUSDT/index", "65138.68"},
    {"DOGEUSDT/last", "0.07056"}, {"DOGEUSDT/mark", "0.07055"}, {"DOGEUSDT/index", "0.07056"},
    {"ETHUSDT/last", "1922.54"},  {"ETHUSDT/mark", "1922.58"},  {"ETHUSDT/index", "1923.20"},
    {"SOLUSDT/last", "77.260"},   {"SOLUSDT/mark", "77.272"},   {"SOLUSDT/index", "77.309"}};

const std::string token = "a-token-of-enough-characters";

class Replay : public ::testing::Test {
 protected:
  std::string configuration(const Simulated& exchange) const {
    std::string streams;
    for (const auto& [stream, price] : last_prices) streams += fmt::format("\"{}\", ", stream);
    return scratch_.write("feedwatch.toml",
                          fmt::format(R"([[venue]]
name = "bybit-linear"
url = "{}"
streams = [{}]
[watchdog]
enabled = false
[store]
state_dir = "{}"
[api]
token_file = "{}"
)",
                                      exchange.ws_url(), streams, scratch_.path().string(),
                                      scratch_.write("token", token)));
  }
  static std::string price_of(Monitored& monitor, const std::string& stream) {
    const auto view = get(monitor.url() + "/v1/streams/bybit-linear/" + stream).json();
    return view.is_object() && view.at("price").is_string() ? view["price"].get<std::string>() : "";
  }
  Scratch scratch_;
};

TEST_F(Replay, EveryStreamEndsWithTheLastPriceOfTheCapture) {
  const auto capture = feedwatch::testing::test_data_path("captures/cryptofeed-v3/BYBIT.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(capture);
  const Simulated exchange(
      {"--venue", "bybit-linear", "--replay", capture.string(), "--speed", "20", "--restamp"});
  Monitored monitor(configuration(exchange));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  ASSERT_TRUE(wait_for([&] { return exchange.control().value("source_ended", false); }, 60s));
  for (const auto& [stream, price] : last_prices) {
    EXPECT_TRUE(wait_for([&] { return price_of(monitor, stream) == price; }, 3s))
        << stream << " ended with " << price_of(monitor, stream) << " instead of " << price;
  }
}

class Commands : public Replay {};

TEST_F(Commands, ShowWhatARunningMonitorKnows) {
  const Simulated exchange({"--venue", "bybit-linear", "--symbols",
                            "BTCUSDT,DOGEUSDT,ETHUSDT,SOLUSDT,XRPUSDT", "--rate", "20"});
  Monitored monitor(configuration(exchange));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  const auto ask = [&](std::vector<std::string> command) {
    command.insert(command.end(), {"--api", monitor.url(), "--token-file", scratch_.file("token")});
    return run_feedwatch(std::move(command));
  };

  const Ran status = ask({"status", "--json"});
  EXPECT_EQ(status.code, 0) << status.err;
  const auto shown = nlohmann::json::parse(status.out, nullptr, false);
  ASSERT_TRUE(shown.is_object()) << status.out;
  EXPECT_EQ(shown.at("streams").size(), last_prices.size());
  EXPECT_EQ(shown.at("lines").size(), 2U) << "of prices, and of the venue's own status";
  EXPECT_TRUE(shown.at("alerts").empty());
  EXPECT_EQ(ask({"status"}).code, 0);

  const Ran price = ask({"price", "bybit-linear/BTCUSDT/mark", "--max-age", "10s", "--json"});
  EXPECT_EQ(price.code, 0) << price.err;
  const auto answer = nlohmann::json::parse(price.out, nullptr, false);
  ASSERT_TRUE(answer.is_object()) << price.out;
  EXPECT_LE(answer.at("receive_age_seconds"), 10.0);

  const Ran unwatched = ask({"price", "bybit-linear/XRPUSDT/last", "--max-age", "10s"});
  EXPECT_EQ(unwatched.code, 4) << unwatched.err;
  EXPECT_THAT(unwatched.err, HasSubstr("unconfigured"));

  const Ran watched = ask({"watch", "bybit-linear/XRPUSDT/last", "--ttl", "1m"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("bybit-linear/XRPUSDT/last"));
  EXPECT_EQ(ask({"price", "bybit-linear/XRPUSDT/last", "--max-age", "10s"}).code, 0);
  EXPECT_EQ(ask({"unwatch", "bybit-linear/XRPUSDT/last"}).code, 0);
  EXPECT_EQ(ask({"price", "bybit-linear/XRPUSDT/last", "--max-age", "10s"}).code, 4);

  // What may be changed is changed by whoever has the token, and by nobody else.
  EXPECT_EQ(run_feedwatch({"watch", "bybit-linear/XRPUSDT/last", "--api", monitor.url()}).code, 1);
}

}  // namespace
}  // namespace feedwatch::integration
