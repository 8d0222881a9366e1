#include "feedwatch/api/render.hpp"

#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"

namespace feedwatch::api {
namespace {

engine::StreamView view_of(std::string_view key) {
  auto info = std::make_shared<engine::StreamInfo>();
  info->key = *StreamKey::parse(key);
  info->text = info->key.text();
  info->policy.degraded_after = 180s;
  info->policy.stale_after = 300s;
  info->policy.suspect_after = 3500ms;
  info->cadence = clocked(1s);
  info->channel = "markPrice@1s";
  engine::StreamView view;
  view.info = std::move(info);
  return view;
}

TEST(Render, never_received_is_null_not_zero) {
  const Json json = Json::parse(stream_json(view_of("v/BTC/mark")));
  for (const char* name :
       {"age_seconds", "receive_age_seconds", "confirmed_age_seconds", "event_age_seconds",
        "last_update", "last_change", "price", "level_since", "suspect_since"}) {
    ASSERT_TRUE(json.contains(name)) << name;
    EXPECT_TRUE(json[name].is_null()) << name;
  }
  EXPECT_EQ(json["level"], "unknown");
  EXPECT_EQ(json["stream"], "v/BTC/mark");
  EXPECT_FALSE(json.contains("bid"));
}

TEST(Render, a_retired_stream_says_so) {
  engine::StreamView view = view_of("v/BTC/mark");
  EXPECT_EQ(Json::parse(stream_json(view))["retired"], false);
  view.retired = true;
  EXPECT_EQ(Json::parse(stream_json(view))["retired"], true);
}

TEST(Render, a_stream_with_everything) {
  engine::StreamView view = view_of("binance-usdm/BTCUSDT/mark");
  view.level = Level::degraded;
  view.reason = Reason::silent;
  view.fault = true;
  view.ages = {.receive = 200s, .confirmed = 190s, .event = 200'500ms, .level = 190s};
  view.last_update = wall_from_ms(1'767'225'600'123);
  view.prices = Prices{.price = *Decimal::parse("64010.50"), .ask = {}};
  view.ticks = 12;
  view.epoch = 3;
  view.line = "binance-usdm/market#1";
  const Json json = Json::parse(stream_json(view));
  EXPECT_EQ(json["level"], "degraded");
  EXPECT_EQ(json["reason"], "silent");
  EXPECT_EQ(json["fault"], true);
  EXPECT_EQ(json["age_seconds"], 190.0);
  EXPECT_EQ(json["receive_age_seconds"], 200.0);
  EXPECT_EQ(json["event_age_seconds"], 200.5);
  EXPECT_EQ(json["last_update"], "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(json["price"], "64010.50") << "a string, with its trailing zero";
  EXPECT_EQ(json["ticks"], 12);
  EXPECT_EQ(json["epoch"], 3);
  EXPECT_EQ(json["thresholds"]["degraded_after_seconds"], 180.0);
  EXPECT_EQ(json["thresholds"]["stale_after_seconds"], 300.0);
  EXPECT_EQ(json["thresholds"]["suspect_after_seconds"], 3.5);
  EXPECT_EQ(json["cadence"], "clocked");
  EXPECT_EQ(json["channel"], "markPrice@1s");
}

TEST(Render, quotes_have_two_prices_and_no_third) {
  engine::StreamView view = view_of("v/BTC/USD/quote");
  EXPECT_TRUE(Json::parse(stream_json(view))["bid"].is_null());
  view.prices = Prices{.price = *Decimal::parse("1.0"), .ask = *Decimal::parse("1.10")};
  const Json json = Json::parse(stream_json(view));
  EXPECT_EQ(json["bid"], "1.0");
  EXPECT_EQ(json["ask"], "1.10");
  EXPECT_TRUE(json["price"].is_null());
  EXPECT_EQ(json["symbol"], "BTC/USD");
}

TEST(Render, hostile_words_stay_inside_their_strings) {
  engine::StreamView view = view_of("v/\"},{\"level\":\"healthy/mark");
  view.detail = "\x1b]0;owned\x07 \xff </script>";
  const Json json = Json::parse(stream_json(view));
  EXPECT_EQ(json["symbol"], "\"},{\"level\":\"healthy");
  EXPECT_EQ(json["level"], "unknown");
  EXPECT_EQ(json["detail"], "\x1b]0;owned\x07 \uFFFD </script>");
}

health::Component component(health::Status status) {
  return {.name = "WebSocket Streams", .type = "websocket", .status = status};
}

TEST(Render, only_healthy_passes_and_only_pass_and_warn_are_200) {
  using health::Status;
  const auto word = [](Status status) {
    const engine::HealthView view{.status = status, .components = {component(status)}};
    const Json json = Json::parse(health_json(view, "1.2.3"));
    EXPECT_EQ(json["checks"]["WebSocket Streams"][0]["status"], json["status"]);
    EXPECT_EQ(json["state"], to_text(status));
    EXPECT_EQ(json["releaseId"], "1.2.3");
    EXPECT_EQ(health_status_code(view), json["status"] == "fail" ? 503 : 200);
    return json["status"].get<std::string>();
  };
  EXPECT_EQ(word(Status::healthy), "pass");
  EXPECT_EQ(word(Status::degraded), "warn");
  EXPECT_EQ(word(Status::unknown), "warn") << "no evidence is no proof of health";
  EXPECT_EQ(word(Status::unhealthy), "fail");
  EXPECT_EQ(word(Status::critical), "fail");
}

TEST(Render, components_say_what_is_wrong_and_carry_their_metadata) {
  health::Component bad = component(health::Status::critical);
  bad.error_message = "2 streams stale: a, b";
  bad.last_check = wall_from_ms(1'767'225'600'000);
  bad.response_time_ms = 0.25;
  bad.error_count = 2;
  bad.metadata = {{"stale", "2"}, {"worst", R"(["a","b"])"}};
  health::Component good{.name = "Database", .type = "database"};
  good.status = health::Status::healthy;
  good.required = false;
  const Json json = Json::parse(
      health_json({.status = health::Status::critical, .components = {bad, good}}, "1"));
  EXPECT_EQ(json["output"], "WebSocket Streams: 2 streams stale: a, b");
  const Json& first = json["checks"]["WebSocket Streams"][0];
  EXPECT_EQ(first["output"], "2 streams stale: a, b");
  EXPECT_EQ(first["time"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(first["error_count"], 2);
  EXPECT_EQ(first["metadata"]["stale"], 2);
  EXPECT_EQ(first["metadata"]["worst"][1], "b");
  const Json& second = json["checks"]["Database"][0];
  EXPECT_FALSE(second.contains("output")) << "omitted on pass";
  EXPECT_EQ(second["required"], false);
}

TEST(Render, line_alert_and_price) {
  engine::LineView line;
  line.status.name = "v/market#1";
  line.status.state = engine::LineState::backing_off;
  line.status.reason = Reason::disconnected;
  Json json = Json::parse(line_json(line));
  EXPECT_EQ(json["state"], "backing_off");
  EXPECT_EQ(json["reason"], "disconnected");
  EXPECT_TRUE(json["last_frame_age_seconds"].is_null());
  EXPECT_TRUE(json["ping_round_trip_seconds"].is_null());

  engine::AlertView alert{.row = {.id = "7", .name = "price_staleness"}, .open = true};
  alert.row.labels = {{"symbol", "BTC"}, {"venue", "v"}};
  json = Json::parse(alert_json(alert));
  EXPECT_EQ(json["labels"]["symbol"], "BTC");
  EXPECT_EQ(json["metadata"], Json::object());
  EXPECT_TRUE(json["resolved_at"].is_null());
  EXPECT_EQ(json["open"], true);

  Price price;
  price.prices.price = *Decimal::parse("1.50");
  price.receive_age = 400ms;
  json = Json::parse(price_json(*StreamKey::parse("v/BTC/mark"), price));
  EXPECT_EQ(json["price"], "1.50");
  EXPECT_EQ(json["receive_age_seconds"], 0.4);
  EXPECT_TRUE(json["event_age_seconds"].is_null());
  EXPECT_TRUE(json["ts_event"].is_null());
}

}  // namespace
}  // namespace feedwatch::api
