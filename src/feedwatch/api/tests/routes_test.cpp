#include "feedwatch/api/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/metrics.hpp"
#include "feedwatch/api/tests/api_bench.hpp"
#include "feedwatch/api/tests/exposition.hpp"

namespace feedwatch::api {
namespace {

using engine::ControlBench;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RoutesTest : public testing::Test {
 protected:
  /// status and detail of a problem, checked for its shape.
  std::string problem_of(const net::Response& response) {
    EXPECT_EQ(header(response, "content-type"), "application/problem+json");
    const Json json = Json::parse(response.body);
    EXPECT_EQ(json["status"], response.status);
    EXPECT_EQ(json["type"], "about:blank");
    EXPECT_FALSE(json["title"].get<std::string>().empty());
    return std::to_string(response.status) + " " + json["detail"].get<std::string>();
  }
  std::vector<std::string> names(const Json& json, const char* list, const char* field) {
    std::vector<std::string> found;
    for (const Json& item : json.at(list)) found.push_back(item.at(field));
    return found;
  }

  ApiBench bench;
};

// ---- invariant 8: all agree at the same instant ------------------------------------------------

class Agreement : public testing::TestWithParam<Duration> {};

TEST_P(Agreement, of_api_metrics_and_guard_at_one_instant) {
  ApiBench bench;
  bench.priced("BTC");
  bench.clock.time += GetParam();
  const Json stream = bench.json("/v1/streams/v/BTC/mark");
  const std::string level = stream["level"];
  const double age = stream["age_seconds"];
  EXPECT_EQ(age, to_seconds(GetParam()));

  const Exposition metrics = ExpositionReader(false).read(bench.get("/metrics").body);
  const auto code =
      metrics.value("feedwatch_stream_level{venue=\"v\",symbol=\"BTC\",kind=\"mark\"}");
  constexpr std::string_view levels[] = {"healthy", "degraded", "stale", "unknown"};
  EXPECT_EQ(levels[std::stoul(code.value())], level);

  const net::Response price = bench.get("/v1/prices/v/BTC/mark?max_age=1000s");
  const Json answer = Json::parse(price.body);
  EXPECT_EQ(answer["level"], level);
  EXPECT_EQ(price.status == 409, level == "stale");
  Guard guard(bench.monitor, bench.decisions, "test", bench.clock);
  EXPECT_EQ(guard.price({"v", "BTC", Kind::mark}, {.max_age = 1000s}).has_value(),
            level != "stale");
  EXPECT_EQ(price.status == 409 ? answer["age_seconds"] : answer["receive_age_seconds"], age);

  const Json list = bench.json("/v1/streams?level=" + level);
  EXPECT_EQ(list["streams"].size(), 1U);
  EXPECT_EQ(list["streams"][0], stream);
  const std::string health = bench.json("/health")["checks"]["Price Updates"][0]["state"];
  EXPECT_EQ(health, level == "stale" ? "critical" : level);
}

INSTANTIATE_TEST_SUITE_P(around_the_limits, Agreement,
                         testing::Values(0ns, 180s, 180s + 1ns, 300s, 300s + 1ns, 999s));

// ---- streams ------------------------------------------------------------------------------------

TEST_F(RoutesTest, streams_are_listed_by_name_and_filtered) {
  bench.priced("ETH");
  bench.priced("BTC", "1", "w");
  bench.priced("BTC");
  bench.put(bench.watch("NEVER"));
  EXPECT_THAT(names(bench.json("/v1/streams"), "streams", "stream"),
              ElementsAre("v/BTC/mark", "v/ETH/mark", "v/NEVER/mark", "w/BTC/mark"));
  EXPECT_THAT(names(bench.json("/v1/streams?level=unknown"), "streams", "stream"),
              ElementsAre("v/NEVER/mark"));
  EXPECT_THAT(names(bench.json("/v1/streams?venue=w"), "streams", "stream"),
              ElementsAre("w/BTC/mark"));
  EXPECT_THAT(names(bench.json("/v1/streams?venue=w&level=stale"), "streams", "stream"),
              ElementsAre());
  EXPECT_THAT(problem_of(bench.get("/v1/streams?level=fine")), HasSubstr("400 level must be"));
}

TEST_F(RoutesTest, pages_give_every_stream_once) {
  for (const char* symbol : {"A", "B", "C", "D", "E"}) bench.priced(symbol);
  std::vector<std::string> all;
  std::string cursor;
  int pages = 0;
  while (true) {
    const Json page = bench.json("/v1/streams?limit=2" + cursor);
    for (const auto& name : names(page, "streams", "symbol")) all.push_back(name);
    ++pages;
    if (page["next_cursor"].is_null()) break;
    cursor = "&cursor=" + page["next_cursor"].get<std::string>();
  }
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(all, ElementsAre("A", "B", "C", "D", "E"));
  EXPECT_TRUE(bench.json("/v1/streams?limit=5")["next_cursor"].is_null()) << "the last is full";
}

TEST_F(RoutesTest, a_limit_is_a_number_from_1_to_10000) {
  for (const char* bad : {"0", "-1", "10001", "x", "", "1x", "99999999999999999999", "1.0"}) {
    for (const char* list : {"streams", "lines", "alerts"}) {
      const net::Response answer = bench.get(std::string("/v1/") + list + "?limit=" + bad);
      EXPECT_THAT(problem_of(answer), HasSubstr("400 limit: must be")) << bad;
    }
  }
  EXPECT_EQ(bench.get("/v1/streams?limit=10000").status, 200);
}

TEST_F(RoutesTest, one_stream_by_its_name_with_slashes_too) {
  bench.priced("BTC/USD");
  for (const char* path : {"BTC%2FUSD", "BTC/USD", "BTC%2fUSD"}) {
    const net::Response answer = bench.get(std::string("/v1/streams/v/") + path + "/mark");
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(Json::parse(answer.body)["symbol"], "BTC/USD");
  }
  EXPECT_THAT(problem_of(bench.get("/v1/streams/v/ETH/mark")), HasSubstr("404 stream v/ETH/mark"));
  for (const char* bad : {"v/BTC", "v/BTC/spot", "v//mark", "/BTC/mark", "v/%FF/mark"}) {
    EXPECT_EQ(bench.get(std::string("/v1/streams/") + bad).status, 400) << bad;
  }
}

// ---- prices -------------------------------------------------------------------------------------

TEST_F(RoutesTest, a_price_with_its_ages_up_to_the_very_limit) {
  bench.priced("BTC", "64010.50");
  bench.clock.time += 5s;
  const net::Response answer = bench.get("/v1/prices/v/BTC/mark?max_age=5s");
  EXPECT_EQ(answer.status, 200);
  const Json json = Json::parse(answer.body);
  EXPECT_EQ(json["price"], "64010.50");
  EXPECT_EQ(json["receive_age_seconds"], 5.0);
  EXPECT_EQ(json["level"], "healthy");
  EXPECT_EQ(json["source"], "live");

  bench.clock.time += 1ns;
  const net::Response late = bench.get("/v1/prices/v/BTC/mark?max_age=5s");
  EXPECT_THAT(problem_of(late), HasSubstr("409 v/BTC/mark: too_old"));
  const Json refusal = Json::parse(late.body);
  EXPECT_EQ(refusal["refusal"], "too_old");
  EXPECT_EQ(refusal["stream"], "v/BTC/mark");
  EXPECT_NEAR(refusal["age_seconds"].get<double>(), 5.0, 1e-6);
  EXPECT_FALSE(refusal.contains("price")) << "a refusal shows no price to act on";
}

TEST_F(RoutesTest, refusals_say_which) {
  bench.put(bench.watch("NEVER"));
  const auto refusal = [&](const std::string& symbol) {
    const net::Response answer = bench.get("/v1/prices/v/" + symbol + "/mark?max_age=1h");
    EXPECT_EQ(answer.status, 409);
    return Json::parse(answer.body);
  };
  EXPECT_EQ(refusal("NEVER")["refusal"], "unknown");
  EXPECT_TRUE(refusal("NEVER")["age_seconds"].is_null());
  EXPECT_EQ(refusal("NOBODY")["refusal"], "unconfigured");
  bench.priced("BTC");
  bench.clock.time += 301s;
  EXPECT_EQ(refusal("BTC")["refusal"], "stale");
  EXPECT_EQ(refusal("BTC")["reason"], "silent");
}

TEST_F(RoutesTest, a_degraded_price_is_marked_and_noted_once) {
  bench.priced("BTC");
  bench.run_until(bench.clock.time + 200s);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.json("/v1/prices/v/BTC/mark?max_age=1h")["level"], "degraded");
  }
  EXPECT_THAT(bench.warned,
              ElementsAre("degraded_price_warning v/BTC/mark: given out at age 200.0 s"));
}

