// Lists of positions over HTTP.

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string element(const std::string& id, const std::string& quantity = R"("1")") {
  return R"({"id":")" + id + R"(","venue":"v","symbol":"S","side":"long","entry_price":"100",)" +
         R"("quantity":)" + quantity + "}";
}
std::string list_of(const std::vector<std::string>& elements, const char* ready = "true") {
  std::string body = std::string(R"({"ready":)") + ready + R"(,"positions":[)";
  for (const std::string& each : elements) body += (body.back() == '[' ? "" : ",") + each;
  return body + "]}";
}

class PositionSourceRoutesTest : public testing::Test {
 protected:
  net::Response put(const std::string& body, const std::string& name = "bot") {
    return bench.write("PUT", "/v1/position-sources/" + name, body);
  }
  Json taken(const std::string& body, const std::string& name = "bot") {
    const net::Response response = put(body, name);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  }
  std::string said(const std::string& body, const std::string& name = "bot") {
    const net::Response response = put(body, name);
    return std::to_string(response.status) + " " + Json::parse(response.body).value("detail", "");
  }

  ApiBench bench;
};

TEST_F(PositionSourceRoutesTest, a_list_is_taken_whole_and_shown) {
  const Json first = taken(list_of({element("p1"), element("p2", "2")}));
  EXPECT_EQ(first["source"], "bot");
  EXPECT_EQ(first["state"], "ready");
  EXPECT_EQ(first["registered"], 2);
  EXPECT_EQ(first["listed"], 2);
  const Json again = taken(list_of({element("p1"), element("p2", "3")}));
  EXPECT_EQ(again["renewed"], 1);
  EXPECT_EQ(again["changed"], 1);
  const Json one = bench.json("/v1/positions/p1");
  EXPECT_EQ(one["owner"], "bot");
  ASSERT_EQ(one["sources"].size(), 1U);
  EXPECT_EQ(one["sources"][0]["source"], "bot");
  EXPECT_EQ(one["sources"][0]["absent_since"], nullptr);
  const Json all = bench.json("/v1/position-sources");
  ASSERT_EQ(all["sources"].size(), 1U);
  EXPECT_EQ(all["sources"][0], bench.json("/v1/position-sources/bot"));
  EXPECT_EQ(bench.get("/v1/position-sources/nobody").status, 404);
}

TEST_F(PositionSourceRoutesTest, I_44_an_empty_list_and_one_that_is_not_ready_destroy_nothing) {
  taken(list_of({element("p1")}));
  EXPECT_EQ(taken(R"({"ready":false})")["state"], "not_ready");
  EXPECT_EQ(taken(list_of({element("p2")}, "false"))["registered"], 0) << "it does not know";
  EXPECT_EQ(taken(list_of({}))["unlisted"], 1);
  bench.run_until(bench.clock.time + 60s);
  EXPECT_EQ(bench.json("/v1/positions")["positions"].size(), 1U);
  EXPECT_NE(bench.json("/v1/positions/p1")["sources"][0]["absent_since"], nullptr);
  EXPECT_EQ(bench.write("DELETE", "/v1/position-sources/bot").status, 204);
  EXPECT_EQ(bench.write("DELETE", "/v1/position-sources/bot").status, 404);
  EXPECT_EQ(bench.json("/v1/positions/p1")["sources"].size(), 0U);
}

TEST_F(PositionSourceRoutesTest, I_12_absent_is_neither_empty_nor_ready) {
  EXPECT_THAT(said("{}"), HasSubstr("400 list: does not say whether it is 'ready'"));
  EXPECT_THAT(said(R"({"ready":true})"), HasSubstr("has no 'positions'"));
  EXPECT_THAT(said(R"({"ready":true,"positions":null})"), HasSubstr("must be an array"));
  EXPECT_THAT(said(R"({"ready":"yes","positions":[]})"), HasSubstr("true or false"));
  EXPECT_EQ(bench.get("/v1/position-sources/bot").status, 404) << "nothing was heard";
}

TEST_F(PositionSourceRoutesTest, what_is_wrong_with_an_element_is_said_and_the_rest_is_taken) {
  const Json answer =
      taken(list_of({element("p1"), element("p2", R"("1,5")"), "7", "{}", element("p3"),
                     R"({"id":"p4","venue":"v","symbol":"S","side":"up"})", element("p5", "-1")}));
  EXPECT_EQ(answer["state"], "incomplete");
  EXPECT_EQ(answer["registered"], 2);
  EXPECT_EQ(answer["refused"], 5);
  std::vector<std::string> faults;
  for (const Json& fault : answer["faults"]) {
    faults.push_back(fault["element"].dump() + " " + fault["id"].get<std::string>() + " " +
                     fault["error"].get<std::string>());
  }
  EXPECT_THAT(faults,
              ElementsAre("1 p2 position: 'quantity' is no decimal number",
                          "2  position: is not a JSON object", "3  position: has no id",
                          "5 p4 position: 'side' must be long or short",
                          "6 p5 quantity: must be above 0 (the side says which way it goes)"));
}

