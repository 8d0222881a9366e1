#include "feedwatch/api/plugin_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using engine::ControlBench;

class Plugin : public ::testing::Test {
 protected:
  PluginLine health() { return plugin_health(bench.get("/health").body); }
  PluginLine stream(PluginLimits limits = {}) {
    return plugin_stream(bench.get("/v1/streams/v/BTC/mark").body, limits);
  }
  ApiBench bench;
};

TEST_F(Plugin, health_by_its_state_with_performance_data) {
  EXPECT_EQ(health().state, PluginState::unknown);
  bench.priced("BTC");
  bench.clock.time += 2s;
  EXPECT_EQ(health().state, PluginState::ok);
  EXPECT_EQ(health().text,
            "FEEDWATCH OK - healthy | total=1;;;0 healthy=1;;;0 degraded=0;0;;0 stale=0;0;0;0 "
            "unknown=0;0;;0 oldest=2s;;;0");
  bench.run_until(bench.clock.time + 200s);
  EXPECT_EQ(health().state, PluginState::warning);
  bench.run_until(bench.clock.time + 200s);
  EXPECT_EQ(health().state, PluginState::critical);
  EXPECT_THAT(health().text,
              ::testing::StartsWith("FEEDWATCH CRITICAL - critical: WebSocket Streams: 1 streams "
                                    "stale (limit 300s, age 402.0s): v/BTC/mark"));
}

TEST_F(Plugin, a_stream_by_its_level_or_by_limits) {
  bench.put(bench.watch("BTC"));
  EXPECT_EQ(stream().state, PluginState::unknown);
  EXPECT_EQ(stream().text, "FEEDWATCH UNKNOWN - v/BTC/mark unknown, never received");
  bench.monitor.update_price({"v", "BTC", Kind::mark}, *Decimal::parse("1"),
                             {.mono_recv = bench.clock.time});
  bench.clock.time += 2s;
  EXPECT_EQ(stream().state, PluginState::ok);
  EXPECT_EQ(stream().text, "FEEDWATCH OK - v/BTC/mark healthy, age 2.000s | age=2s;180;300;0");
  EXPECT_EQ(stream({.warning = 2s, .critical = 3s}).state, PluginState::ok)
      << "as old as that passes";
  EXPECT_EQ(stream({.warning = 1s, .critical = 3s}).state, PluginState::warning);
  EXPECT_EQ(stream({.warning = 1s, .critical = 1500ms}).state, PluginState::critical);
  EXPECT_EQ(stream({.warning = {}, .critical = 1500ms}).state, PluginState::critical);
  EXPECT_THAT(stream({.warning = 1s, .critical = 1500ms}).text,
              ::testing::HasSubstr("age=2s;1;1.5;0"));
}

TEST_F(Plugin, answers_of_others_are_unknown) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"status":"pass"})"}) {
    EXPECT_EQ(plugin_health(body).state, PluginState::unknown) << body;
    EXPECT_EQ(plugin_stream(body, {}).state, PluginState::unknown) << body;
  }
}

TEST_F(Plugin, one_line_whatever_it_says) {
  EXPECT_EQ(plugin_line(PluginState::critical, "a|b\nc\x1b[31m").text,
            "FEEDWATCH CRITICAL - a/b\uFFFDc\uFFFD[31m");
}

}  // namespace
}  // namespace feedwatch::api