TEST_F(RoutesTest, no_price_without_a_limit_of_its_age) {
  bench.priced("BTC");
  EXPECT_THAT(problem_of(bench.get("/v1/prices/v/BTC/mark")), HasSubstr("400 max_age is missing"));
  for (const char* bad : {"", "5", "-5s", "5%20s", "soon", "1e9s", "5S", "99999999999999999999s"}) {
    EXPECT_THAT(problem_of(bench.get(std::string("/v1/prices/v/BTC/mark?max_age=") + bad)),
                HasSubstr("400 max_age: "))
        << bad;
  }
  EXPECT_EQ(bench.get("/v1/prices/v/BTC/mark?max_age=0s").status, 200) << "age zero is zero";
  EXPECT_EQ(bench.get("/v1/prices").status, 400);
}

// ---- lines, alerts ------------------------------------------------------------------------------

TEST_F(RoutesTest, lines_in_order_of_name) {
  for (const char* name : {"v/public#1", "v/market#2", "v/market#1"}) {
    engine::LineStatus line{.name = name, .venue = "v", .route = "market"};
    line.line =
        LineId{static_cast<std::uint32_t>(10 - bench.control.lines(bench.clock.time).size())};
    bench.put(line);
  }
  EXPECT_THAT(names(bench.json("/v1/lines"), "lines", "line"),
              ElementsAre("v/market#1", "v/market#2", "v/public#1"));
  EXPECT_EQ(bench.json("/v1/lines?limit=1")["next_cursor"], "v/market#1");
}

