#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using testing::HasSubstr;

constexpr const char* held =
    R"({"venue":"v","symbol":"S","side":"long","entry_price":0.1000000000000000000001,)"
    R"("quantity":"2.50","owner":"bot-7","ttl":"90s"})";

class PositionRoutesTest : public testing::Test {
 protected:
  net::Response put(const std::string& id, const std::string& body) {
    return bench.write("PUT", "/v1/positions/" + id, body);
  }
  static std::string problem_text(const net::Response& response) {
    return std::to_string(response.status) + " " + Json::parse(response.body).value("detail", "");
  }

  ApiBench bench;
};

TEST_F(PositionRoutesTest, one_is_registered_shown_and_closed) {
  const engine::StreamStatus stream = bench.watch("S");
  bench.price(stream, "0.25");
  bench.put(engine::ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  const net::Response answer = put("p%201", held);
  ASSERT_EQ(answer.status, 200) << answer.body;
  bench.run_until(bench.clock.time + 3s);
  const Json one = bench.json("/v1/positions/p%201");
  EXPECT_EQ(one["id"], "p 1");
  EXPECT_EQ(one["entry_price"], "0.1000000000000000000001") << "digit by digit";
  EXPECT_EQ(one["quantity"], "2.50");
  EXPECT_EQ(one["owner"], "bot-7");
  EXPECT_EQ(one["ttl_seconds"], 90.0);
  EXPECT_EQ(one["state"], "protected");
  EXPECT_EQ(one["stream"], "v/S/mark");
  EXPECT_EQ(one["price"]["price"], "0.25");
  EXPECT_EQ(one["price"]["source"], "live");
  EXPECT_EQ(one["price"]["receive_age_seconds"], 3.0);
  EXPECT_EQ(one["refused"], nullptr);
  EXPECT_EQ(bench.json("/v1/positions")["positions"].size(), 1U);
  EXPECT_EQ(bench.json("/v1/positions?state=refused")["positions"].size(), 0U);
  EXPECT_EQ(bench.json("/v1/positions?venue=w")["positions"].size(), 0U);
  EXPECT_EQ(bench.write("DELETE", "/v1/positions/p%201").status, 204);
  EXPECT_EQ(bench.write("DELETE", "/v1/positions/p%201").status, 404);
  EXPECT_EQ(bench.get("/v1/positions/p%201").status, 404);
}

TEST_F(PositionRoutesTest, refused_prices_are_shown_with_their_word_and_age) {
  const engine::StreamStatus stream = bench.watch("S");
  bench.put(stream);
  bench.old_price(stream);
  ASSERT_EQ(put("p1", held).status, 200);
  bench.run_until(bench.clock.time + 20s);
  const Json one = bench.json("/v1/positions/p1");
  EXPECT_EQ(one["state"], "unprotected");
  EXPECT_EQ(one["price"], nullptr);
  EXPECT_EQ(one["refused"]["refusal"], "stale");
  EXPECT_EQ(one["refused"]["for_seconds"], 20.0);
  EXPECT_EQ(one["refused"]["age_seconds"], 420.0);
  const auto table = position_table(bench.get("/v1/positions").body);
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, HasSubstr("unprotected v/S p1  long 2.50 at 0.1000000000000000000001  "
                                "v/S/mark stale for 20 s"));
}

TEST_F(PositionRoutesTest, an_id_that_several_have_is_asked_about) {
  ASSERT_EQ(put("p1", held).status, 200);
  std::string other = held;
  other.replace(other.find("\"S\""), 3, "\"T\"");
  ASSERT_EQ(put("p1", other).status, 200);
  EXPECT_THAT(problem_text(bench.get("/v1/positions/p1")),
              HasSubstr("409 2 positions have this id"));
  EXPECT_EQ(bench.write("DELETE", "/v1/positions/p1?symbol=T").status, 204);
  EXPECT_EQ(bench.get("/v1/positions/p1").status, 200);
}

