#include "feedwatch/api/alert_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using engine::ControlBench;
using ::testing::HasSubstr;

class AlertRoutesTest : public testing::Test {
 protected:
  AlertRoutesTest() {
    for (const char* symbol : {"BTC", "ETH"}) {
      const engine::StreamStatus made = bench.watch(symbol);
      bench.old_price(made);
      bench.put(ControlBench::at(made, Level::degraded, Reason::silent, bench.clock.time));
    }
  }
  std::string id_of(const std::string& filter) {
    return bench.json("/v1/alerts?filter=" + filter)["alerts"].at(0)["id"];
  }
  std::string silence(std::string body = R"({"matchers":["symbol=BTC"],"for":"1h",
                                              "createdBy":"ann","comment":"deploy"})") {
    const net::Response made = bench.write("POST", "/v1/silences", std::move(body));
    EXPECT_EQ(made.status, 200) << made.body;
    return Json::parse(made.body)["silenceID"];
  }
  std::size_t count(const std::string& query) {
    return bench.json("/v1/alerts?" + query)["alerts"].size();
  }

  ApiBench bench;
};

TEST_F(AlertRoutesTest, a_silence_is_made_shown_and_ended) {
  const std::string id = silence();
  Json one = bench.json("/v1/silences/" + id);
  EXPECT_EQ(one["status"]["state"], "active");
  EXPECT_EQ(one["matchers"][0]["name"], "symbol");
  EXPECT_EQ(bench.json("/v1/silences")["silences"][0], one);
  EXPECT_EQ(bench.json("/v1/alerts/" + id_of("symbol=BTC"))["silenced_by"][0], id);
  EXPECT_TRUE(bench.json("/v1/alerts/" + id_of("symbol=ETH"))["silenced_by"].empty());

  EXPECT_EQ(bench.write("DELETE", "/v1/silences/" + id).status, 204);
  EXPECT_EQ(bench.json("/v1/silences/" + id)["status"]["state"], "expired");
  EXPECT_TRUE(bench.json("/v1/silences?state=active")["silences"].empty());
  const net::Response again = bench.write("DELETE", "/v1/silences/" + id);
  EXPECT_EQ(again.status, 404);
  EXPECT_THAT(again.body, HasSubstr("expired at"));
}

TEST_F(AlertRoutesTest, a_silence_is_changed_under_its_id) {
  const std::string id = silence();
  Json body = bench.json("/v1/silences/" + id);
  body["endsAt"] = "2199-01-01T00:00:00Z";
  EXPECT_EQ(silence(body.dump()), id);
  EXPECT_EQ(bench.json("/v1/silences/" + id)["endsAt"], "2199-01-01T00:00:00.000Z");
  body["matchers"][0]["value"] = "ETH";
  EXPECT_NE(silence(body.dump()), id);
  body["id"] = "nobody's";
  EXPECT_EQ(bench.write("POST", "/v1/silences", body.dump()).status, 404);
}

TEST_F(AlertRoutesTest, writing_needs_the_token_and_sense) {
  EXPECT_EQ(bench.ask({.method = "POST", .target = "/v1/silences", .body = "{}"}).status, 401);
  EXPECT_EQ(bench.write("POST", "/v1/silences", "{").status, 400);
  EXPECT_THAT(bench
                  .write("POST", "/v1/silences",
                         R"({"matchers":[],"for":"1h","createdBy":"a","comment":"b"})")
                  .body,
              HasSubstr("matchers: there are none"));
  EXPECT_EQ(bench.get("/v1/silences/none").status, 404);
  const net::Response put = bench.write("PUT", "/v1/silences");
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(header(put, "allow"), "GET, HEAD, POST");
  EXPECT_EQ(bench.write("POST", "/v1/alerts").status, 405);
  EXPECT_EQ(bench.get("/v1/alerts/x/ack").status, 405);
}

TEST_F(AlertRoutesTest, an_alert_is_acknowledged_and_given_back) {
  const std::string id = id_of("symbol=BTC");
  const std::string path = "/v1/alerts/" + id + "/ack";
  EXPECT_EQ(bench.json("/v1/alerts/" + id)["acknowledged"], nullptr);
  const net::Response done = bench.write("POST", path, R"({"by":"ann","comment":"on it"})");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(Json::parse(done.body)["acknowledged"]["by"], "ann");
  EXPECT_EQ(count("state=acknowledged"), 1U);
  EXPECT_EQ(count("state=firing"), 1U);
  EXPECT_EQ(bench.write("DELETE", path).status, 204);
  EXPECT_EQ(bench.write("DELETE", path).status, 404);
  EXPECT_EQ(bench.write("POST", "/v1/alerts/none/ack", R"({"by":"ann"})").status, 404);
  EXPECT_EQ(bench.write("POST", path, R"({"comment":"x"})").status, 400);
}