TEST_F(RoutesTest, alerts_newest_first_open_or_not_in_pages) {
  std::vector<engine::StreamStatus> streams;
  for (const char* symbol : {"A", "B", "C"}) streams.push_back(bench.watch(symbol));
  for (const auto& stream : streams) {
    bench.old_price(stream);
    bench.put(ControlBench::at(stream, Level::stale, Reason::silent, bench.clock.time));
    bench.run_until(bench.clock.time + 1s);
  }
  bench.put(ControlBench::at(streams[1], Level::healthy, Reason::ok, bench.clock.time));
  bench.run_until(bench.clock.time + 70s);
  const auto symbols = [&](const std::string& query) {
    std::vector<std::string> found;
    const Json page = bench.json("/v1/alerts" + query);
    for (const Json& alert : page["alerts"]) {
      if (alert["name"] == "price_staleness") found.push_back(alert["labels"]["symbol"]);
    }
    return found;
  };
  EXPECT_THAT(symbols(""), ElementsAre("C", "B", "A"));
  EXPECT_THAT(symbols("?open=true"), ElementsAre("C", "A"));
  EXPECT_THAT(symbols("?open=false"), ElementsAre("B"));
  EXPECT_EQ(bench.get("/v1/alerts?open=yes").status, 400);

  const Json first = bench.json("/v1/alerts?limit=1");
  ASSERT_TRUE(first["next_cursor"].is_string());
  const Json second =
      bench.json("/v1/alerts?limit=1&cursor=" + first["next_cursor"].get<std::string>());
  EXPECT_NE(first["alerts"][0]["id"], second["alerts"][0]["id"]);

  const std::string id = first["alerts"][0]["id"];
  Json alone = bench.json("/v1/alerts/" + id);
  alone.erase("transitions");
  alone.erase("notifications");
  EXPECT_EQ(alone, first["alerts"][0]);
  EXPECT_THAT(problem_of(bench.get("/v1/alerts/nobody")), HasSubstr("404 no alert"));
}

// ---- health and probes --------------------------------------------------------------------------