TEST_F(PositionSourceRoutesTest, a_list_that_contradicts_itself_or_is_cut_is_no_list) {
  taken(list_of({element("p1")}));
  EXPECT_THAT(said(list_of({element("p1"), element("p2"), element("p1", "2")})),
              HasSubstr("400 list: elements 0 and 2 are both v/S/p1"));
  EXPECT_THAT(said(R"({"ready":false,"ready":true,"positions":[]})"),
              HasSubstr("'ready' stands twice in one object"));
  EXPECT_THAT(said(list_of({R"({"id":"p2","id":"p3"})"})), HasSubstr("'id' stands twice"));
  EXPECT_THAT(said(R"({"ready":true,"positions":[],"more":1})"), HasSubstr("unknown key 'more'"));
  const std::string whole = list_of({element("p1"), element("p2")});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(put(whole.substr(0, length)).status, 400) << length;
  }
  EXPECT_EQ(bench.json("/v1/position-sources/bot")["state"], "ready");
  EXPECT_EQ(bench.json("/v1/positions")["positions"].size(), 1U);
}

TEST_F(PositionSourceRoutesTest, names_have_limits_and_files_are_not_told_over_http) {
  EXPECT_THAT(said(list_of({}), std::string(101, 'x')), HasSubstr("422 source: has no name"));
  EXPECT_THAT(said(list_of({}), "file:positions.json"),
              HasSubstr("409 source: is read from a file"));
  EXPECT_EQ(bench.write("DELETE", "/v1/position-sources/file:x").status, 409);
  EXPECT_EQ(bench.write("POST", "/v1/position-sources/bot").status, 405);
  EXPECT_EQ(bench.write("PUT", "/v1/position-sources").status, 405);
  EXPECT_EQ(bench.ask({.method = "PUT", .target = "/v1/position-sources/bot"}).status, 401);
}

TEST_F(PositionSourceRoutesTest, a_page_goes_on_behind_the_last_key_whatever_it_is_made_of) {
  std::string body = R"({"ready":true,"positions":[)";
  int count = 0;
  for (const char* symbol : {"A/B", "A~1B", "AB", "S"}) {
    for (const char* id : {"x/y", "x~0", "z"}) {
      if (++count > 1) body += ',';
      body += R"({"venue":"v","side":"long","entry_price":1,"symbol":")" + std::string(symbol) +
              R"(","id":")" + id + R"(","quantity":)" + std::to_string(count) + "}";
    }
  }
  ASSERT_EQ(taken(body + "]}")["registered"], 12);
  for (const std::string filter : {"", "&venue=v", "&symbol=AB", "&venue=v&symbol=A/B"}) {
    const std::size_t expected = filter.contains("symbol") ? 3 : 12;
    std::string cursor;
    std::vector<std::string> seen;
    for (int page = 0; page < 20; ++page) {
      const Json answer = bench.json("/v1/positions?limit=2" + filter +
                                     (cursor.empty() ? "" : "&cursor=" + cursor));
      for (const Json& each : answer["positions"]) {
        seen.push_back(each["symbol"].get<std::string>() + " " + each["id"].get<std::string>());
      }
      if (answer["next_cursor"].is_null()) break;
      cursor = answer["next_cursor"].get<std::string>();
    }
    EXPECT_EQ(seen.size(), expected) << filter;
    EXPECT_TRUE(std::ranges::is_sorted(seen)) << filter;
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), expected) << filter;
  }
  EXPECT_EQ(bench.get("/v1/positions?cursor=x").status, 400);
  EXPECT_EQ(bench.get("/v1/positions?cursor=a/b/~7").status, 400);
  EXPECT_EQ(bench.json("/v1/positions?venue=w")["positions"].size(), 0U);
}

TEST_F(PositionSourceRoutesTest, an_answer_looks_at_no_more_than_it_says) {
  engine::PositionList list{.ready = true};
  for (std::size_t i = 0; i < 25'000; ++i) {
    list.elements.push_back({.number = i,
                             .position = {.id = std::to_string(i),
                                          .venue = "v",
                                          .symbol = "S",
                                          .entry_price = *Decimal::parse("1"),
                                          .quantity = *Decimal::parse(std::to_string(i + 1))}});
  }
  ASSERT_TRUE(bench.control.list_positions("bot", std::move(list)));
  bench.run_until(bench.clock.time + 1s);
  const Json first = bench.json("/v1/positions?state=protected");
  EXPECT_EQ(first["positions"].size(), 0U);
  EXPECT_FALSE(first["next_cursor"].is_null()) << "there may be some further on";
  std::string cursor;
  int pages = 0;
  for (Json answer = first; !answer["next_cursor"].is_null(); ++pages) {
    cursor = answer["next_cursor"].get<std::string>();
    answer = bench.json("/v1/positions?state=protected&cursor=" + cursor);
  }
  EXPECT_EQ(pages, 2);
}

}  // namespace
}  // namespace feedwatch::api
