#include "feedwatch/store/open_alerts.hpp"

#include "feedwatch/store/alert_request.hpp"
#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {
namespace {

const AlertRequest stale{.type = "price_staleness",
                         .severity = "warning",
                         .message = "Critical stale: 0, Warnings: 1",
                         .metadata = R"({"stale_symbols":[]})",
                         .labels = {{"venue", "v"}}};

TEST(OpenAlerts, FirstRequestOpensWithItsTransition) {
  const OpenAlerts open;
  const JournalBatch batch = open.request(stale, wall_from_ns(5), "id1", "k");
  ASSERT_EQ(batch.rows.size(), 2U);
  const auto& row = std::get<AlertRow>(batch.rows[0]);
  EXPECT_EQ(row.id, "id1");
  EXPECT_EQ(row.identity, "price_staleness{venue=\"v\"}");
  EXPECT_EQ(row.state, "firing");
  EXPECT_EQ(row.started_at, wall_from_ns(5));
  const auto& step = std::get<AlertTransitionRow>(batch.rows[1]);
  EXPECT_EQ(step.from, "pending");
  EXPECT_EQ(step.to, "firing");
}

TEST(OpenAlerts, OpenOneIsRefreshedAndSeverityOnlyRises) {
  OpenAlerts open;
  open.note(open.request(stale, wall_from_ns(5), "id1", "k1"));
  AlertRequest again = stale;
  again.message = "newer";
  JournalBatch batch = open.request(again, wall_from_ns(6), "id2", "k2");
  ASSERT_EQ(batch.rows.size(), 1U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).id, "id1");
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).message, "newer");
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).started_at, wall_from_ns(5));

  again.severity = "critical";
  batch = open.request(again, wall_from_ns(7), "id3", "k3");
  ASSERT_EQ(batch.rows.size(), 2U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).severity, "critical");
  open.note(batch);

  batch = open.request(stale, wall_from_ns(8), "id4", "k4");
  ASSERT_EQ(batch.rows.size(), 1U);
  EXPECT_EQ(std::get<AlertRow>(batch.rows[0]).severity, "critical");
}

TEST(OpenAlerts, AWriterThatHasNotHeardOfARiseDoesNotTakeItBack) {
  OpenAlerts open;
  const JournalBatch first = open.request(stale, wall_from_ns(5), "id1", "k1");
  open.note(first);
  AlertRequest worse = stale;
  worse.severity = "critical";
  open.note(open.request(worse, wall_from_ns(6), "id2", "k2"));
  JournalBatch repeat{.idempotency_key = "k3", .rows = {first.rows[0]}};
  open.join(repeat);
  open.note(repeat);
  EXPECT_EQ(std::get<AlertRow>(repeat.rows[0]).severity, "critical");
  EXPECT_EQ(open.request(worse, wall_from_ns(7), "id4", "k4").rows.size(), 1U) << "risen once";
}

template <class Row>
std::vector<Row> rows(const JournalBatch& batch) {
  std::vector<Row> found;
  for (const JournalRow& each : batch.rows) {
    if (const auto* row = std::get_if<Row>(&each)) found.push_back(*row);
  }
  return found;
}

TEST(OpenAlerts, WhatIsNewsHasAnOutboxEntryForEachSink) {
  OpenAlerts open({.sinks = {"hook", "ops@home"}});
  JournalBatch batch = open.request(stale, wall_from_ns(5), "id1", "k1");
  const auto notes = rows<NotificationRow>(batch);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].id, "id1/firing/warning@hook");
  EXPECT_EQ(notes[1].id, "id1/firing/warning@ops@home");
  EXPECT_EQ(notes[0].alert_id, "id1");
  EXPECT_EQ(notes[0].state, "pending");
  EXPECT_NE(notes[0].payload.find("Critical stale: 0"), std::string::npos);
  EXPECT_NE(notes[0].payload.find("1970-01-01T00:00:00.000000005Z"), std::string::npos);
  open.note(batch);
  EXPECT_TRUE(rows<NotificationRow>(open.request(stale, wall_from_ns(6), "id2", "k2")).empty())
      << "a refresh is no news";
  AlertRequest worse = stale;
  worse.severity = "critical";
  batch = open.request(worse, wall_from_ns(7), "id3", "k3");
  EXPECT_EQ(rows<NotificationRow>(batch).at(0).id, "id1/firing/critical@hook");
  open.note(batch);
  batch = open.resolution("id1", wall_from_ns(8), "k4").value();
  EXPECT_EQ(rows<NotificationRow>(batch).at(1).id, "id1/resolved/critical@ops@home");
  EXPECT_EQ(rows<AlertRow>(batch).at(0).resolved_at, wall_from_ns(8));
  open.note(batch);
  EXPECT_FALSE(open.resolution("id1", wall_from_ns(9), "k5")) << "once";
}