TEST_F(RoutesTest, health_is_503_only_when_it_fails) {
  net::Response answer = bench.get("/health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "content-type"), "application/health+json");
  EXPECT_EQ(Json::parse(answer.body)["status"], "warn") << "no stream is wanted: unknown";
  bench.priced("BTC");
  EXPECT_EQ(bench.json("/health")["status"], "pass");
  bench.clock.time += 301s;
  answer = bench.get("/health");
  EXPECT_EQ(answer.status, 503);
  const Json json = Json::parse(answer.body);
  EXPECT_EQ(json["status"], "fail");
  EXPECT_THAT(json["output"].get<std::string>(), HasSubstr("v/BTC/mark"));
}

TEST_F(RoutesTest, livez_is_about_our_own_loops_and_readyz_about_having_begun) {
  EXPECT_EQ(bench.get("/livez").body, "ok\n");
  EXPECT_EQ(bench.get("/readyz").status, 503);
  EXPECT_EQ(bench.get("/readyz").body,
            "[+]configuration ok\n[+]running ok\n[+]store ok\n"
            "[-]streams failed: not every required stream has had a price or missed its first "
            "deadline\n[-]components failed: a required one is unknown\nreadyz check failed\n");
  bench.priced("BTC");
  EXPECT_EQ(bench.get("/readyz").body, "ok\n");
  EXPECT_THAT(bench.get("/readyz?verbose").body, HasSubstr("[+]streams ok\n"));
  EXPECT_THAT(bench.get("/readyz?verbose").body, HasSubstr("readyz check passed\n"));
  bench.clock.time += 301s;
  EXPECT_EQ(bench.get("/livez").status, 200) << "no business of a venue";
  EXPECT_EQ(bench.get("/readyz").status, 200);
  bench.facts.shard_loop_alive = false;
  EXPECT_EQ(bench.get("/livez").status, 503);
  EXPECT_EQ(bench.get("/livez?verbose").body,
            "[+]control_loop ok\n[-]shard_loop failed: a loop of prices has not answered for two "
            "seconds\nlivez check failed\n");
}

TEST_F(RoutesTest, single_checks_and_checks_left_out) {
  EXPECT_EQ(bench.get("/readyz/store").body, "ok\n");
  EXPECT_EQ(bench.get("/readyz/streams").status, 503);
  EXPECT_THAT(bench.get("/readyz/streams").body, testing::StartsWith("[-]streams failed: "));
  EXPECT_EQ(problem_of(bench.get("/livez/nothing")),
            "404 no such check (there are: control_loop, shard_loop)");
  EXPECT_EQ(bench.get("/readyz?exclude=streams").status, 503);
  EXPECT_EQ(bench.get("/readyz?exclude=streams&exclude=components").status, 200);
  EXPECT_THAT(bench.get("/readyz?verbose&exclude=streams&exclude=components").body,
              HasSubstr("[+]streams excluded: ok\n"));
  EXPECT_THAT(bench.get("/livez?verbose&exclude=%1b[31m").body,
              HasSubstr("warn: no check \xEF\xBF\xBD[31m to exclude\n"));
}

TEST_F(RoutesTest, who_is_told_to_stop_is_not_ready_and_takes_nothing) {
  bench.priced("BTC");
  ASSERT_EQ(bench.get("/readyz").status, 200);
  bench.facts.stopping = true;
  EXPECT_EQ(bench.get("/readyz").status, 503);
  EXPECT_EQ(bench.get("/readyz/running").status, 503);
  EXPECT_EQ(bench.get("/livez").status, 200);
  EXPECT_EQ(bench.get("/v1/streams").status, 200) << "what there is to read goes on";
  EXPECT_EQ(bench.write("PUT", "/v1/streams/v/BTC/mark", R"({"owner":"x"})").status, 503);
}

TEST_F(RoutesTest, health_has_the_fields_of_the_draft) {
  bench.priced("BTC");
  net::Response answer = bench.get("/health");
  EXPECT_EQ(header(answer, "cache-control"), "max-age=1");
  Json json = Json::parse(answer.body);
  EXPECT_EQ(json["status"], "pass");
  EXPECT_FALSE(json.contains("output"));
  EXPECT_FALSE(json.contains("notes"));
  for (const auto& [name, list] : json["checks"].items()) {
    EXPECT_EQ(name.find(':'), std::string::npos);
    ASSERT_TRUE(list.is_array());
    const Json& check = list[0];
    EXPECT_EQ(check["status"], "pass") << name;
    EXPECT_FALSE(check.contains("output")) << name;
    EXPECT_FALSE(check.contains("affectedEndpoints")) << name;
    const std::string type = check["componentType"];
    EXPECT_TRUE(type == "component" || type == "datastore" || type == "system") << type;
    EXPECT_EQ(check.contains("observedValue"), check.contains("observedUnit")) << name;
  }
  EXPECT_EQ(json["checks"]["Price Updates"][0]["observedUnit"], "s");
  bench.clock.time += 301s;
  json = bench.json("/health");
  EXPECT_EQ(json["notes"][0], "WebSocket Streams is critical");
  EXPECT_EQ(json["notes"][1], "Price Updates is critical (because of WebSocket Streams)");
  const Json prices = json["checks"]["Price Updates"][0];
  EXPECT_EQ(prices["affectedEndpoints"][0], "/v1/streams/v/BTC/mark");
  EXPECT_EQ(prices["because_of"], "WebSocket Streams");
  EXPECT_EQ(prices["observedValue"], 301);
}

TEST_F(RoutesTest, something_outside_reports_and_withdraws) {
  bench.priced("BTC");
  EXPECT_EQ(bench.ask({.method = "POST", .target = "/v1/components/risk_manager"}).status, 401);
  const net::Response taken = bench.write("POST", "/v1/components/risk_manager",
                                          R"({"status":"critical","message":"over","ttl":"5s"})");
  EXPECT_EQ(taken.body, R"({"component":"risk_manager","ttl_seconds":5})");
  Json json = bench.json("/health");
  EXPECT_EQ(json["checks"]["risk_manager"][0]["state"], "critical");
  EXPECT_EQ(json["checks"]["risk_manager"][0]["output"], "over");
  EXPECT_EQ(json["state"], "degraded") << "it is optional";
  bench.clock.time += 6s;
  EXPECT_EQ(bench.json("/health")["checks"]["risk_manager"][0]["state"], "unknown");
  EXPECT_EQ(bench.write("DELETE", "/v1/components/risk_manager").status, 204);
  EXPECT_EQ(bench.write("DELETE", "/v1/components/risk_manager").status, 404);
  EXPECT_EQ(bench.write("PUT", "/v1/components/risk_manager").status, 405);
  EXPECT_EQ(bench.write("POST", "/v1/components/Database", R"({"status":"healthy"})").status, 422);
  for (const auto& [body, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "is not a JSON object"},
           {"[]", "is not a JSON object"},
           {"{}", "'status' is missing"},
           {R"({"status":"fine"})", "status must be healthy"},
           {R"({"status":1})", "'status' must be a string"},
           {R"({"status":"healthy","ttl":"5"})", "ttl: "},
           {R"({"status":"healthy","required":"yes"})", "'required' must be true or false"},
           {R"({"status":"healthy","x":1})", "unknown key 'x'"}}) {
    EXPECT_THAT(problem_of(bench.write("POST", "/v1/components/a", body)), HasSubstr(why)) << body;
  }
}

