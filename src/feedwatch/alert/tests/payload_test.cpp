#include "feedwatch/alert/payload.hpp"

#include <gtest/gtest.h>

#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

Change sample() {
  Change change;
  change.type = Change::Type::fired;
  change.alert.id = "id-1";
  change.alert.name = "price_staleness";
  change.alert.labels = stream_labels("BTC");
  change.alert.identity = identity_of("price_staleness", change.alert.labels);
  change.alert.severity = Severity::critical;
  change.alert.state = State::firing;
  change.alert.message = "v/BTC/mark is \"stale\"";
  change.alert.metadata = R"({"age_seconds":1})";
  change.alert.started = t0 + 1500ms;
  return change;
}

TEST(Payload, is_a_version_4_webhook) {
  const auto change = sample();
  const std::string labels =
      R"({"alertname":"price_staleness","instance":"mon","kind":"mark","severity":"critical","symbol":"BTC","venue":"v"})";
  const std::string annotations =
      R"({"metadata":"{\"age_seconds\":1}","summary":"v/BTC/mark is \"stale\""})";
  EXPECT_EQ(
      webhook_payload(change, {"ops", "mon", "http://127.0.0.1:8420"}, anchor),
      R"({"version":"4","groupKey":"{}:{venue=\"v\"}","truncatedAlerts":0,"status":"firing",)"
      R"("receiver":"ops","notification_reason":"first notification","groupLabels":{"venue":"v"},)"
      R"("commonLabels":)" +
          labels + R"(,"commonAnnotations":)" + annotations +
          R"(,"externalURL":"http://127.0.0.1:8420","alerts":[{"status":"firing","labels":)" +
          labels + R"(,"annotations":)" + annotations +
          R"(,"startsAt":"2026-01-01T00:00:01.500Z","endsAt":"0001-01-01T00:00:00Z",)"
          R"("generatorURL":"","fingerprint":")" +
          fingerprint_text(change.alert.identity) + R"("}]})");
}

TEST(Payload, resolved_has_its_end) {
  Change change = sample();
  change.type = Change::Type::resolved;
  change.alert.state = State::resolved;
  change.alert.resolved = t0 + 61s;
  const auto payload = webhook_payload(change, {"ops", "mon", ""}, anchor);
  EXPECT_NE(payload.find(R"("endsAt":"2026-01-01T00:01:01)"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("status":"resolved","receiver")"), std::string::npos);
  EXPECT_EQ(summary_of(change.alert), "[RESOLVED] v/BTC/mark is \"stale\"");
}

TEST(Payload, rising_severity_keeps_the_fingerprint) {
  Change change = sample();
  const auto critical = webhook_payload(change, {"ops", "mon", ""}, anchor);
  change.alert.severity = Severity::warning;
  const auto warning = webhook_payload(change, {"ops", "mon", ""}, anchor);
  const auto fingerprint_in = [](const std::string& text) {
    return text.substr(text.find("\"fingerprint\""));
  };
  EXPECT_NE(critical, warning);
  EXPECT_EQ(fingerprint_in(critical), fingerprint_in(warning));
}

TEST(Payload, alert_without_venue_is_grouped_by_its_name) {
  Change change = sample();
  change.alert.name = "store_down";
  change.alert.labels = {};
  const auto payload = webhook_payload(change, {"ops", "", ""}, anchor);
  EXPECT_NE(payload.find(R"("groupLabels":{"alertname":"store_down"})"), std::string::npos);
  EXPECT_EQ(payload.find("instance"), std::string::npos);
}

TEST(Payload, key_tells_states_severities_and_repeats_apart) {
  Change change = sample();
  EXPECT_EQ(notification_key(change), "id-1/firing/critical");
  change.type = Change::Type::repeated;
  change.alert.repeats = 2;
  EXPECT_EQ(notification_key(change), "id-1/firing/critical/repeat-2");
}

}  // namespace
}  // namespace feedwatch::alert