/// What a control writes when the alert of `stale` fires, under an id of its own.
JournalBatch fired(const std::string& id, const std::string& severity = "warning") {
  AlertRow row{.id = id,
               .name = stale.type,
               .identity = "price_staleness{venue=\"v\"}",
               .severity = severity,
               .state = "firing",
               .message = "age 5s",
               .metadata = "{}",
               .labels = stale.labels,
               .started_at = wall_from_ns(7),
               .updated_at = wall_from_ns(8),
               .resolved_at = {}};
  return batch_of(
      "alert/" + id,
      {row, AlertTransitionRow{id, wall_from_ns(8), "pending", "firing", severity, "age 5s"},
       NotificationRow{
           id + "/firing@hook", id, "hook", "pending", "{}", 0, wall_from_ns(8), {}, ""}});
}

TEST(OpenAlerts, WhoFiresWhatIsOpenAlreadyJoinsItForAllItSaysOfIt) {
  OpenAlerts open;
  AlertRequest worst = stale;
  worst.severity = "critical";
  open.note(open.request(worst, wall_from_ns(5), "first", "k1"));
  JournalBatch batch = fired("second");
  open.join(batch);
  open.note(batch);
  const auto row = rows<AlertRow>(batch).at(0);
  EXPECT_EQ(row.id, "first");
  EXPECT_EQ(row.message, "age 5s");
  EXPECT_EQ(row.severity, "critical") << "severity only rises";
  EXPECT_EQ(row.started_at, wall_from_ns(5));
  EXPECT_TRUE(rows<AlertTransitionRow>(batch).empty()) << "one firing an episode";
  EXPECT_EQ(rows<NotificationRow>(batch).at(0).alert_id, "first");

  AlertRow end = std::get<AlertRow>(fired("second").rows[0]);
  end.state = "resolved";
  batch = batch_of(
      "k2", {end, AlertTransitionRow{"second", wall_from_ns(9), "firing", "resolved", "", ""}});
  open.join(batch);
  open.note(batch);
  EXPECT_EQ(rows<AlertRow>(batch).at(0).id, "first");
  EXPECT_EQ(rows<AlertTransitionRow>(batch).at(0).alert_id, "first");
  EXPECT_FALSE(open.resolution("first", wall_from_ns(9), "k3")) << "ended, no orphan is left";
  batch = batch_of("k4", {rows<NotificationRow>(fired("second")).at(0)});
  open.join(batch);
  EXPECT_EQ(rows<NotificationRow>(batch).at(0).alert_id, "first") << "delivered after the end";
}

TEST(OpenAlerts, OfAnAlertThatHasEndedNothingMoreIsTaken) {
  OpenAlerts open;
  open.note(fired("first"));
  open.note(open.resolution("first", wall_from_ns(9), "k1").value());
  JournalBatch late = fired("first", "critical");
  open.join(late);
  EXPECT_TRUE(rows<AlertRow>(late).empty()) << "its writer does not know yet that it has ended";
  EXPECT_TRUE(rows<AlertTransitionRow>(late).empty());
  EXPECT_EQ(rows<NotificationRow>(late).size(), 1U);
  JournalBatch next = fired("next");
  open.join(next);
  EXPECT_EQ(rows<AlertRow>(next).at(0).id, "next");
}

TEST(AlertRequest, WhatMakesNoAlertIsRefused) {
  EXPECT_FALSE(check_request(stale));
  const auto why = [](auto change) {
    AlertRequest request = stale;
    change(request);
    const std::optional<Error> error = check_request(request);
    return error ? error->text() : "";
  };
  EXPECT_EQ(why([](auto& r) { r.metadata = "[]"; }),
            "alert: has metadata that is no JSON object (use {} when there is none)");
  EXPECT_NE(why([](auto& r) { r.metadata = ""; }), "");
  EXPECT_NE(why([](auto& r) { r.metadata = R"({"a":1} 2)"; }), "");
  EXPECT_NE(why([](auto& r) { r.metadata = R"({"a":)"; }), "");
  EXPECT_NE(why([](auto& r) { r.metadata = std::string("{}\0", 3); }), "");
  EXPECT_NE(why([](auto& r) { r.metadata = "{\"a\":\"\xff\"}"; }), "");
  EXPECT_NE(why([](auto& r) { r.type = ""; }), "");
  EXPECT_NE(why([](auto& r) { r.severity = "bad"; }), "");
  EXPECT_NE(why([](auto& r) { r.labels = {{"b", ""}, {"a", ""}}; }), "");
  EXPECT_NE(why([](auto& r) { r.labels = {{"a", "1"}, {"a", "2"}}; }), "");
}

TEST(OpenAlerts, ResolvedOneMakesRoomForTheNext) {
  OpenAlerts open;
  JournalBatch batch = open.request(stale, wall_from_ns(5), "id1", "k1");
  open.note(batch);
  std::get<AlertRow>(batch.rows[0]).state = "resolved";
  AlertRow other = std::get<AlertRow>(batch.rows[0]);
  other.id = "another";
  open.note(batch_of("k", {other}));
  EXPECT_EQ(std::get<AlertRow>(open.request(stale, wall_from_ns(9), "id2", "k2").rows[0]).id, "id1")
      << "a resolved row of another id closes nothing";
  open.note(batch);
  EXPECT_EQ(std::get<AlertRow>(open.request(stale, wall_from_ns(9), "id2", "k2").rows[0]).id,
            "id2");
}

}  // namespace
}  // namespace feedwatch::store
