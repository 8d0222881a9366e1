#include "feedwatch/store/batch_codec.hpp"

#include "feedwatch/store/labels_text.hpp"
#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {
namespace {

JournalBatch every_row() {
  return batch_of("key \xff\0 7",
                  {alert_row("a1"), alert_row("a2", "resolved"),
                   AlertTransitionRow{"a1", wall_from_ns(-5), "", "firing", "warning", "m"},
                   NotificationRow{"n1", "a1", "hook", "failed", "{}", 7, wall_from_ns(1),
                                   wall_from_ns(2), "HTTP 404"},
                   transition(1), transition(2),
                   RepairRow{"r1",
                             "v/S/last",
                             "resubscribe",
                             "v#1",
                             wall_from_ns(3),
                             wall_from_ns(4),
                             false,
                             "no data",
                             200,
                             {}},
                   RepairRow{"r3", "v/S/last", "other_line", "v#2", wall_from_ns(3),
                             wall_from_ns(4), true, "", 1, 4.5},
                   RepairRow{"r2", "v/market", "replace_line", "v#2", wall_from_ns(3), {}, {}, ""},
                   silence_row("s1"), PulseRow{"signals", "beat", wall_from_ns(5), "wave 7", 3},
                   aged_event_row("e1"), acknowledged(alert_row("a3")), position_row("p1"),
                   trailing_row("p1"), aged_row("p1"), decision_row("d1")});
}

TEST(BatchCodec, RoundTripKeepsEveryField) {
  const std::string bytes = encode_batch(every_row());
  const auto back = decode_batch(bytes);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->rows.size(), 17U);
  EXPECT_EQ(encode_batch(*back), bytes);
  EXPECT_EQ(encoded_size(*back), bytes.size());
  const auto& alert = std::get<AlertRow>(back->rows[1]);
  EXPECT_EQ(alert.labels, alert_row("a2").labels);
  EXPECT_EQ(alert.resolved_at, alert.updated_at);
  EXPECT_FALSE(std::get<StreamTransitionRow>(back->rows[4]).age_seconds);
  EXPECT_EQ(std::get<StreamTransitionRow>(back->rows[5]).age_seconds, 2.0);
  EXPECT_EQ(std::get<RepairRow>(back->rows[6]).ok, false);
  EXPECT_EQ(std::get<RepairRow>(back->rows[6]).topics, 200);
  EXPECT_EQ(std::get<RepairRow>(back->rows[7]).gap_seconds, 4.5);
  EXPECT_FALSE(std::get<RepairRow>(back->rows[8]).ok);
  EXPECT_EQ(std::get<SilenceRow>(back->rows[9]).ends_at, silence_row("s1").ends_at);
  EXPECT_EQ(std::get<PulseRow>(back->rows[10]).count, 3);
  EXPECT_EQ(std::get<AgedMonitoringEventRow>(back->rows[11]).market_price, "28145.10");
  EXPECT_EQ(std::get<AlertRow>(back->rows[12]).acked_by, "ann");
  EXPECT_EQ(std::get<PositionRow>(back->rows[13]).expires_at, position_row("p1").expires_at);
  EXPECT_EQ(std::get<TrailingStopRow>(back->rows[14]).stop, "27135.5025");
  EXPECT_TRUE(std::get<AgedPositionRow>(back->rows[15]).reached);
  EXPECT_EQ(std::get<PositionDecisionRow>(back->rows[16]).receive_age_seconds, 0.25);
}

/// What an earlier release spooled before it was replaced is not lost.
TEST(BatchCodec, BatchesOfTheFirstVersionAreStillRead) {
  const JournalBatch batch = batch_of(
      "k", {RepairRow{"r1", "s", "resubscribe", "l", wall_from_ns(3), {}, {}, "d", 7, {}}});
  std::string bytes = encode_batch(batch);
  // The newest field of the last row: eight bytes of topics and one that says there is no gap.
  bytes.resize(bytes.size() - 9);
  bytes[0] = 1;
  const auto back = decode_batch(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<RepairRow>(back->rows.at(0)).detail, "d");
  EXPECT_EQ(std::get<RepairRow>(back->rows.at(0)).topics, 0);
  bytes[0] = 4;
  EXPECT_FALSE(decode_batch(bytes)) << "of a later release";
}

TEST(BatchCodec, AlertsBeforeAcknowledgementsAreStillRead) {
  std::string bytes = encode_batch(batch_of("k", {alert_row("a1")}));
  // What an acknowledgement takes of a row without one: a mark and two empty texts.
  bytes.resize(bytes.size() - 17);
  bytes[0] = 2;
  const auto back = decode_batch(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<AlertRow>(back->rows.at(0)).identity, alert_row("a1").identity);
  EXPECT_FALSE(std::get<AlertRow>(back->rows.at(0)).acked_at);
}

TEST(BatchCodec, PositionsBeforeTheirListsAreStillRead) {
  std::string bytes = encode_batch(batch_of("k", {position_row("p1")}));
  bytes.resize(bytes.size() - 8 - position_row("p1").listed_by.size());
  bytes[0] = 4;
  const auto back = decode_batch(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<PositionRow>(back->rows.at(0)).aged, "off");
  EXPECT_EQ(std::get<PositionRow>(back->rows.at(0)).listed_by, "") << "no list ends it";
}

TEST(BatchCodec, EveryShorterOrLongerTextIsRefused) {
  const std::string bytes = encode_batch(every_row());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_batch(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_batch(bytes + "x"));
}

TEST(BatchCodec, HugeCountsInDamagedBytesAreSafe) {
  std::string bytes = encode_batch(every_row());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = '\xff';
    static_cast<void>(decode_batch(damaged));
  }
}

TEST(LabelsText, RoundTripsQuotesControlsAndUnicode) {
  const Labels labels{
      {"a", ""}, {"b", "\"\\/\n\t\r\b\f\x01"}, {"c", "日本 🚀"}, {"d", "\x7f\u009b\u202e"}};
  EXPECT_EQ(labels_from_json(labels_json(labels)), labels);
  EXPECT_TRUE(labels_from_json("{}").empty());
  EXPECT_TRUE(labels_from_json("").empty());
  EXPECT_TRUE(labels_from_json("{\"a").empty());
  EXPECT_TRUE(labels_from_json("{\"a\":\"\\u00").empty());
}

}  // namespace
}  // namespace feedwatch::store
