#include "feedwatch/api/pulse_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace feedwatch::api {
namespace {

TEST(PulseView, whatever_it_is_called_json_reads_it_back) {
  PulseView view;
  view.name = "a\"b\n<script>\x1b[31m";
  view.detail = "\\u0000 \"";
  view.expected = "every 5m";
  const auto read = nlohmann::json::parse(pulse_json(view));
  EXPECT_EQ(read["detail"], view.detail);
  EXPECT_EQ(read["state"], "unknown");
  EXPECT_TRUE(read["heard_at"].is_null());
  EXPECT_TRUE(read["silence_seconds"].is_null());
}

TEST(PulseView, source_is_shown_as_it_fares) {
  PulseView view;
  view.name = "signals";
  EXPECT_TRUE(nlohmann::json::parse(pulse_json(view))["source"].is_null());
  view.source = PulseSource{.state = SourceState::disconnected,
                            .trouble = SourceTrouble::rejected,
                            .why = "the token was rejected",
                            .rejections = 3,
                            .messages = {{"signal", 9, 1}, {"stats", 0, 0}}};
  const std::string json = pulse_json(view);
  const auto read = nlohmann::json::parse(json)["source"];
  EXPECT_EQ(read["state"], "disconnected");
  EXPECT_EQ(read["trouble"], "rejected");
  EXPECT_EQ(read["rejections"], 3);
  EXPECT_EQ(read["messages"]["signal"]["unreadable"], 1);
  EXPECT_FALSE(read["messages"].contains("stats"));
  const auto table = pulse_table(R"({"pulses":[)" + json + "]}");
  ASSERT_TRUE(table);
  EXPECT_NE(table->find("source disconnected (the token was rejected)"), std::string::npos);
}

TEST(PulseView, body_is_read_as_it_is_written) {
  const auto body = parse_pulse_body(pulse_body(PulseMark::failed, "say \"why\""));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->mark, PulseMark::failed);
  EXPECT_EQ(body->detail, "say \"why\"");
  EXPECT_EQ(parse_pulse_body("")->mark, PulseMark::beat);
}

TEST(PulseView, table_is_for_people_and_obeys_no_escape) {
  const auto table = pulse_table(
      R"({"pulses":[{"name":"tr\u001b[31mend","state":"ok","heard_at":"2026-11-27T06:00:00Z",)"
      R"("expected":"every 5m","detail":""}]})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find('\x1b'), std::string::npos);
  EXPECT_NE(table->find("heard 2026-11-27T06:00:00Z, expected every 5m"), std::string::npos);
  EXPECT_NE(pulse_table(R"({"pulses":[]})")->find("no pulses"), std::string::npos);
  EXPECT_FALSE(pulse_table("<html>"));
}

}  // namespace
}  // namespace feedwatch::api