TEST_F(RoutesTest, metrics_by_accept) {
  EXPECT_THAT(header(bench.get("/metrics"), "content-type"), HasSubstr("version=0.0.4"));
  const net::Response open = bench.ask({.method = "GET",
                                        .target = "/metrics",
                                        .headers = {{"accept", "application/openmetrics-text"}}});
  EXPECT_THAT(header(open, "content-type"), HasSubstr("openmetrics-text; version=1.0.0"));
  EXPECT_THAT(open.body, testing::EndsWith("# EOF\n"));
}

// ---- leases -------------------------------------------------------------------------------------

TEST_F(RoutesTest, a_lease_is_put_and_deleted) {
  const net::Response put =
      bench.write("PUT", "/v1/streams/v/BTC%2FUSD/mark", R"({"owner":"desk","ttl":"1m"})");
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(Json::parse(put.body)["stream"], "v/BTC/USD/mark");
  EXPECT_EQ(bench.write("DELETE", "/v1/streams/v/BTC/mark?owner=desk").status, 204);
  EXPECT_EQ(bench.write("DELETE", "/v1/streams/v/BTC/mark", R"({"owner":"two"})").status, 204);
  EXPECT_THAT(bench.leases,
              ElementsAre("v/BTC/USD/mark desk 60", "-v/BTC/mark desk", "-v/BTC/mark two"));
}

