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
  change.alert.metadata = R"({"age_seconds":1,"of":["}",{"a":"\\\""}]})";
  change.alert.started = t0 + 1500ms;
  return change;
}

TEST(NoticeRecord, says_all_and_reads_back) {
  const Notice notice = notice_of(sample(), anchor);
  const std::string record = notice_record(notice);
  EXPECT_EQ(record, R"({"key":"id-1/firing/critical","alert_id":"id-1","name":"price_staleness",)"
                    R"("identity":"price_staleness{kind=\"mark\",symbol=\"BTC\",venue=\"v\"}",)"
                    R"("fingerprint":")" +
                        fingerprint_text(sample().alert.identity) +
                        R"(","labels":{"kind":"mark","symbol":"BTC","venue":"v"},)"
                        R"("severity":"critical","news":"fired",)"
                        R"("message":"v/BTC/mark is \"stale\"",)"
                        R"("metadata":{"age_seconds":1,"of":["}",{"a":"\\\""}]},)"
                        R"("started_at":"2026-01-01T00:00:01.500Z","resolved_at":null})");
  EXPECT_EQ(read_notice(record), notice);
}

TEST(NoticeRecord, resolved_has_its_end) {
  Change change = sample();
  change.type = Change::Type::resolved;
  change.alert.state = State::resolved;
  change.alert.resolved = t0 + 61s + 1ns;
  const Notice notice = notice_of(change, anchor);
  EXPECT_TRUE(notice.resolved());
  EXPECT_EQ(read_notice(notice_record(notice)), notice);
}

TEST(NoticeRecord, hostile_text_reads_back) {
  Change change = sample();
  change.alert.message = std::string("\x01\t\"\\ \x7f \u202e \u2028 \xf0\x9f\x98\x80 \0", 21);
  change.alert.labels = {{"a\"b", "\\u0041"}, {"symbol", std::string("\0x", 2)}};
  change.alert.identity = identity_of(change.alert.name, change.alert.labels);
  const Notice notice = notice_of(change, anchor);
  EXPECT_EQ(read_notice(notice_record(notice)), notice);
}

TEST(NoticeRecord, anything_else_is_refused) {
  const std::string record = notice_record(notice_of(sample(), anchor));
  EXPECT_FALSE(read_notice(""));
  EXPECT_FALSE(read_notice("{}"));
  EXPECT_FALSE(read_notice(R"({"version":"4"})"));
  EXPECT_FALSE(read_notice(record + " "));
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(read_notice(std::string_view(record).substr(0, size))) << size;
  }
  std::string deep = record;
  deep.replace(deep.find("{\"age"), 1, std::string(100, '['));
  EXPECT_FALSE(read_notice(deep));
}

TEST(NoticeRecord, of_a_row_is_that_of_its_newest_change) {
  Change change = sample();
  AlertRow row;
  row.id = change.alert.id;
  row.name = change.alert.name;
  row.labels = change.alert.labels;
  row.severity = "critical";
  row.state = "firing";
  row.message = change.alert.message;
  row.metadata = change.alert.metadata;
  row.started_at = anchor.at(change.alert.started);
  Notice expected = notice_of(change, anchor);
  expected.news = "repeated";
  EXPECT_EQ(notice_of(row), expected);
}

TEST(Payload, key_tells_states_severities_and_repeats_apart) {
  Change change = sample();
  EXPECT_EQ(notification_key(change, anchor), "id-1/firing/critical");
  change.type = Change::Type::repeated;
  const std::string first = notification_key(change, anchor);
  EXPECT_TRUE(first.starts_with("id-1/firing/critical/repeat-")) << first;
  EXPECT_EQ(notification_key(change, anchor), first);
  change.at += 1h;
  EXPECT_NE(notification_key(change, anchor), first);
}

}  // namespace
}  // namespace feedwatch::alert
