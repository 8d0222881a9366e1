#include "feedwatch/api/client_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

using engine::ControlBench;
using ::testing::HasSubstr;
using ::testing::Not;

class ClientView : public testing::Test {
 protected:
  ListPage list(const char* name) {
    const auto page = parse_list(name, bench.get("/v1/" + std::string(name)).body);
    EXPECT_TRUE(page);
    return *page;
  }
  StatusView status() {
    const auto view =
        parse_status(bench.get("/health").body, list("streams"), list("lines"), list("alerts"));
    EXPECT_TRUE(view);
    return *view;
  }
  std::string screen(bool colour = false) {
    return status_screen(status(), {.url = "http://127.0.0.1:8420", .colour = colour});
  }

  ApiBench bench;
};

TEST_F(ClientView, one_screen_worst_first) {
  bench.priced("GOOD", "1.50");
  const auto late = bench.priced("LATE");
  bench.clock.time += 301s;
  bench.put(bench.watch("NEVER"));
  bench.price(bench.priced("GOOD2"), "2");
  bench.put(ControlBench::at(late, Level::stale, Reason::silent, bench.clock.time));
  engine::LineStatus line{.line = LineId{1}, .name = "v/market#1", .venue = "v"};
  line.state = engine::LineState::live;
  bench.put(line);
  const std::string text = screen();
  EXPECT_THAT(text, testing::StartsWith("feedwatch 1.2.3 at http://127.0.0.1:8420: critical\n"));
  EXPECT_THAT(text, HasSubstr("WebSocket Streams  critical"));
  EXPECT_THAT(text, HasSubstr("Streams 4: 1 healthy 0 degraded 2 stale 1 unknown"));
  EXPECT_LT(text.find("v/LATE/mark"), text.find("v/NEVER/mark"));
  EXPECT_LT(text.find("v/NEVER/mark"), text.find("v/GOOD2/mark"));
  EXPECT_THAT(text, HasSubstr("Lines 1:\n  v/market#1  live"));
  EXPECT_THAT(text, HasSubstr("Open alerts 1:\n  critical  price_staleness"));
  EXPECT_THAT(text, HasSubstr("since 2026-01-01T00:05:01Z  v/LATE/mark is stale"));
  EXPECT_THAT(text, HasSubstr("never"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colours unless asked for";
}

TEST_F(ClientView, a_retired_stream_is_noted) {
  engine::StreamStatus gone = bench.priced("GONE", "1");
  gone.retired = true;
  bench.put(gone);
  EXPECT_THAT(screen(), HasSubstr("retired"));
}

TEST_F(ClientView, twenty_streams_and_how_many_more) {
  for (int i = 0; i < 23; ++i) bench.priced("S" + std::to_string(i));
  const std::string text = screen();
  EXPECT_THAT(text, HasSubstr("Streams 23: 23 healthy"));
  EXPECT_THAT(text, HasSubstr("  and 3 more\n"));
}

TEST_F(ClientView, colours_follow_the_word) {
  bench.priced("BTC");
  const std::string text = screen(true);
  EXPECT_THAT(text, HasSubstr("8420: \x1b[32mhealthy\x1b[0m"));
  bench.clock.time += 301s;
  EXPECT_THAT(screen(true), HasSubstr("\x1b[31mstale\x1b[0m"));
}

TEST_F(ClientView, a_hostile_symbol_or_word_commands_no_terminal) {
  bench.priced("A\x1b[2J\u009b31m\r\nB");
  auto bad = bench.watch("C");
  bad.detail = "\x1b]0;owned\x07";
  bench.put(bad);
  for (const std::string& text : {screen(), *status_json(bench.get("/health").body, list("streams"),
                                                         list("lines"), list("alerts"))}) {
    for (const char* bytes : {"\x1b", "\x07", "\r", "\u009b"}) {
      EXPECT_THAT(text, Not(HasSubstr(bytes)));
    }
  }
  EXPECT_THAT(screen(), HasSubstr("v/A\uFFFD[2J\uFFFD31m\uFFFD\uFFFDB/mark"));
}

TEST_F(ClientView, the_json_has_the_parts_as_served) {
  bench.priced("BTC");
  const Json all = Json::parse(
      *status_json(bench.get("/health").body, list("streams"), list("lines"), list("alerts")));
  EXPECT_EQ(all["health"]["status"], bench.json("/health")["status"]);
  EXPECT_EQ(all["streams"], bench.json("/v1/streams")["streams"]);
  EXPECT_EQ(all["lines"], Json::array());
  EXPECT_EQ(all["alerts"], bench.json("/v1/alerts")["alerts"]);
}

TEST_F(ClientView, price_line_and_refusal) {
  bench.priced("BTC", "64010.50");
  bench.clock.time += 400ms;
  EXPECT_EQ(price_line(bench.get("/v1/prices/v/BTC/mark?max_age=5s").body),
            "v/BTC/mark 64010.50 receive age 0.40 s, event age unknown, healthy");
  const ProblemView refusal = parse_problem(bench.get("/v1/prices/v/BTC/mark?max_age=1ms").body);
  EXPECT_EQ(refusal.refusal, "too_old");
  EXPECT_EQ(refusal.reason, "ok");
  EXPECT_DOUBLE_EQ(refusal.age_seconds.value(), 0.4);
}

TEST_F(ClientView, a_stream_without_data_has_no_age) {
  bench.put(bench.watch("BTC"));
  const auto row = parse_stream(bench.get("/v1/streams/v/BTC/mark").body);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->age_seconds, std::nullopt);
  EXPECT_EQ(row->level, "unknown");
}

TEST_F(ClientView, pages_name_the_next) {
  bench.priced("A");
  bench.priced("B");
  const auto page = parse_list("streams", bench.get("/v1/streams?limit=1").body);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->next_cursor, "v/A/mark");
}

TEST(ClientViewForeign, another_servers_answers_are_errors_not_screens) {
  for (const char* body : {"", "<html>", "[]", "{}", "null", "{\"streams\":7}", "\xff"}) {
    EXPECT_FALSE(parse_list("streams", body)) << body;
    EXPECT_FALSE(parse_status(body, {}, {}, {})) << body;
    EXPECT_FALSE(parse_stream(body)) << body;
    EXPECT_FALSE(price_line(body)) << body;
    EXPECT_EQ(parse_problem(body).title, "") << body;
  }
  EXPECT_FALSE(status_json("[]", {}, {}, {}));
  EXPECT_FALSE(parse_status(R"({"state":"healthy"})", {.items = {"7"}}, {}, {}));
  EXPECT_THAT(parse_stream("").error().text(), HasSubstr("--api"));
}

TEST(AgeText, is_short) {
  EXPECT_EQ(age_text({}), "never");
  EXPECT_EQ(age_text(0.004), "0.00 s");
  EXPECT_EQ(age_text(9.5), "9.50 s");
  EXPECT_EQ(age_text(119.4), "119 s");
  EXPECT_EQ(age_text(300), "5 min");
  EXPECT_EQ(age_text(20'000), "5.6 h");
}

}  // namespace
}  // namespace feedwatch::api