TEST_F(PositionRoutesTest, the_same_again_renews_and_keeps_when_it_was_opened) {
  ASSERT_EQ(put("p1", held).status, 200);
  const auto opened = bench.json("/v1/positions/p1")["opened_at"];
  bench.run_until(bench.clock.time + 60s);
  ASSERT_EQ(put("p1", held).status, 200);
  EXPECT_EQ(bench.json("/v1/positions/p1")["opened_at"], opened);
  std::string turned = held;
  turned.replace(turned.find("long"), 4, "short");
  EXPECT_THAT(problem_text(put("p1", turned)), HasSubstr("409 id: is that of another position"));
}

TEST_F(PositionRoutesTest, what_is_wrong_is_said_by_field) {
  const auto said = [&](const std::string& body) { return problem_text(put("p1", body)); };
  EXPECT_THAT(said("p1"), HasSubstr("400 body: is not a JSON object"));
  EXPECT_THAT(said(std::string(held) + "{}"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(said("{}"), HasSubstr("has no venue"));
  EXPECT_THAT(said(R"({"venue":"v","symbol":"S"})"), HasSubstr("has no side"));
  EXPECT_THAT(said(R"({"venue":["v"]})"), HasSubstr("'venue' must be a text"));
  EXPECT_THAT(said(R"({"side":"up"})"), HasSubstr("'side' must be long or short"));
  EXPECT_THAT(said(R"({"quantity":"1,5"})"), HasSubstr("'quantity' is no decimal number"));
  EXPECT_THAT(said(R"({"ttl":"soon"})"), HasSubstr("'ttl'"));
  EXPECT_THAT(said(R"({"opened_at":"now"})"), HasSubstr("'opened_at'"));
  EXPECT_THAT(said(R"({"stop":"1"})"), HasSubstr("unknown key 'stop'"));
  std::string negative = held;
  negative.replace(negative.find("\"2.50\""), 6, "-2.5");
  EXPECT_THAT(said(negative), HasSubstr("422 quantity: must be above 0"));
  EXPECT_EQ(bench.ask({.method = "PUT", .target = "/v1/positions/p1"}).status, 401);
  EXPECT_EQ(bench.get("/v1/positions?state=fine").status, 400);
  EXPECT_EQ(bench.write("POST", "/v1/positions/p1").status, 405);
}

TEST_F(PositionRoutesTest, what_it_wants_of_its_rules_is_taken_shown_and_taken_back) {
  const std::string begin =
      R"({"venue":"v","symbol":"S","side":"long","entry_price":"100","quantity":1)";
  ASSERT_EQ(put("p1", begin + R"(,"strategy":"trend","aged":false,"trailing":)"
                              R"({"callback_percent":0.30,"steps":["3:0.2",)"
                              R"("5:0.1"],"confirm_within":"4s"}})")
                .status,
            200);
  Json one = bench.json("/v1/positions/p1");
  EXPECT_EQ(one["strategy"], "trend");
  EXPECT_EQ(one["aged"], false);
  EXPECT_EQ(one["trailing"], Json::parse(R"({"callback_percent":"0.30","steps":["3:0.2","5:0.1"],)"
                                         R"("confirm_within":"4s"})"));
  EXPECT_THAT(*position_table(bench.get("/v1/positions").body),
              HasSubstr("  strategy trend  trailing: callback_percent 0.30, steps 3:0.2,5:0.1, "
                        "confirm_within 4s  aged: off"));
  ASSERT_EQ(put("p1", begin + R"(,"trailing":null,"aged":{"max_age":"6h"}})").status, 200);
  one = bench.json("/v1/positions/p1");
  EXPECT_EQ(one["strategy"], nullptr) << "what is left out is taken back";
  EXPECT_EQ(one["trailing"], nullptr);
  EXPECT_EQ(one["aged"], Json::parse(R"({"max_age":"6h"})"));
}

TEST_F(PositionRoutesTest, what_is_wrong_with_its_rules_is_said_by_field) {
  const auto said = [&](const std::string& rules) {
    return problem_text(
        put("p1", R"({"venue":"v","symbol":"S","side":"long","entry_price":"100","quantity":1,)" +
                      rules + "}"));
  };
  EXPECT_THAT(said(R"("trailing":"off")"),
              HasSubstr("400 trailing: must be false, true or an object"));
  EXPECT_THAT(said(R"("trailing":{"callback_percent":"x"})"),
              HasSubstr("400 trailing.callback_percent: is no percentage"));
  EXPECT_THAT(said(R"("trailing":{"callback_percent":{}})"),
              HasSubstr("400 trailing.callback_percent: must be a text, a number or a list"));
  EXPECT_THAT(said(R"("trailing":{"max_age":"3h"})"),
              HasSubstr("400 trailing: has no number 'max_age'"));
  EXPECT_THAT(said(R"("trailing":{"steps":["3"]})"), HasSubstr("400 trailing.steps: has a step"));
  EXPECT_THAT(said(R"("aged":{"max_age":3})"), HasSubstr("400 aged.max_age: "));
  EXPECT_THAT(said(R"("trailing":{"callback_percent":0})"),
              HasSubstr("422 trailing: callback_percent must be above 0"));
  EXPECT_THAT(said(R"("strategy":)" + Json(std::string(300, 's')).dump()),
              HasSubstr("422 strategy: is over 256 bytes"));
  EXPECT_EQ(bench.get("/v1/positions/p1").status, 404);
}

TEST_F(PositionRoutesTest, a_body_that_is_written_is_read_as_it_was) {
  PositionBody wish;
  wish.position = {.id = "p1",
                   .venue = "v",
                   .symbol = "S",
                   .side = Side::sell,
                   .entry_price = Decimal{1, 1},
                   .quantity = Decimal{2, 0},
                   .opened_at = {}};
  wish.terms.strategy = "trend";
  wish.terms.rules.trailing = *trailing_override("callback_percent=0.3 steps=3:0.2,5:0.1");
  wish.terms.rules.aged = *aged_override("off");
  const auto read = parse_position("p1", position_body(wish));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->terms, wish.terms);
}

TEST_F(PositionRoutesTest, decisions_are_read_on_from_where_one_was) {
  FakeHistory& history = bench.history;
  for (const int n : {3, 5, 8}) {
    PositionDecisionRow row;
    row.id = "v/S/p1/0/" + std::to_string(n);
    row.position = "p1";
    row.number = n;
    row.type = "stop_moved";
    row.stop = "101.490";
    row.receive_age_seconds = 0.25;
    history.written.push_back({n, row});
  }
  const Json first = bench.json("/v1/decisions?limit=2");
  ASSERT_EQ(first["decisions"].size(), 2U);
  EXPECT_EQ(first["decisions"][0]["key"], "v/S/p1/0/3");
  EXPECT_EQ(first["decisions"][0]["stop"], "101.490");
  EXPECT_EQ(first["decisions"][0]["target"], nullptr);
  EXPECT_EQ(first["decisions"][0]["receive_age_seconds"], 0.25);
  EXPECT_EQ(first["next_cursor"], "5");
  EXPECT_EQ(bench.json("/v1/decisions?cursor=5")["decisions"].size(), 1U);
  EXPECT_EQ(bench.json("/v1/decisions?cursor=8")["next_cursor"], "8") << "wait here for more";
  EXPECT_EQ(bench.get("/v1/decisions?cursor=x").status, 400);
  EXPECT_EQ(bench.write("POST", "/v1/decisions").status, 405);
  history.down = true;
  EXPECT_EQ(bench.get("/v1/decisions").status, 503);
}

TEST_F(PositionRoutesTest, a_proposal_is_answered) {
  const auto answer = [&](const char* number, const char* body) {
    return problem_text(
        bench.write("POST", std::string("/v1/positions/p1/decisions/") + number, body));
  };
  EXPECT_THAT(answer("1", R"({"confirmed":true})"), HasSubstr("404"));
  ASSERT_EQ(put("p1", held).status, 200);
  EXPECT_EQ(bench.write("POST", "/v1/positions/p1/decisions/1", R"({"confirmed":true})").status,
            204);
  EXPECT_THAT(answer("one", R"({"confirmed":true})"), HasSubstr("400 number"));
  EXPECT_THAT(answer("1", R"({"confirmed":"yes"})"), HasSubstr("400 body"));
  EXPECT_THAT(answer("1", "{}"), HasSubstr("400 body"));
  EXPECT_EQ(bench.get("/v1/positions/p1/decisions/1").status, 405);
}

}  // namespace
}  // namespace feedwatch::api