TEST_F(AlertRoutesTest, lists_are_filtered) {
  EXPECT_EQ(count(""), 2U);
  EXPECT_EQ(count("severity=warning"), 2U);
  EXPECT_EQ(count("severity=critical"), 0U);
  EXPECT_EQ(count("filter=symbol%3D~%22B.*%22"), 1U);
  EXPECT_EQ(count("filter=alertname%3Dprice_staleness&filter=symbol!%3DBTC"), 1U);
  EXPECT_EQ(count("open=false"), 0U);
  silence();
  EXPECT_EQ(count("state=suppressed"), 1U);
  for (const char* bad : {"open=1", "state=x", "severity=bad", "filter=x", "limit=0"}) {
    EXPECT_EQ(bench.get(std::string("/v1/alerts?") + bad).status, 400) << bad;
  }
}

TEST_F(AlertRoutesTest, one_alert_comes_with_its_history) {
  const std::string id = id_of("symbol=BTC");
  Json alert = bench.json("/v1/alerts/" + id);
  EXPECT_EQ(alert["transitions"][0]["to"], "firing");
  EXPECT_EQ(alert["notifications"][0]["id"], id + "/firing/warning@hook");
  bench.history.down = true;
  alert = bench.json("/v1/alerts/" + id);
  EXPECT_EQ(alert["id"], id);
  EXPECT_EQ(alert["transitions"], nullptr);
  EXPECT_EQ(bench.get("/v1/alerts/none").status, 503);
  bench.history.down = false;
  EXPECT_EQ(bench.get("/v1/alerts/none").status, 404);
}

/// What a store has of alerts that ended, newest first; several began at one moment.
std::vector<AlertRow> ended(int count) {
  std::vector<AlertRow> rows;
  for (int i = 0; i < count; ++i) {
    AlertRow row;
    row.id = fmt::format("{:05}-x", 99'999 - i);
    row.name = row.identity = "old";
    row.severity = i % 10 == 0 ? "critical" : "warning";
    row.state = "resolved";
    row.metadata = "{}";
    row.started_at = row.updated_at = wall_from_ns(1'000'000 - i / 7);
    row.resolved_at = row.started_at;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// All pages of the list.
std::vector<std::string> pages(ApiBench& bench, const std::string& query) {
  std::vector<std::string> ids;
  std::string cursor;
  do {
    const Json page = bench.json("/v1/alerts?" + query + "&cursor=" + cursor);
    for (const Json& alert : page["alerts"]) ids.push_back(alert["id"]);
    cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
  } while (!cursor.empty() && ids.size() < 10'000);
  return ids;
}

TEST(AlertHistory, goes_on_from_the_store_where_memory_ends) {
  const std::vector<AlertRow> rows = ended(2'500);
  engine::Recovered recovered;
  recovered.resolved_alerts = rows;  // the control keeps a thousand
  ApiBench bench("secret", std::move(recovered));
  bench.history.rows = rows;
  std::vector<std::string> wanted;
  for (const AlertRow& row : rows) wanted.push_back(row.id);
  for (const char* query : {"limit=100", "limit=999", "limit=10000"}) {
    EXPECT_EQ(pages(bench, query), wanted) << query;
  }
  EXPECT_EQ(pages(bench, "limit=70&severity=critical").size(), 250U);
  EXPECT_EQ(pages(bench, "limit=70&open=true").size(), 0U);
  EXPECT_EQ(bench.get("/v1/alerts?cursor=nonsense").status, 400);
  bench.history.down = true;
  EXPECT_EQ(bench.get("/v1/alerts?limit=100").status, 200) << "memory has these";
  EXPECT_EQ(bench.get("/v1/alerts?limit=2000").status, 503);
}

TEST(AlertHistory, is_not_asked_for_what_memory_has) {
  ApiBench bench;
  bench.get("/v1/alerts");
  EXPECT_EQ(bench.history.asked, 0);
}

}  // namespace
}  // namespace feedwatch::api
