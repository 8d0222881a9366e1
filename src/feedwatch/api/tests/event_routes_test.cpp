#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using testing::ElementsAre;

/// Two changes of a level and a repair between them, newest first.
std::vector<HistoryEvent> story() {
  const auto at = [](int s) { return wall_from_ns(1'000'000'000LL * s); };
  StreamTransitionRow stale{.stream = "v/A/mark",
                            .at = at(10),
                            .from = "healthy",
                            .to = "stale",
                            .reason = "silent",
                            .fault = true,
                            .age_seconds = 10.5,
                            .merged = 0};
  StreamTransitionRow well{.stream = "v/A/mark",
                           .at = at(12),
                           .from = "stale",
                           .to = "healthy",
                           .reason = "ok",
                           .fault = false,
                           .age_seconds = {},
                           .merged = 1};
  RepairRow repair{.id = "x",
                   .stream = "v/A/mark",
                   .step = "resubscribe",
                   .line = "v/l1",
                   .started_at = at(11),
                   .ended_at = at(12),
                   .ok = true,
                   .detail = "acknowledged",
                   .topics = 1,
                   .gap_seconds = 2.5};
  return {{at(12), "l2", well}, {at(11), "rx", repair}, {at(10), "l1", stale}};
}

TEST(EventRoutes, tells_changes_of_levels_and_repairs_newest_first) {
  ApiBench bench;
  bench.history.happened = story();
  const Json events = bench.json("/v1/events")["events"];
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["to"], "healthy");
  EXPECT_TRUE(events[0]["age_seconds"].is_null());
  EXPECT_EQ(events[1]["type"], "repair");
  EXPECT_EQ(events[1]["at"], "1970-01-01T00:00:11.000Z");
  EXPECT_EQ(events[1]["gap_seconds"], 2.5);
  EXPECT_EQ(events[2], Json::parse(R"({"type":"level","at":"1970-01-01T00:00:10.000Z",
      "stream":"v/A/mark","from":"healthy","to":"stale","reason":"silent","fault":true,
      "age_seconds":10.5,"merged":0})"));
}

TEST(EventRoutes, pages) {
  ApiBench bench;
  bench.history.happened = story();
  std::vector<std::string> types;
  std::string cursor;
  do {
    const Json page = bench.json("/v1/events?limit=1&cursor=" + cursor);
    for (const Json& event : page["events"]) types.push_back(event["type"]);
    cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
  } while (!cursor.empty() && types.size() < 10);
  EXPECT_THAT(types, ElementsAre("level", "repair", "level"));
}

TEST(EventRoutes, asks_for_what_was_asked) {
  ApiBench bench;
  bench.get("/v1/events?stream=v%2FA%2Fmark&type=repair&limit=7");
  EXPECT_EQ(bench.history.asked_for.stream, "v/A/mark");
  EXPECT_FALSE(bench.history.asked_for.levels);
  EXPECT_TRUE(bench.history.asked_for.repairs);
  EXPECT_EQ(bench.history.asked_for.limit, 8U);
}

TEST(EventRoutes, says_what_is_wrong) {
  ApiBench bench;
  for (const char* query : {"type=tick", "stream=BTC", "stream=v%2F%ff", "stream=v%2F%00",
                            "limit=0", "cursor=nonsense"}) {
    EXPECT_EQ(bench.get(std::string("/v1/events?") + query).status, 400) << query;
  }
  EXPECT_EQ(bench
                .ask({.method = "POST",
                      .target = "/v1/events",
                      .headers = {{"authorization", "Bearer secret"}}})
                .status,
            405);
  bench.history.down = true;
  EXPECT_EQ(bench.get("/v1/events").status, 503);
}

}  // namespace
}  // namespace feedwatch::api