TEST_F(RoutesTest, lease_errors) {
  EXPECT_THAT(problem_of(bench.write("PUT", "/v1/streams/v/BTC/mark", "{}")),
              HasSubstr("400 body"));
  EXPECT_THAT(problem_of(bench.write("PUT", "/v1/streams/v/BTC/spot", R"({"owner":"x"})")),
              HasSubstr("400 the stream must be"));
  EXPECT_THAT(problem_of(bench.write("DELETE", "/v1/streams/v/BTC/mark")),
              HasSubstr("400 owner is missing"));
  const std::string body = R"({"owner":"x"})";
  EXPECT_THAT(
      problem_of(bench.write("PUT", "/v1/streams/v/" + std::string(257, 's') + "/mark", body)),
      HasSubstr("400 the symbol is over 256 bytes"));
  EXPECT_THAT(bench.leases, ElementsAre());
  EXPECT_EQ(bench.write("PUT", "/v1/streams/v/" + std::string(256, 's') + "/mark", body).status,
            200);
  bench.lease_result = std::unexpected(Error{"venue x", "is not configured", ""});
  EXPECT_THAT(problem_of(bench.write("PUT", "/v1/streams/x/BTC/mark", R"({"owner":"x"})")),
              HasSubstr("422 venue x: is not configured"));
  EXPECT_THAT(problem_of(bench.write("DELETE", "/v1/streams/x/BTC/mark?owner=x")),
              HasSubstr("404 "));
}

TEST_F(RoutesTest, writing_without_the_token_changes_nothing) {
  const auto ask = [&](net::Headers headers) {
    return bench.ask({.method = "PUT",
                      .target = "/v1/streams/v/BTC/mark",
                      .headers = std::move(headers),
                      .body = R"({"owner":"x"})"});
  };
  EXPECT_THAT(problem_of(ask({})), HasSubstr("401 "));
  EXPECT_THAT(problem_of(ask({{"authorization", "Bearer wrong"}})), HasSubstr("401 "));
  EXPECT_THAT(
      problem_of(ask({{"authorization", "Bearer secret"}, {"origin", "http://evil.example"}})),
      HasSubstr("403 "));
  EXPECT_THAT(problem_of(ask({{"authorization", "Bearer secret"}, {"host", "evil.example"}})),
              HasSubstr("421 "));
  EXPECT_THAT(bench.leases, ElementsAre());
}

// ---- the rest -----------------------------------------------------------------------------------

TEST_F(RoutesTest, other_methods_and_paths) {
  const net::Response post = bench.write("POST", "/v1/streams");
  EXPECT_THAT(problem_of(post), HasSubstr("405 "));
  EXPECT_EQ(header(post, "allow"), "GET, HEAD");
  EXPECT_EQ(header(bench.write("POST", "/v1/streams/v/BTC/mark"), "allow"),
            "GET, HEAD, PUT, DELETE");
  for (const char* path : {"/nothing", "/v1", "/v1/nothing", "/v2/streams", "/livez/x",
                           "/index.html", "/../etc/passwd", "/%2e%2e/app.js"}) {
    EXPECT_EQ(bench.get(path).status, 404) << path;
  }
  EXPECT_THAT(problem_of(bench.get("/%zz")), HasSubstr("400 the path cannot be read"));
  EXPECT_EQ(bench.ask({.method = "HEAD", .target = "/livez"}).status, 200);
}

TEST_F(RoutesTest, every_answer_forbids_sniffing_caching_and_use_by_other_sites) {
  for (const std::string path : {"/", "/v1/streams", "/metrics", "/nothing", "/health"}) {
    const net::Response answer = bench.get(path);
    EXPECT_EQ(header(answer, "x-content-type-options"), "nosniff") << path;
    const bool says_how_long_it_holds = path == "/health";
    EXPECT_EQ(header(answer, "cache-control"), says_how_long_it_holds ? "max-age=1" : "no-store");
    EXPECT_EQ(header(answer, "referrer-policy"), "no-referrer") << path;
    EXPECT_EQ(header(answer, "cross-origin-resource-policy"), "same-origin") << path;
    EXPECT_EQ(header(answer, "access-control-allow-origin"), "") << path;
  }
}

TEST_F(RoutesTest, the_dashboard_comes_from_the_program_under_a_strict_policy) {
  const net::Response page = bench.get("/");
  EXPECT_EQ(header(page, "content-type"), "text/html; charset=utf-8");
  const std::string policy = header(page, "content-security-policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(page.body.find("style="), std::string::npos) << "the policy would drop it";
  for (const char* path : {"/app.js", "/style.css", "/favicon.svg"}) {
    EXPECT_THAT(page.body, HasSubstr(path));
    EXPECT_EQ(bench.get(path).status, 200) << path;
  }
  // nosniff: a script of another type would not run.
  EXPECT_EQ(header(bench.get("/app.js"), "content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(bench.get("/style.css"), "content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(header(bench.get("/favicon.svg"), "content-type"), "image/svg+xml");
}

}  // namespace
}  // namespace feedwatch::api
